package simulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// DemoServer serves a demo to this machine alone.
type DemoServer struct {
	listener net.Listener
	server   *http.Server
}

// ListenDemo begins a demo on a free port. The context bounds only this call.
func ListenDemo(ctx context.Context) (*DemoServer, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("simulated portal: %w", err)
	}
	return &DemoServer{listener: listener, server: &http.Server{Handler: NewDemo(DemoOptions{}), ReadHeaderTimeout: 10 * time.Second}}, nil
}

// URL is where the portal is.
func (s *DemoServer) URL() string { return "http://" + s.listener.Addr().String() }

// Run serves until Stop is called.
func (s *DemoServer) Run() error { return s.server.Serve(s.listener) }

// Stop ends all requests: nothing of them is worth keeping.
func (s *DemoServer) Stop(error) { _ = s.server.Close() }
