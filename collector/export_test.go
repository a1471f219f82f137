package collector

import "net"

// Serve serves on a listener as Run does on the addresses of the flags.
func (s *Server) Serve(l net.Listener) error { return s.server.Serve(l) }

// ServeTLS serves on a listener as Run does with a certificate in the web configuration.
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	return s.server.ServeTLS(l, certFile, keyFile)
}

// Redact is redact.
func Redact(text string) string { return redact(text) }
