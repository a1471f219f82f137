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
	// readTimeout bounds how long a request may take to arrive, its body included.
	readTimeout = 10 * time.Second
	// writeTimeout bounds how long a response may take from the end of the request's header, unless
	// its handler calls allowFor.
	writeTimeout = 30 * time.Second
	// writeGrace is the time that a response gets after its content is ready.
	writeGrace = 10 * time.Second
	// idleTimeout keeps the connections of scrapes that are up to two minutes apart.
	idleTimeout = 150 * time.Second
	// drainTimeout is the time that requests get after a SIGTERM. It is less than shutdownTimeout.
	drainTimeout = 20 * time.Second
)

// Server is the exporter's own web server. It closes connections that are idle, and those of clients
// that send no request or do not read the response.
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
		Handler:      h,
		ReadTimeout:  readTimeout,
		WriteTimeout: writeTimeout,
		IdleTimeout:  idleTimeout,
		// The timeouts above end a stream of HTTP/2; this one ends a connection on which nothing can be written.
		HTTP2:    &http.HTTP2Config{WriteByteTimeout: writeTimeout},
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}}
}

// Run serves until Stop is called.
func (s *Server) Run() error { return web.ListenAndServe(s.server, s.flags, s.logger) }

// Stop waits until the requests in flight have ended, and closes the connections of those that take
// longer than drainTimeout.
func (s *Server) Stop(error) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		s.logger.Warn("closing connections with requests in flight", "timeout", drainTimeout, "err", err)
		_ = s.server.Close() // there is no one left to serve
	}
}

// allowFor sets the deadline of a response whose content is ready within d.
func allowFor(w http.ResponseWriter, d time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + writeGrace)) // without support there is no deadline to extend
}

// endWith sets the deadline of a response to that of ctx.
func endWith(ctx context.Context, w http.ResponseWriter) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = http.NewResponseController(w).SetWriteDeadline(deadline) // as in allowFor
	}
}
