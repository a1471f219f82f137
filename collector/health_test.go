package collector_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/docspace-exporter/docspace_exporter/collector"
)

// webFlags are the flags of a server on some addresses.
func webFlags(configFile string, addresses ...string) *web.FlagConfig {
	return &web.FlagConfig{WebListenAddresses: &addresses, WebSystemdSocket: new(false), WebConfigFile: &configFile}
}

// serveHealth serves on a free port of an address and returns where.
func serveHealth(t *testing.T, address, configFile string, h http.Handler) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("this machine can't listen on %s: %v", address, err)
	}
	server := &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = web.Serve(listener, server, webFlags(configFile), slog.New(slog.DiscardHandler)) // always tells that it was closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(host, port)
}

// answers answers the path of the check, and no other, with a status.
func answers(status int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") })
	return mux
}

func TestHealthOfEveryKindOfAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "127.0.0.1:0", "[::1]:0", "localhost:0"} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			if err := collector.CheckHealth(t.Context(), webFlags("", serveHealth(t, address, "", answers(http.StatusOK)))); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each answer but the right one is a failure, however well it looks.
func TestHealthByAnswer(t *testing.T) {
	t.Parallel()
	users := writeWebConfig(t, "basic_auth_users: {prometheus: $2y$10$kLzxjsn4g9gXQ3PDSoUTGO8mIb0XJCnPrS9Lb3HhBnT0dQWpZbUZG}")
	limited := writeWebConfig(t, "rate_limit: {interval: 1h, burst: 0}")
	for _, tc := range []struct {
		name   string
		config string
		status int
		want   string
	}{
		{"200", "", 200, ""},
		{"204", "", 204, "HTTP 204"},
		{"redirect", "", 302, "HTTP 302"},
		{"401 of somebody else", "", 401, "HTTP 401"},
		{"404", "", 404, "HTTP 404"},
		{"500", "", 500, "HTTP 500"},
		{"503", "", 503, "HTTP 503"},
		{"a user is demanded, as configured", users, 200, ""},
		{"too many requests, as configured", limited, 200, ""},
		{"too many requests of somebody else", "", 429, "HTTP 429"},
		{"too many requests where there are only users", users, 429, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			address := serveHealth(t, "127.0.0.1:0", tc.config, answers(tc.status))
			mustFail(t, collector.CheckHealth(t.Context(), webFlags(tc.config, address)), tc.want)
		})
	}
}

// mustFail checks that an error holds some words, or that there is none when there are no words.
func mustFail(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

func TestHealthOverTLS(t *testing.T) {
	t.Parallel()
	serving, other := writeCertificate(t), writeCertificate(t)
	const tlsKeys = "tls_server_config: {cert_file: server.crt, key_file: server.key"
	plain := writeWebConfig(t, "{}")
	for _, tc := range []struct {
		name            string
		serves, expects string // web configurations
		want            string
	}{
		{"its own certificate, which is expired and for another host", serving(tlsKeys + "}"), serving(tlsKeys + "}"), ""},
		{"another certificate", serving(tlsKeys + "}"), other(tlsKeys + "}"), "another certificate is shown"},
		{"no TLS", plain, serving(tlsKeys + "}"), "does not look like a TLS handshake"},
		{"TLS where none is expected", serving(tlsKeys + "}"), plain, "HTTP 400"},
		{"a client's certificate is demanded", serving(tlsKeys + ", client_auth_type: RequireAnyClientCert}"), serving(tlsKeys + ", client_auth_type: RequireAnyClientCert}"), ""},
		{
			"the same with TLS 1.2", serving(tlsKeys + ", client_auth_type: RequireAnyClientCert, max_version: TLS12}"),
			serving(tlsKeys + ", client_auth_type: RequireAnyClientCert, max_version: TLS12}"), "",
		},
		{"one is demanded that is not configured", serving(tlsKeys + ", client_auth_type: RequireAnyClientCert}"), serving(tlsKeys + "}"), "tls"},
		{"another certificate and a demand", serving(tlsKeys + ", client_auth_type: RequireAnyClientCert}"), other(tlsKeys + ", client_auth_type: RequireAnyClientCert}"), "another certificate is shown"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			address := serveHealth(t, "127.0.0.1:0", tc.serves, answers(http.StatusOK))
			mustFail(t, collector.CheckHealth(t.Context(), webFlags(tc.expects, address)), tc.want)
		})
	}
}

func TestHealthOfAllAddresses(t *testing.T) {
	t.Parallel()
	well, ill := serveHealth(t, "127.0.0.1:0", "", answers(200)), serveHealth(t, "127.0.0.1:0", "", answers(500))
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("", well, well)), "")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("", well, ill)), ill+": HTTP 500")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("", "127.0.0.1:1")), "refused")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("", "vsock://:1")), "vsock")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("/none/web.yml", well)), "/none/web.yml")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags(writeWebConfig(t, "tls_server_config: 5"), well)), "web configuration")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags(writeWebConfig(t, "tls_server_config: {cert_file: none.crt}"), well)), "missing one of key or key_file")
	systemd := webFlags("", well)
	systemd.WebSystemdSocket = new(true)
	mustFail(t, collector.CheckHealth(t.Context(), systemd), "systemd socket")
}

// A server that accepts and never answers is not healthy.
func TestHealthHasItsTime(t *testing.T) {
	t.Parallel()
	hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mustFail(t, collector.CheckHealth(t.Context(), webFlags("", serveHealth(t, "127.0.0.1:0", "", hang))), "deadline exceeded")
	write := writeCertificate(t)
	const keys = "tls_server_config: {cert_file: server.crt, key_file: server.key"
	demands := write(keys + ", client_auth_type: RequireAnyClientCert}")
	mustFail(t, collector.CheckHealth(t.Context(), webFlags(demands, serveHealth(t, "127.0.0.1:0", write(keys+"}"), hang))), "deadline exceeded")
}

func writeWebConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeCertificate makes a certificate that nobody from afar would accept, and returns a function that
// writes a web configuration beside it.
func writeCertificate(t *testing.T) func(content string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "elsewhere.example"}, DNSNames: []string{"elsewhere.example"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"server.crt": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written := 0
	return func(content string) string {
		written++
		path := filepath.Join(dir, fmt.Sprintf("web-%d.yml", written))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
}
