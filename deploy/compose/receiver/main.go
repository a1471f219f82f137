// Command receiver shows on a page, and in its log, what Alertmanager posts to it. It keeps nothing beyond its end.
package main

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

//go:embed page.html
var pages embed.FS

const (
	// maxAlerts bounds what is kept and shown; the oldest go first.
	maxAlerts = 500
	// maxMessage is the greatest size of a message in bytes.
	maxMessage        = 10 << 20
	readHeaderTimeout = 10 * time.Second
	drainTimeout      = 5 * time.Second
)

// alert is an alert as Alertmanager sends it.
type alert struct {
	Receiver    string            `json:"-"`
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
}

// message is what Alertmanager posts to a webhook.
type message struct {
	Receiver string  `json:"receiver"`
	Alerts   []alert `json:"alerts"`
}

// inbox holds the newest state of each alert, newest first.
type inbox struct {
	logger *slog.Logger
	page   *template.Template

	mu     sync.Mutex
	alerts []alert
}

func main() {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := serve(logger, cmp.Or(os.Getenv("RECEIVER_ADDRESS"), ":5001")); err != nil {
		logger.Error("stopped", "err", err)
		os.Exit(1)
	}
}

func serve(logger *slog.Logger, address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	page, err := template.ParseFS(pages, "page.html")
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	box := &inbox{logger: logger, page: page}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", box.show)
	mux.HandleFunc("POST /", box.receive)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: readHeaderTimeout}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		ended <- server.Shutdown(drain)
	}()
	logger.Info("Listening on", "address", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

func (b *inbox) receive(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&m); err != nil {
		http.Error(w, "not a message of Alertmanager: "+err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range m.Alerts {
		a.Receiver = m.Receiver
		b.logger.Info("alert", "status", a.Status, "receiver", a.Receiver, "alertname", a.Labels["alertname"],
			"severity", a.Labels["severity"], "instance", a.Labels["instance"], "description", a.Annotations["description"])
		b.alerts = slices.DeleteFunc(b.alerts, func(known alert) bool {
			return known.Fingerprint == a.Fingerprint && known.Receiver == a.Receiver
		})
		b.alerts = slices.Insert(b.alerts, 0, a)
	}
	b.alerts = b.alerts[:min(len(b.alerts), maxAlerts)]
}

func (b *inbox) show(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	alerts := slices.Clone(b.alerts)
	b.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := b.page.Execute(w, alerts); err != nil {
		b.logger.Warn("page was cut off", "err", err)
	}
}
