package docspace

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

// emptyList is a response without webhooks.
const emptyList = `{"response":[]}`

// newTestClient returns a client for a server, which is closed with the test.
func newTestClient(t *testing.T, server *httptest.Server) *Client {
	t.Helper()
	c := Config{URL: server.URL, HTTPClientConfig: KeyFromValue("sk-test")}
	if server.TLS != nil {
		c.HTTPClientConfig.TLSConfig = config.TLSConfig{InsecureSkipVerify: true}
	}
	valid, err := c.Validate()
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(valid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// testServer is a server over each of the transports of a portal.
func testServer(t *testing.T, transport string, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = transport == "http2"
	if transport == "http" {
		s.Start()
	} else {
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

type connKey struct{}

// oneRequestEach serves one request over each connection, once the first ones are all there, and closes it at the next one without a
// response.
func oneRequestEach(requests *atomic.Int32, first *sync.WaitGroup) (h http.Handler, prepare func(*http.Server)) {
	h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if used, ok := r.Context().Value(connKey{}).(*atomic.Int32); ok && used.Add(1) > 1 {
			breakConnection(w)
			return
		}
		first.Done()
		first.Wait()
		_, _ = io.WriteString(w, emptyList)
	})
	return h, func(s *http.Server) {
		s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, new(atomic.Int32))
		}
	}
}

// breakConnection closes the connection of a request, or its stream over HTTP/2.
func breakConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close()
}

func TestRetry_OnceOverANewConnection(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	var first sync.WaitGroup
	first.Add(5)
	h, prepare := oneRequestEach(&requests, &first)
	server := httptest.NewUnstartedServer(h)
	prepare(server.Config)
	server.Start()
	t.Cleanup(server.Close)
	client := newTestClient(t, server)
	readAtOnce(t, client, 5) // leaves idle connections, each of which breaks at its next request
	if n := requests.Swap(0); n != 5 {
		t.Fatalf("%d requests", n)
	}
	first.Add(1)
	readAtOnce(t, client, 1)
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests, want one over a kept connection and one over a new one", n)
	}
}

// readAtOnce reads the list several times in parallel, which takes as many connections over HTTP/1.1.
func readAtOnce(t *testing.T, client *Client, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var reads sync.WaitGroup
	for range n {
		reads.Go(func() {
			if _, err := client.Webhooks(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	reads.Wait()
}

func TestRetry_NotWithoutAKeptConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "https", "http2"} {
		var requests atomic.Int32
		client := newTestClient(t, testServer(t, transport, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			breakConnection(w)
		})))
		_, err := client.Webhooks(t.Context())
		if ReasonOf(err) != ReasonConnection || requests.Load() != 1 {
			t.Errorf("%s: %v after %d requests", transport, err, requests.Load())
		}
	}
}

func TestRetry_NotAfterAResponseBegan(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "https", "http2"} {
		var requests atomic.Int32
		client := newTestClient(t, testServer(t, transport, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				_, _ = io.WriteString(w, emptyList)
				return
			}
			_, _ = io.WriteString(w, `{"response":[`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})))
		if _, err := client.Webhooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := client.Webhooks(t.Context())
		if ReasonOf(err) != ReasonConnection || requests.Load() != 2 {
			t.Errorf("%s: %v after %d requests", transport, err, requests.Load())
		}
	}
}

// A connection that the server closes while it is idle, or when it restarts, costs no request.
func TestRetry_AfterARestart(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "https", "http2"} {
		server := testServer(t, transport, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if want := map[bool]int{true: 2, false: 1}[transport == "http2"]; r.ProtoMajor != want {
				t.Errorf("HTTP/%d over %s", r.ProtoMajor, transport)
			}
			_, _ = io.WriteString(w, emptyList)
		}))
		client := newTestClient(t, server)
		for range 20 {
			readAtOnce(t, client, 3)
			server.CloseClientConnections()
		}
	}
}

// frozenProxy forwards connections until they are frozen: then they stay open and nothing comes through.
type frozenProxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	frozen chan struct{} // closed when the connections so far are frozen
	work   sync.WaitGroup
	stop   context.Context
}

func newFrozenProxy(t *testing.T, target string) *frozenProxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(context.Background())
	p := &frozenProxy{listener: l, target: target, frozen: make(chan struct{}), stop: stop}
	p.work.Go(p.serve)
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		p.work.Wait()
	})
	return p
}

func (p *frozenProxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(p.stop, "tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		context.AfterFunc(p.stop, func() {
			_, _ = client.Close(), server.Close()
		})
		p.mu.Lock()
		frozen := p.frozen
		p.mu.Unlock()
		p.work.Go(func() { forward(client, server, frozen) })
		p.work.Go(func() { forward(server, client, frozen) })
	}
}

func forward(from, to net.Conn, frozen <-chan struct{}) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-frozen:
			return // what was read is lost, and both stay open
		default:
		}
		if err != nil {
			_ = to.Close()
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// freeze freezes the connections so far and those until thaw.
func (p *frozenProxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.frozen)
}

// thaw lets new connections through.
func (p *frozenProxy) thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = make(chan struct{})
}

func TestFrozenConnections_CostOneScrape(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "https", "http2"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			server := testServer(t, transport, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, emptyList) }))
			proxy := newFrozenProxy(t, server.Listener.Addr().String())
			scheme := map[bool]string{true: "http://", false: "https://"}[transport == "http"]
			server.URL = scheme + proxy.listener.Addr().String()
			client := newTestClient(t, server)
			for range 3 {
				readAtOnce(t, client, 4) // so that more connections are idle than the next scrape uses
				proxy.freeze()
				lost, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				_, err := client.Webhooks(lost)
				cancel()
				proxy.thaw()
				if ReasonOf(err) != ReasonTimeout {
					t.Fatalf("%v, want a timeout", err)
				}
				readAtOnce(t, client, 2)
			}
		})
	}
}
