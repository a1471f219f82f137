package docspace

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// quietServer is a server that does not log handshakes that fail.
func quietServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

// failure is the error of a request that must fail, without its URL.
func failure(t *testing.T, client *http.Client, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
		t.Fatalf("got %s, want an error", resp.Status)
	}
	return withoutURL(err)
}

func TestHandshakesThatFailAreTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		server, client func(*tls.Config)
	}{
		{"certificate of nobody we know", func(*tls.Config) {}, func(c *tls.Config) { c.RootCAs = nil }},
		{"certificate of another host", func(*tls.Config) {}, func(c *tls.Config) { c.ServerName = "portal.test" }},
		{"no common version", func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }},
		{"client certificate demanded", func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }, func(*tls.Config) {}},
		{"client certificate demanded by TLS 1.2", func(c *tls.Config) {
			c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
		}, func(*tls.Config) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := quietServer(t)
			s.TLS = &tls.Config{}
			tt.server(s.TLS)
			s.StartTLS()
			client := s.Client()
			transport, ok := client.Transport.(*http.Transport)
			if !ok {
				t.Fatalf("the transport is a %T", client.Transport)
			}
			tt.client(transport.TLSClientConfig)
			if err := failure(t, client, s.URL); classify(err) != ReasonTLS {
				t.Errorf("%v is %s, want %s", err, classify(err), ReasonTLS)
			}
		})
	}
}

func TestServerWithoutTLSBehindAnHTTPSAddressIsTLS(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	s.Start()
	if err := failure(t, s.Client(), "https://"+s.Listener.Addr().String()); classify(err) != ReasonTLS {
		t.Errorf("%v is %s, want %s", err, classify(err), ReasonTLS)
	}
}

func TestServerThatSpeaksNoHTTPBehindAnHTTPSAddressIsTLS(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n") // the client's complaint is what counts
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	if err := failure(t, &http.Client{}, "https://"+l.Addr().String()); classify(err) != ReasonTLS {
		t.Errorf("%v is %s, want %s", err, classify(err), ReasonTLS)
	}
}

func TestPortWithoutAServerIsConnection(t *testing.T) {
	t.Parallel()
	s := quietServer(t)
	s.Start()
	address := s.URL
	s.Close()
	if err := failure(t, &http.Client{}, address); classify(err) != ReasonConnection {
		t.Errorf("%v is %s, want %s", err, classify(err), ReasonConnection)
	}
}
