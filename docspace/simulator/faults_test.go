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

// fetch reads an answer with a fault over the network, at most limit bytes of it, as they are sent.
func fetch(t *testing.T, h http.Handler, timeout time.Duration, limit int64) (reply, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	return reply{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

func TestFaultsOfTheConnection(t *testing.T) {
	t.Parallel()
	const short, medium, long, limit = 200 * time.Millisecond, 2 * time.Second, 30 * time.Second, 4 << 20
	for _, tc := range []struct {
		name    string
		handler http.Handler
		timeout time.Duration
		err     error
		body    string
	}{
		{"hang", simulator.Hang(), short, context.DeadlineExceeded, ""},
		{"slow drip", simulator.SlowDrip(), medium, context.DeadlineExceeded, " "},
		{"reset", simulator.Reset(), long, syscall.ECONNRESET, ""},
		{"truncated", simulator.Truncated("[{"), long, io.ErrUnexpectedEOF, "[{"},
		{"endless", simulator.Endless(), long, nil, `{"response":[{"configs":{"id":1,`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := fetch(t, tc.handler, tc.timeout, limit)
			if !errors.Is(err, tc.err) || !strings.HasPrefix(r.body, tc.body) {
				t.Errorf("error %v, want %v; body of %d bytes", err, tc.err, len(r.body))
			}
			if err == nil && len(r.body) != limit {
				t.Errorf("it ended after %d bytes", len(r.body))
			}
		})
	}
}

func TestFaultsOfCompression(t *testing.T) {
	t.Parallel()
	const limit = 64 << 20 // a small part of the bomb, but many times what is sent of it
	for _, tc := range []struct {
		name    string
		handler http.Handler
		err     error
		size    int64 // decompressed, at least
	}{
		{"bomb", simulator.GzipBomb(), nil, limit},
		{"bad", simulator.BadGzip(), gzip.ErrHeader, 0},
		{"truncated", simulator.TruncatedGzip(), io.ErrUnexpectedEOF, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := fetch(t, tc.handler, time.Minute, limit)
			if err != nil || r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 2<<20 {
				t.Fatalf("error %v, header %v, body of %d bytes", err, r.header, len(r.body))
			}
			size, err := decompressedSize(r.body, limit)
			if !errors.Is(err, tc.err) || size < tc.size {
				t.Errorf("error %v, want %v; %d bytes", err, tc.err, size)
			}
		})
	}
}

func decompressedSize(body string, limit int64) (int64, error) {
	zr, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, io.LimitReader(zr, limit))
}
