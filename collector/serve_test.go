package collector_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// memoryListener accepts connections in memory, which have no buffers and whose deadlines are by the
// clock of a synctest bubble.
type memoryListener struct {
	accepted chan net.Conn
	closed   chan struct{}
	close    func()
}

func newMemoryListener() *memoryListener {
	l := &memoryListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.close()
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{} }

// dial returns the client's end of a connection, and a channel that is closed with the server's end.
func (l *memoryListener) dial() (client net.Conn, closed <-chan struct{}) {
	client, server := net.Pipe()
	c := &watchedConn{Conn: server, closed: make(chan struct{})}
	c.close = sync.OnceFunc(func() { close(c.closed) })
	l.accepted <- c
	return client, c.closed
}

type watchedConn struct {
	net.Conn
	closed chan struct{}
	close  func()
}

func (c *watchedConn) Close() error {
	c.close()
	return c.Conn.Close()
}

// newMemoryServer starts the exporter's server in memory.
func newMemoryServer(t *testing.T, h http.Handler) (*collector.Server, *memoryListener) {
	t.Helper()
	return serveInMemory(t, h, (*collector.Server).Serve)
}

func serveInMemory(t *testing.T, h http.Handler, serve func(*collector.Server, net.Listener) error) (*collector.Server, *memoryListener) {
	t.Helper()
	l := newMemoryListener()
	server := collector.NewServer(h, webFlags(""), log.NewNopLogger())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serve(server, l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		server.Stop(nil)
		<-done
	})
	return server, l
}

// send writes a request.
func send(t *testing.T, c net.Conn, request string) {
	t.Helper()
	if _, err := io.WriteString(c, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		t.Error(err)
	}
}

// receive reads a response. An error is one that cut it short.
func receive(t *testing.T, c net.Conn) (status int, body string, err error) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}

// slowPortal is a portal whose list takes some time.
func slowPortal(t *testing.T, takes time.Duration) *collector.Portal {
	t.Helper()
	return newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
		select {
		case <-time.After(takes):
			return docspace.WebhookList{}, nil
		case <-ctx.Done():
			return docspace.WebhookList{}, ctx.Err()
		}
	}}, &logs{}, &clock{at: now})
}

// newTestRoutes serves one portal with a timeout of 50 s.
func newTestRoutes(t *testing.T, portal *collector.Portal) http.Handler {
	t.Helper()
	handler, err := collector.Routes{
		MetricsPath: "/metrics",
		Metrics: collector.MetricsHandler(collector.NewExporter(), portal,
			collector.Limits{Timeout: 50 * time.Second, Offset: time.Second / 2}, log.NewNopLogger()),
		Status: collector.StatusHandler(func() []collector.Target {
			return []collector.Target{{Portal: portal, Timeout: 50 * time.Second}}
		}, log.NewNopLogger()),
		Reload: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "loaded\n") }),
		Pprof:  true,
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestServer_ClosesConnectionsThatStall(t *testing.T) {
	t.Parallel()
	const get = " HTTP/1.1\nHost: x\n\n"
	for _, tc := range []struct {
		name  string
		sent  string
		reads bool // the client reads what the server sends
		want  time.Duration
	}{
		{"nothing is sent", "", true, 10 * time.Second},
		{"half a header is sent", "GET /metrics HT", true, 10 * time.Second},
		{"a POST without its body", "POST /-/reload HTTP/1.1\nHost: x\nContent-Length: 5\n\n", true, 10 * time.Second},
		{"idle after a response", "GET /-/healthy" + get, true, 150 * time.Second},
		{"a page is not read", "GET /" + get, false, 30 * time.Second},
		{"a scrape is not read", "GET /metrics" + get, false, 60 * time.Second},
		{"a scrape with a timeout header is not read", "GET /metrics HTTP/1.1\nHost: x\nX-Prometheus-Scrape-Timeout-Seconds: 100\n\n", false, 109500 * time.Millisecond},
		{"the status page is not read", "GET /status" + get, false, 60500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, l := newMemoryServer(t, newTestRoutes(t, slowPortal(t, 0)))
				start := time.Now()
				var connections sync.WaitGroup
				for range 30 {
					client, closed := l.dial()
					t.Cleanup(func() { _ = client.Close() })
					send(t, client, tc.sent)
					if tc.reads {
						go func() { _, _ = io.Copy(io.Discard, client) }()
					}
					connections.Go(func() {
						<-closed
						if took := time.Since(start); took < tc.want || took > tc.want+time.Second { // Go waits half a second before it closes
							t.Errorf("closed after %s, want %s", took, tc.want)
						}
					})
				}
				connections.Wait()
			})
		})
	}
}

// The server's timeout for writing is shorter than these responses take.
func TestServer_LetsSlowResponsesEnd(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, request string
		takes         time.Duration // of the portal
		contains      string
	}{
		{"a scrape", "GET /metrics HTTP/1.1\nHost: x\n\n", 49 * time.Second, "docspace_up 1"},
		{"a scrape whose time is up", "GET /metrics HTTP/1.1\nHost: x\n\n", time.Hour, "docspace_up 0"},
		{"a scrape with a timeout header", "GET /metrics HTTP/1.1\nHost: x\nX-Prometheus-Scrape-Timeout-Seconds: 3600\n\n", 119 * time.Second, "docspace_up 1"},
		{"the status page", "GET /status HTTP/1.1\nHost: x\n\n", 49 * time.Second, "no webhooks"},
		{"a profile", "GET /debug/pprof/heap?seconds=60 HTTP/1.1\nHost: x\n\n", 0, "\x1f\x8b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, l := newMemoryServer(t, newTestRoutes(t, slowPortal(t, tc.takes)))
				client, _ := l.dial()
				defer func() { _ = client.Close() }()
				send(t, client, tc.request)
				status, body, err := receive(t, client)
				if err != nil || status != http.StatusOK || !strings.Contains(body, tc.contains) {
					t.Errorf("status %d, %v, no %q in %.500q", status, err, tc.contains, body)
				}
			})
		})
	}
}

// stallingConn is a client's connection from which nothing is read once it is stalled.
type stallingConn struct {
	net.Conn
	stalled  chan struct{}
	released chan struct{}
}

func (c *stallingConn) Read(p []byte) (int, error) {
	select {
	case <-c.stalled:
		<-c.released
		return 0, io.ErrClosedPipe
	default:
		return c.Conn.Read(p)
	}
}

// Over HTTP/2 the streams share a connection, which may be read while one of them is not.
func TestServer_ClosesStreamsAndConnectionsOfHTTP2ThatAreNotRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Dir(writeCertificate(t)("{}"))
	for name, stalls := range map[string]bool{"the stream is not read": false, "the connection is not read": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, ended := time.Now(), make(chan time.Duration, 1)
				big := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write(make([]byte, 64<<20))
					ended <- time.Since(start)
				})
				handler, err := collector.Routes{MetricsPath: "/metrics", Metrics: big, Status: big}.Handler()
				if err != nil {
					t.Fatal(err)
				}
				_, l := serveInMemory(t, handler, func(s *collector.Server, l net.Listener) error {
					return s.ServeTLS(l, filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"))
				})
				pipe, closed := l.dial()
				client := &stallingConn{Conn: pipe, stalled: make(chan struct{}), released: make(chan struct{})}
				defer close(client.released)
				transport := &http.Transport{
					ForceAttemptHTTP2: true,
					TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
					DialContext:       func(context.Context, string, string) (net.Conn, error) { return client, nil },
				}
				defer transport.CloseIdleConnections()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://x/metrics", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if stalls {
					close(client.stalled)
					<-closed
				}
				if took := <-ended; resp.ProtoMajor != 2 || took < 30*time.Second || took > 35*time.Second { // TLS waits for 5 s when it closes
					t.Errorf("HTTP/%d: ended after %s", resp.ProtoMajor, took)
				}
			})
		})
	}
}

func TestServer_StopDrainsRequestsAndCutsThoseThatHang(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		takes, want time.Duration
		cut         bool
	}{
		{"a request that ends", 15 * time.Second, 15 * time.Second, false},
		{"a request that hangs", time.Hour, 20 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				released := make(chan struct{})
				defer close(released)
				server, l := newMemoryServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					select {
					case <-time.After(tc.takes):
					case <-released:
					}
					_, _ = io.WriteString(w, "served")
				}))
				client, _ := l.dial()
				defer func() { _ = client.Close() }()
				send(t, client, "GET / HTTP/1.1\nHost: x\n\n")
				received := make(chan error, 1)
				go func() {
					_, _, err := receive(t, client)
					received <- err
				}()
				synctest.Wait() // the request is in flight
				start := time.Now()
				server.Stop(nil)
				if took := time.Since(start); took < tc.want || took > tc.want+time.Second { // the library polls
					t.Errorf("stopped after %s, want %s", took, tc.want)
				}
				if err := <-received; (err != nil) != tc.cut {
					t.Errorf("the client got the error %v, want one: %t", err, tc.cut)
				}
			})
		})
	}
}
