package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// event is the instant of the worked table of dates.
func event() time.Time { return time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC) }

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// reply is an answer of a portal.
type reply struct {
	status int
	header http.Header
	body   string
}

// get asks a portal for a path of its API, with the default key unless the headers, given in pairs
// of name and value, say otherwise.
func get(t *testing.T, p http.Handler, path string, headers ...string) reply {
	t.Helper()
	return ask(t, p, http.MethodGet, "/api/2.0/"+path, headers...)
}

func ask(t *testing.T, p http.Handler, method, path string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://p.example"+path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+simulator.DefaultKey)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return reply{status: w.Code, header: w.Header(), body: w.Body.String()}
}

// response decodes what is inside the envelope.
func response[T any](t *testing.T, r reply) T {
	t.Helper()
	var envelope struct {
		Response T `json:"response"`
	}
	if r.status != http.StatusOK {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &envelope); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return envelope.Response
}

func TestPathsAreMatchedStrictly(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Version: simulator.V37})
	for _, tc := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/api/2.0/settings/webhook", 200},
		{http.MethodGet, "/behind/a/proxy/api/2.0/settings/webhook", 200},
		{http.MethodGet, "/api/2.0/settings/webhook/", 404},
		{http.MethodGet, "/api/2.0/settings/webhook/triggers/", 404},
		{http.MethodGet, "/api/2.0/settings/", 404},
		{http.MethodGet, "/api/2.0/settings/webhooks/log", 200},
		{http.MethodGet, "/api/2.0/settings/webhooks/log/", 404},
		{http.MethodGet, "/api/2.0/settings/webhook/log", 404},
		{http.MethodGet, "/api/2.0/people", 404},
		{http.MethodGet, "/settings/webhook", 404},
		{http.MethodGet, "/", 404},
		{http.MethodPost, "/api/2.0/settings/webhook", 404},
	} {
		r := ask(t, p, tc.method, tc.path)
		if r.status != tc.status {
			t.Errorf("%s %s: %d, want %d", tc.method, tc.path, r.status, tc.status)
		}
		if isPage := r.header.Get("Content-Type") == "text/html"; isPage != (tc.status == http.StatusNotFound) {
			t.Errorf("%s %s: content type %s", tc.method, tc.path, r.header.Get("Content-Type"))
		}
	}
}

func TestRequestsAreCountedAndTheLastHeaderIsKept(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Version: simulator.V37})
	if p.LastHeader() != nil || len(p.Requests()) != 0 {
		t.Error("a new portal was asked already")
	}
	get(t, p, "settings/webhook")
	p.Fail(simulator.Status(http.StatusTeapot))
	if r := get(t, p, "settings/webhook", "User-Agent", "test/1"); r.status != http.StatusTeapot {
		t.Errorf("status %d during a fault", r.status)
	}
	p.Fail(nil)
	if r := get(t, p, "settings"); r.status != http.StatusOK {
		t.Errorf("status %d after the fault", r.status)
	}
	if got := p.Requests(); len(got) != 2 || got["settings/webhook"] != 2 || got["settings"] != 1 {
		t.Errorf("requests %v", got)
	}
	if got := p.LastHeader().Get("Authorization"); got != "Bearer "+simulator.DefaultKey {
		t.Errorf("last header has authorization %q", got)
	}
}

func TestTheDateHeaderIsTheClocks(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Clock: event})
	if got := get(t, p, "settings").header.Get("Date"); got != "Thu, 15 Jan 2026 10:00:00 GMT" {
		t.Errorf("Date %q", got)
	}
}

func TestWebhooksAreCopies(t *testing.T) {
	t.Parallel()
	list := []simulator.Webhook{{ID: 1, Name: "a"}}
	p := simulator.New(simulator.Options{Webhooks: list})
	list[0].Name = "changed"
	p.Webhooks()[0].Name = "changed"
	if got := p.Webhooks()[0].Name; got != "a" {
		t.Errorf("name %q", got)
	}
	p.SetWebhooks(nil)
	if got := p.Webhooks(); len(got) != 0 {
		t.Errorf("webhooks %v", got)
	}
}

// The front server compresses from 1000 bytes on, for those who ask for it.
func TestGzip(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		size   int
		accept string
		want   string
	}{
		{999, "gzip", ""},
		{1000, "gzip", "gzip"},
		{1000, "deflate, gzip;q=1.0", "gzip"},
		{1000, "", ""},
	} {
		p := simulator.New(simulator.Options{})
		p.Fail(simulator.Body("application/json", strings.Repeat(" ", tc.size)))
		r := get(t, p, "settings", "Accept-Encoding", tc.accept)
		if got := r.header.Get("Content-Encoding"); got != tc.want {
			t.Errorf("%d bytes for %q: encoding %q, want %q", tc.size, tc.accept, got, tc.want)
		}
	}
	webhooks := make([]simulator.Webhook, 50)
	server := httptest.NewServer(simulator.New(simulator.Options{Version: simulator.V37, Webhooks: webhooks}))
	t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/2.0/settings/webhook", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+simulator.DefaultKey)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !resp.Uncompressed {
		t.Fatalf("error %v, compressed %t", err, resp.Uncompressed)
	}
	if got := response[[]any](t, reply{status: 200, body: string(body)}); len(got) != len(webhooks) {
		t.Errorf("%d webhooks", len(got))
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	now := event()
	p := simulator.New(simulator.Options{Version: simulator.V37, RateLimit: 2, Clock: func() time.Time { return now }})
	for i, tc := range []struct {
		after  time.Duration
		status int
	}{{0, 200}, {30 * time.Second, 200}, {29 * time.Second, 429}, {time.Second, 200}, {0, 429}} {
		now = now.Add(tc.after)
		r := get(t, p, "settings")
		if r.status != tc.status {
			t.Errorf("request %d: %d, want %d", i, r.status, tc.status)
		}
		if r.status != http.StatusTooManyRequests {
			continue
		}
		if r.body != "" || r.header.Get("X-RateLimit-Limit") != "2" || r.header.Get("X-RateLimit-Remaining") != "0" || r.header.Get("Retry-After") != "" {
			t.Errorf("request %d: body %q, header %v", i, r.body, r.header)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Version: simulator.V37, RateLimit: 1000})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				get(t, p, "settings/webhook")
				p.SetWebhooks([]simulator.Webhook{{ID: int64(i)}})
				p.Fail(nil)
				p.Webhooks()
				get(t, p, logPath)
				p.AddDeliveries(simulator.Delivery{ID: int64(i), WebhookID: int64(i)})
				p.Deliveries()
				p.OnLogPage(func(url.Values) { p.SetDeliveries(nil) })
				p.Requests()
				p.LastHeader()
			}
		})
	}
	wg.Wait()
	if got := p.Requests()["settings/webhook"]; got != 160 {
		t.Errorf("%d requests", got)
	}
}
