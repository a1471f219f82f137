package collector_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
)

// transport is how a simulated portal is served.
type transport int

const (
	plainHTTP transport = iota // HTTP/1.1
	overTLS                    // HTTP/1.1
	overHTTP2                  // with TLS
)

var transports = []transport{plainHTTP, overTLS, overHTTP2}

func (k transport) String() string { return [...]string{"http", "https", "http2"}[k] }

// serve starts a server that is closed with the test.
func (k transport) serve(tb testing.TB, h http.Handler) *httptest.Server {
	tb.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	server.EnableHTTP2 = k == overHTTP2
	if k == plainHTTP {
		server.Start()
	} else {
		server.StartTLS()
	}
	tb.Cleanup(server.Close)
	return server
}

// authority is the PEM text of a server's own authority.
func authority(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// overEach runs a test over each transport.
func overEach(t *testing.T, test func(t *testing.T, k transport)) {
	t.Helper()
	for _, k := range transports {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}
