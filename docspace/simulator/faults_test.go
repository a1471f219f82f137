package simulator_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestFaultsThatAreWholeAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		handler http.Handler
		status  int
		header  http.Header
		body    string // a part of it; "" means none
	}{
		{"status", simulator.Status(http.StatusTeapot), 418, nil, ""},
		{"bad gateway", simulator.BadGateway(), 502, http.Header{"Content-Type": {"text/html"}}, "<title>500 Error Page</title>"},
		{"not found", simulator.NotFoundPage(), 404, http.Header{"Content-Type": {"text/html"}}, "<title>500 Error Page</title>"},
		{"refused", simulator.PortalRefuses(), 403, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, `"message":"Access denied"`},
		{"rate limited", simulator.RateLimited(""), 429, http.Header{"X-Ratelimit-Remaining": {"0"}, "Retry-After": nil}, ""},
		{"rate limited for a while", simulator.RateLimited("60"), 429, http.Header{"Retry-After": {"60"}}, ""},
		{"unavailable", simulator.Unavailable(""), 503, http.Header{"Retry-After": nil}, "<html>"},
		{"unavailable for a while", simulator.Unavailable("30"), 503, http.Header{"Retry-After": {"30"}}, "<html>"},
		{"redirect", simulator.Redirect("https://a.example/login"), 302, http.Header{"Location": {"https://a.example/login"}}, ""},
		{"multiple choices", simulator.MultipleChoices(), 300, http.Header{"Location": nil}, "<html>"},
		{"not modified", simulator.NotModified(), 304, nil, ""},
		{"body", simulator.Body("text/csv", "1,2"), 200, http.Header{"Content-Type": {"text/csv"}}, "1,2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := get(t, tc.handler, "settings")
			if r.status != tc.status || !strings.Contains(r.body, tc.body) || (tc.body == "") != (r.body == "") {
				t.Errorf("status %d, body %q", r.status, r.body)
			}
			for name := range tc.header {
				if got, want := r.header.Get(name), tc.header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// transport is a way in which a portal is served.
type transport string

// The transports over which portals are read.
const (
	plainHTTP1 transport = "HTTP/1.1"
	tlsHTTP1   transport = "HTTP/1.1 with TLS"
	tlsHTTP2   transport = "HTTP/2 with TLS"
)

func transports() []transport { return []transport{plainHTTP1, tlsHTTP1, tlsHTTP2} }

// serve serves a handler until the test ends.
func (tr transport) serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = tr == tlsHTTP2
	if tr == plainHTTP1 {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server
}

// fetch reads a response over the network, at most limit bytes of its body, as they are sent.
func (tr transport) fetch(t *testing.T, h http.Handler, timeout time.Duration, limit int64) (reply, error) {
	t.Helper()
	server := tr.serve(t, h)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := server.Client().Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	if isHTTP2 := resp.ProtoMajor == 2; isHTTP2 != (tr == tlsHTTP2) {
		t.Fatalf("served over %s", resp.Proto)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	return reply{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

// errStream stands for the error of an HTTP/2 stream that the server aborted, whose type has no name.
var errStream = errors.New("aborted stream")

func wantError(t *testing.T, got, want error) {
	t.Helper()
	aborted := got != nil && strings.Contains(got.Error(), "stream error") && strings.Contains(got.Error(), "INTERNAL_ERROR")
	if want == errStream && !aborted || want != errStream && !errors.Is(got, want) { //nolint:errorlint // never wrapped
		t.Errorf("error %v, want %v", got, want)
	}
}

func TestFaultsOfTheConnection(t *testing.T) {
	t.Parallel()
	const short, medium, long, limit = 200 * time.Millisecond, 2 * time.Second, 30 * time.Second, 4 << 20
	for _, tc := range []struct {
		name         string
		handler      http.Handler
		timeout      time.Duration
		http1, http2 error
		status       int
		body         string
	}{
		{"hang", simulator.Hang(), short, context.DeadlineExceeded, context.DeadlineExceeded, 0, ""},
		{"slow drip", simulator.SlowDrip(), medium, context.DeadlineExceeded, context.DeadlineExceeded, 200, " "},
		{"refused drip", simulator.RefusedDrip(503), medium, context.DeadlineExceeded, context.DeadlineExceeded, 503, " "},
		{"reset", simulator.Reset(), long, syscall.ECONNRESET, errStream, 0, ""},
		{"truncated", simulator.Truncated("[{"), long, io.ErrUnexpectedEOF, errStream, 200, "[{"},
		{"endless", simulator.Endless(), long, nil, nil, 200, `{"response":[{"configs":{"id":1,`},
	} {
		for _, tr := range transports() {
			t.Run(tc.name+"/"+string(tr), func(t *testing.T) {
				t.Parallel()
				want := tc.http1
				if tr == tlsHTTP2 {
					want = tc.http2
				}
				r, err := tr.fetch(t, tc.handler, tc.timeout, limit)
				wantError(t, err, want)
				if r.status != tc.status || !strings.HasPrefix(r.body, tc.body) {
					t.Errorf("status %d, body of %d bytes", r.status, len(r.body))
				}
				if err == nil && len(r.body) != limit {
					t.Errorf("it ended after %d bytes", len(r.body))
				}
			})
		}
	}
}

func TestFaultsOfCompression(t *testing.T) {
	t.Parallel()
	const limit = 64 << 20 // a small part of the bomb, but many times what is sent of it
	for _, tc := range []struct {
		name    string
		handler http.Handler
		http2   error // of reading; over HTTP/1.1 there is none
		err     error // of decompressing
		size    int64 // decompressed, at least
	}{
		{"bomb", simulator.GzipBomb(), nil, nil, limit},
		{"bad", simulator.BadGzip(), nil, gzip.ErrHeader, 0},
		{"truncated", simulator.TruncatedGzip(), nil, io.ErrUnexpectedEOF, 0},
	} {
		for _, tr := range transports() {
			t.Run(tc.name+"/"+string(tr), func(t *testing.T) {
				t.Parallel()
				r, err := tr.fetch(t, tc.handler, time.Minute, limit)
				var want error
				if tr == tlsHTTP2 {
					want = tc.http2
				}
				wantError(t, err, want)
				if r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 2<<20 {
					t.Fatalf("header %v, body of %d bytes", r.header, len(r.body))
				}
				size, err := decompressedSize(r.body, limit)
				if !errors.Is(err, tc.err) || size < tc.size {
					t.Errorf("error %v, want %v; %d bytes", err, tc.err, size)
				}
			})
		}
	}
}

func TestOversizedHeader(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	for _, tr := range transports() {
		t.Run(string(tr), func(t *testing.T) {
			t.Parallel()
			r, err := tr.fetch(t, simulator.OversizedHeader(), time.Minute, 1<<10)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(strings.Join(r.header["X-Oversized"], "")); got != size || r.status != http.StatusOK {
				t.Errorf("status %d, header of %d bytes, want %d", r.status, got, size)
			}
		})
	}
}

// A response with status 101 has the rest of the connection for its body: it ends when either side
// closes the connection.
func TestSwitchingProtocols(t *testing.T) {
	t.Parallel()
	for _, tr := range []transport{plainHTTP1, tlsHTTP1} {
		for name, closeIt := range map[string]func(client io.Closer, server *httptest.Server){
			"client": func(client io.Closer, _ *httptest.Server) { _ = client.Close() },
			"server": func(_ io.Closer, server *httptest.Server) { server.CloseClientConnections() },
		} {
			t.Run(string(tr)+"/closed by the "+name, func(t *testing.T) {
				t.Parallel()
				ended := make(chan struct{})
				server := tr.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(ended)
					simulator.SwitchingProtocols().ServeHTTP(w, r)
				}))
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := server.Client().Do(r) //nolint:bodyclose // the body is closed below, in one case by the server
				if err != nil {
					t.Fatal(err)
				}
				if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Upgrade") == "" {
					t.Errorf("%s, header %v", resp.Status, resp.Header)
				}
				read := make(chan int64)
				go func() {
					n, _ := io.Copy(io.Discard, resp.Body)
					read <- n
				}()
				select {
				case <-ended:
					t.Error("the portal closed the connection")
				case n := <-read:
					t.Errorf("the body ended after %d bytes", n)
				case <-time.After(50 * time.Millisecond):
				}
				closeIt(resp.Body, server)
				<-ended
				<-read
			})
		}
	}
	t.Run(string(tlsHTTP2), func(t *testing.T) {
		t.Parallel()
		_, err := tlsHTTP2.fetch(t, simulator.SwitchingProtocols(), time.Minute, 1)
		wantError(t, err, errStream)
	})
}

func decompressedSize(body string, limit int64) (int64, error) {
	zr, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, io.LimitReader(zr, limit))
}
