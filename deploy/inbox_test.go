package deploy_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// told is an alert of which a receiver was told.
type told struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	receiver    string
	group       string // the names of the labels that all alerts of the message share; unknown of a mail
}

func (a told) String() string {
	return fmt.Sprintf("%s: %s %v by %q\n", a.receiver, a.Status, a.Labels, a.group)
}

// inbox is what all receivers of an Alertmanager were told.
type inbox struct {
	mu      sync.Mutex
	alerts  []told
	arrived chan struct{} // closed when there is more
}

func newInbox() *inbox { return &inbox{arrived: make(chan struct{})} }

func (b *inbox) add(alerts []told) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alerts = append(b.alerts, alerts...)
	close(b.arrived)
	b.arrived = make(chan struct{})
}

// all returns what arrived, and what is closed when there is more.
func (b *inbox) all() ([]told, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.alerts), b.arrived
}

// wait waits until a receiver is told of an alert with just these labels.
func (b *inbox) wait(t *testing.T, receiver, status string, labels map[string]string) told {
	t.Helper()
	deadline := time.After(4 * patience)
	for {
		alerts, more := b.all()
		for _, a := range alerts {
			if a.receiver == receiver && a.Status == status && maps.Equal(a.Labels, labels) {
				return a
			}
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("%s was never told that %v is %s, but:\n%s", receiver, labels, status, alerts)
		}
	}
}

// ServeHTTP takes what the Alertmanager posts for the receiver that the path names.
func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct {
		GroupLabels map[string]string `json:"groupLabels"`
		Alerts      []told            `json:"alerts"`
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for i := range message.Alerts {
		message.Alerts[i].receiver = strings.TrimPrefix(r.URL.Path, "/")
		message.Alerts[i].group = strings.Join(slices.Sorted(maps.Keys(message.GroupLabels)), " ")
	}
	b.add(message.Alerts)
}

// serveMail takes mails until the listener is closed, one connection after the other.
func (b *inbox) serveMail(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return nil //nolint:nilerr // it was closed
		}
		if err := b.takeMails(textproto.NewConn(conn)); err != nil {
			return err
		}
	}
}

// takeMails speaks as much of SMTP as it takes to be sent mails.
func (b *inbox) takeMails(conn *textproto.Conn) error {
	defer func() { _ = conn.Close() }()
	for answer := "220 ready"; ; {
		if err := conn.PrintfLine("%s", answer); err != nil {
			return err
		}
		command, err := conn.ReadLine()
		if err != nil {
			return err
		}
		switch command {
		case "QUIT":
			return conn.PrintfLine("221 bye")
		case "DATA":
			if err := conn.PrintfLine("354 go on"); err != nil {
				return err
			}
			alerts, err := alertsInMail(conn.DotReader())
			if err != nil {
				return err
			}
			b.add(alerts)
		}
		answer = "250 ok"
	}
}

// inMail is a label or an annotation as mails show it.
var inMail = regexp.MustCompile(`(\w+) = (.*?)<br`)

// alertsInMail reads the HTML of a mail that tells of alerts.
func alertsInMail(r io.Reader) ([]told, error) {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return nil, err
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	part, err := multipart.NewReader(message.Body, parameters["boundary"]).NextPart()
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(part)
	if err != nil {
		return nil, err
	}
	status := "firing"
	if strings.Contains(message.Header.Get("Subject"), "RESOLVED") {
		status = "resolved"
	}
	var alerts []told
	for _, alert := range strings.Split(string(text), ">Labels</strong>")[1:] {
		labels, annotations, _ := strings.Cut(alert, ">Annotations</strong>")
		alerts = append(alerts, told{Status: status, Labels: pairs(labels), Annotations: pairs(annotations), receiver: "mail"})
	}
	return alerts, nil
}

func pairs(text string) map[string]string {
	named := map[string]string{}
	for _, found := range inMail.FindAllStringSubmatch(text, -1) {
		named[found[1]] = html.UnescapeString(found[2])
	}
	return named
}
