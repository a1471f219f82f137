package deploy_test

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// nginx is a real nginx in front of a simulated portal, configured as DocSpace configures its own.
type nginx struct {
	*process

	// Fields of the configuration's template.
	Dir              string // of the configuration, the logs and the portal's socket
	HTTP, HTTPS      string // addresses that the exporter connects to
	Router           string // address of the server behind HTTPS
	Certificate, Key string // files
	HTTP2            bool
	ReadTimeout      string // maximum wait for the portal; empty for the default of 60 s

	portal  *simulator.Portal
	backend *httptest.Server
}

// startNginx starts a portal and nginx in front of it. The protocol is HTTP/1.1 or HTTP/2.0.
func startNginx(t *testing.T, protocol, readTimeout string) *nginx {
	t.Helper()
	program := toolPath(t, "nginx")
	server, certificate := tlsServer(t) // for its certificate and key
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	n := &nginx{
		Dir: t.TempDir(), HTTP: reserveAddress(t), HTTPS: reserveAddress(t), Router: reserveAddress(t),
		Certificate: certificate, Key: pemFile(t, "PRIVATE KEY", key),
		HTTP2: protocol == "HTTP/2.0", ReadTimeout: readTimeout, portal: busyPortal(),
	}
	makeDir(t, filepath.Join(n.Dir, "temp"))
	writeFile(t, filepath.Join(n.Dir, "error.html"), "<!DOCTYPE html>\n<title>500 Error Page</title>\n")
	config := strings.Builder{}
	if err := template.Must(template.ParseFiles("testdata/nginx.conf")).Execute(&config, n); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(n.Dir, "nginx.conf"), config.String())
	n.startBackend(t)
	n.startServing(t, program)
	return n
}

// busyPortal is a portal whose lists are long enough for nginx to compress them.
func busyPortal() *simulator.Portal {
	options := simulator.Options{Version: simulator.V37}
	now := time.Now()
	for id := range int64(20) {
		options.Webhooks = append(options.Webhooks, simulator.Webhook{
			ID: id + 1, Name: "crm" + strconv.FormatInt(id, 10), URL: "https://hooks.example", Enabled: true, SSL: true, LastSuccessOn: now,
		})
		options.Deliveries = append(options.Deliveries, simulator.Delivery{
			ID: id + 1, WebhookID: id + 1, Trigger: 1 << 8, CreatedOn: now.Add(-time.Second), DeliveredOn: now, Status: http.StatusOK, Sent: true,
		})
	}
	return simulator.New(options)
}

// startBackend starts the portal on its socket. Like DocSpace's own services it does not compress.
func (n *nginx) startBackend(t *testing.T) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(n.Dir, "portal.sock"))
	if err != nil {
		t.Fatal(err)
	}
	n.backend = &httptest.Server{Listener: listener, Config: &http.Server{
		ReadHeaderTimeout: patience,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding")
			n.portal.ServeHTTP(w, r)
		}),
	}}
	n.backend.Start()
	t.Cleanup(n.backend.Close)
}

// startServing starts nginx and waits until it serves.
func (n *nginx) startServing(t *testing.T, program string) {
	t.Helper()
	serving := make(chan struct{})
	first := true
	cmd := exec.CommandContext(t.Context(), program, "-p", n.Dir, "-c", "nginx.conf")
	cmd.Dir = n.Dir // the paths of sockets are relative to it
	n.process = run(t, cmd, func(line string) {
		if first && strings.Contains(line, "start worker process ") {
			first = false
			close(serving)
		}
	})
	select {
	case <-serving:
	case err := <-n.done:
		t.Fatalf("nginx ended with %v:\n%s", err, n.logged())
	case <-time.After(patience):
		t.Fatalf("nginx does not serve:\n%s", n.logged())
	}
}

// signal sends a signal to nginx: SIGHUP reloads, SIGQUIT ends it after the requests in flight, SIGTERM at once.
func (n *nginx) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// ended reports whether nginx has ended; it must do so without an error.
func (n *nginx) ended(t *testing.T) bool {
	t.Helper()
	select {
	case err := <-n.done:
		if err != nil {
			t.Errorf("nginx ended with %v:\n%s", err, n.logged())
		}
		return true
	default:
		return false
	}
}

// client returns the environment and the flag with which an exporter reads the portal, named acme, at a URL.
func (n *nginx) client(t *testing.T, url string) (env []string, flag string) {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "key"), simulator.DefaultKey)
	path := filepath.Join(dir, "docspace.yml")
	config := "portals: {acme: {url: %s, min_interval: 0s, http_client_config: {authorization: {credentials_file: key}}}}\n"
	writeFile(t, path, fmt.Sprintf(config, url))
	return []string{"SSL_CERT_FILE=" + n.Certificate, "SSL_CERT_DIR=/none"}, "--config.file=" + path
}

// exporter runs an exporter that reads the portal through nginx.
func (n *nginx) exporter(t *testing.T) *process {
	t.Helper()
	env, flag := n.client(t, "https://"+n.HTTPS)
	return start(t, env, flag)
}

// reserveAddress returns a loopback address with a free port. The port stays bound until the test ends, so that no other
// program gets it; a server that sets SO_REUSEADDR can listen on it, and until then connections are refused.
func reserveAddress(t *testing.T) string {
	t.Helper()
	syscall.ForkLock.RLock()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	bound, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		t.Fatalf("the address is a %T", name)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(bound.Port))
}
