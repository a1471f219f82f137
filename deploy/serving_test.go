package deploy_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// pemFile writes a PEM file and returns its path.
func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), kind+".pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tlsServer is a simulated portal behind TLS, and the file of its certificate.
func tlsServer(t *testing.T) (server *httptest.Server, certificate string) {
	t.Helper()
	server = httptest.NewUnstartedServer(simulator.New(simulator.Options{Version: simulator.V37}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, pemFile(t, "CERTIFICATE", server.Certificate().Raw)
}

func TestTheExporterServesTLS(t *testing.T) {
	t.Parallel()
	server, certificate := tlsServer(t) // for its certificate and key
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "web.yml")
	text := fmt.Sprintf("tls_server_config: {cert_file: %s, key_file: %s}\n", certificate, pemFile(t, "PRIVATE KEY", key))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--demo", "--web.config.file="+config)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(p.url, "http:", "https:", 1)+"/-/healthy", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.logged())
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.TLS == nil || resp.TLS.Version < tls.VersionTLS12 {
		t.Errorf("answered %s over %+v", resp.Status, resp.TLS)
	}
	p.stop(t)
}

// What systemd does: the socket is the third file, and the variables name the process that it is for.
func TestTheSocketCanBeSystemds(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		t.Fatalf("listener is a %T", listener)
	}
	socket, err := tcp.File()
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	cmd := command(t, []string{"LISTEN_FDS=1"})
	cmd.Args = []string{"sh", "-c", `LISTEN_PID=$$ exec "$0" --demo --web.systemd-socket`, binary}
	if cmd.Path, err = exec.LookPath("sh"); err != nil {
		t.Skip("no shell on this system")
	}
	cmd.ExtraFiles = []*os.File{socket}
	p := launch(t, cmd)
	_, _ = socket.Close(), listener.Close() // the exporter has its own copy
	if p.url != "http://"+address {
		t.Errorf("serves on %s, want the socket of %s", p.url, address)
	}
	if status, _ := p.get(t, "/-/healthy"); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
	p.stop(t)
}

func TestTheVersionIsTold(t *testing.T) {
	t.Parallel()
	portal := simulator.New(simulator.Options{Version: simulator.V37})
	server := httptest.NewServer(portal)
	t.Cleanup(server.Close)
	p := start(t, []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+server.URL)
	if _, body := p.get(t, "/metrics"); !strings.Contains(body, `version="`+stamped+`"} 1`) {
		t.Errorf("not in the metrics:\n%s", body)
	}
	if _, body := p.get(t, "/"); !strings.Contains(body, stamped) {
		t.Errorf("not on the landing page:\n%s", body)
	}
	if got := portal.LastHeader().Get("User-Agent"); got != "docspace_exporter/"+stamped {
		t.Errorf("User-Agent %q", got)
	}
	p.stop(t)
	if printed, err := command(t, nil, "--version").CombinedOutput(); err != nil || !strings.Contains(string(printed), stamped) {
		t.Errorf("printed %s, %v", printed, err)
	}
}

func TestThePortalIsReachedThroughAProxy(t *testing.T) {
	t.Parallel()
	portal := simulator.New(simulator.Options{Version: simulator.V37})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "portal.invalid" {
			t.Errorf("proxy was asked for %s", r.URL)
		}
		portal.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	p := start(t, []string{"HTTP_PROXY=" + proxy.URL, "DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url=http://portal.invalid")
	if _, body := p.get(t, "/metrics"); !strings.Contains(body, "\ndocspace_up 1\n") {
		t.Errorf("%s\n%s", body, p.logged())
	}
	p.stop(t)
}

func TestACertificateIsVerifiedAgainstTheMachinesAuthorities(t *testing.T) {
	t.Parallel()
	portal, certificate := tlsServer(t)
	for file, want := range map[string]string{
		certificate: "\ndocspace_up 1\n",
		"/none":     `docspace_scrape_collector_failure{collector="webhooks",reason="tls"} 1`,
	} {
		p := start(t, []string{"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=/none", "DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+portal.URL)
		if _, body := p.get(t, "/metrics"); !strings.Contains(body, want) {
			t.Errorf("with the authorities of %s: %s\n%s", file, body, p.logged())
		}
		p.stop(t)
	}
}
