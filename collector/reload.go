package collector

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/go-kit/log/level"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Reloader loads the configuration file, at the start and whenever it is told to. Everything that
// tells it goes through Reload.
type Reloader struct {
	file    docspace.File
	portals *Portals

	mu sync.Mutex // one file at a time, so that the last one read is the one in use
}

// NewReloader returns a Reloader of a file, or, if that has no path, one that has nothing to load.
func NewReloader(file docspace.File, portals *Portals) *Reloader {
	return &Reloader{file: file, portals: portals}
}

var errNoFile = errors.New("there is nothing to reload: the exporter was started without --config.file")

// Reload reads the file and puts it to use. On an error the old configuration stays.
func (r *Reloader) Reload() error {
	if r.file.Path == "" {
		return errNoFile
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	file, err := r.file.Load()
	if err == nil {
		err = r.portals.Apply(file)
	}
	if err != nil {
		r.portals.exporter.NotLoaded()
	}
	return err
}

// Watch reloads at each signal until ctx is done.
func (r *Reloader) Watch(ctx context.Context, signals <-chan os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-signals:
		}
		if ctx.Err() == nil {
			_ = r.reloadAndLog() // the sender of the signal reads the log
		}
	}
}

// ServeHTTP reloads and answers with the reason why that failed.
func (r *Reloader) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	err := r.reloadAndLog()
	switch {
	case errors.Is(err, errNoFile):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, "the configuration was not loaded, the old one stays:\n"+err.Error(), http.StatusInternalServerError)
	default:
		_, _ = io.WriteString(w, "the configuration is loaded\n") // the client has gone
	}
}

func (r *Reloader) reloadAndLog() error {
	err := r.Reload()
	if err != nil {
		level.Error(r.portals.logger).Log("msg", "the configuration was not loaded, the old one stays", "err", err)
	}
	return err
}
