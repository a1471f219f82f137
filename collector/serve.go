package collector

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/exporter-toolkit/web"
)

const (
	// readHeaderTimeout bounds what a client that sends nothing costs.
	readHeaderTimeout = 10 * time.Second
	// drainTimeout is what scrapes in flight get after SIGTERM; Kubernetes kills after 30 s.
	drainTimeout = 25 * time.Second
)

// Server is the exporter's own web server.
type Server struct {
	server *http.Server
	flags  *web.FlagConfig
	logger *slog.Logger
}

// NewServer returns a server that listens where the flags say. It logs to the logger that NewLogger
// returned.
func NewServer(h http.Handler, flags *web.FlagConfig, base log.Logger) *Server {
	logger := slogOver(base)
	return &Server{flags: flags, logger: logger, server: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}}
}

// Run serves until Stop is called.
func (s *Server) Run() error { return web.ListenAndServe(s.server, s.flags, s.logger) }

// Stop lets the scrapes in flight end.
func (s *Server) Stop(error) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		s.logger.Warn("scrapes were cut off", "err", err)
	}
}
