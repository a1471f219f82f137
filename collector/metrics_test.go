package collector_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// The header counts up to two minutes, minus the offset; without it the default does.
func TestScrapeTimeout(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		header string
		want   time.Duration // 0: the request is refused
	}{
		{"", 7 * time.Second},
		{"10", 9500 * time.Millisecond},
		{"2.5", 2 * time.Second},
		{"0.4", 400 * time.Millisecond}, // nothing to spare
		{"0", 0},
		{"-1", 0},
		{"NaN", 0},
		{"+Inf", 0},
		{"119", 118500 * time.Millisecond},
		{"3600", 119500 * time.Millisecond},
		{"1e300", 119500 * time.Millisecond},
		{"1e400", 0},
		{"ten", 0},
	} {
		t.Run(tc.header, func(t *testing.T) {
			t.Parallel()
			var got time.Duration
			portal := newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
				deadline, _ := ctx.Deadline()
				got = time.Until(deadline)
				return docspace.WebhookList{}, nil
			}}, &logs{}, &clock{at: now})
			handler := collector.MetricsHandler(collector.NewExporter(), portal,
				collector.Limits{Timeout: 7 * time.Second, Offset: time.Second / 2}, log.NewNopLogger())
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
			if tc.header != "" {
				req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", tc.header)
			}
			resp := httptest.NewRecorder()
			handler.ServeHTTP(resp, req)
			if tc.want == 0 {
				if resp.Code != http.StatusBadRequest || strings.Count(resp.Body.String(), "\n") != 1 {
					t.Errorf("answered %d: %s", resp.Code, resp.Body)
				}
				return
			}
			if got > tc.want || got < tc.want-200*time.Millisecond {
				t.Errorf("fetch had %s, want %s", got, tc.want)
			}
		})
	}
}

func TestRequestsToThePortalAreCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}})
	r.scrape(t)
	r.portal.Fail(simulator.BadGateway())
	r.scrape(t)
	r.portal.Fail(simulator.Reset())
	r.scrape(t)
	r.portal.Fail(nil)
	r.scrape(t)
	s := r.scrape(t) // the scrape before is surely counted
	s.want(t, samples{
		`docspace_api_requests_total{code="502",endpoint="webhooks",portal="default"}`:                 1,
		`docspace_api_requests_total{code="error",endpoint="webhooks",portal="default"}`:               1,
		`docspace_api_requests_total{code="200",endpoint="settings",portal="default"}`:                 1,
		`docspace_api_requests_total{code="error",endpoint="settings",portal="default"}`:               0,
		`docspace_api_requests_total{code="200",endpoint="triggers",portal="default"}`:                 1,
		`docspace_api_request_duration_seconds_count{endpoint="settings",portal="default"}`:            1,
		`docspace_api_request_duration_seconds_bucket{endpoint="triggers",portal="default",le="+Inf"}`: 1,
	})
	got := r.portal.Requests()
	if got["settings"] != 1 || got["settings/webhook/triggers"] != 1 {
		t.Errorf("requests: %v", got)
	}
	// A kept-alive connection that was reset is tried again, once. The first to do so closes the others
	// that are idle, so that the second may have a new one, which is not tried again.
	listAgain, logAgain := got["settings/webhook"]-5, got["settings/webhooks/log"]-5
	if min(listAgain, logAgain) < 0 || max(listAgain, logAgain) != 1 {
		t.Errorf("tried again: %d times for the list, %d times for the log", listAgain, logAgain)
	}
}

func TestDurationsAreClassicAndNativeHistograms(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}})
	r.scrape(t)
	p := r.get(t, "/metrics", http.Header{"Accept": {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"}})
	decoder := expfmt.NewDecoder(strings.NewReader(p.body), expfmt.ResponseFormat(p.header))
	for {
		var family dto.MetricFamily
		if err := decoder.Decode(&family); err != nil {
			t.Fatalf("no such histogram: %v", err)
		}
		if family.GetName() != "docspace_api_request_duration_seconds" {
			continue
		}
		h := family.GetMetric()[0].GetHistogram()
		if len(h.GetBucket()) == 0 || h.Schema == nil {
			t.Errorf("got %v", h)
		}
		return
	}
}

func TestOpenMetricsWithCreatedTimestamps(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}})
	p := r.get(t, "/metrics", http.Header{"Accept": {"application/openmetrics-text;version=1.0.0"}})
	if got := p.header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Errorf("content type %s", got)
	}
	for _, want := range []string{`docspace_api_requests_created{code="200",endpoint="webhooks",portal="default"} `, "\n# EOF\n"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("no %q in the answer", want)
		}
	}
}

// gone is a scraper that closed its connection.
type gone struct{ *httptest.ResponseRecorder }

func (gone) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAScraperThatIsGoneIsLoggedOnce(t *testing.T) {
	t.Parallel()
	w := &logs{}
	portal := newFakePortal(t, &fakeClient{}, w, &clock{at: now})
	handler := collector.MetricsHandler(collector.NewExporter(), portal, collector.Limits{Timeout: time.Second}, log.NewLogfmtLogger(w))
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	handler.ServeHTTP(gone{httptest.NewRecorder()}, req)
	if n := strings.Count(w.String(), "\n"); n != 1 || !strings.Contains(w.String(), io.ErrClosedPipe.Error()) {
		t.Errorf("logged:\n%s", w)
	}
}

func TestMetricsAreCompressedForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}})
	for accepted, want := range map[string]string{"gzip": "gzip", "identity": ""} {
		p := r.get(t, "/metrics", http.Header{"Accept-Encoding": {accepted}})
		if got := p.header.Get("Content-Encoding"); got != want || strings.Contains(p.body, "docspace_up 1") != (want == "") {
			t.Errorf("%s is accepted, %q was sent", accepted, got)
		}
	}
}

func TestRequestsTellWhoAsksAndForWhat(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}})
	r.scrape(t)
	for name, want := range map[string]string{"User-Agent": "docspace_exporter/test", "Accept": "application/json", "Accept-Encoding": "gzip"} {
		if got := r.portal.LastHeader().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestACollectorThatIsOffIsNotThere(t *testing.T) {
	t.Parallel()
	webhooks := []simulator.Webhook{{ID: 1, Name: "crm", Triggers: 1 << 8}}
	for off, on := range map[string]string{"webhooks": "triggers", "triggers": "webhooks"} {
		r := newRig(t, rigOptions{off: off, simulator: simulator.Options{Version: simulator.V37, Webhooks: webhooks}})
		s := r.scrape(t)
		s.want(t, samples{"docspace_up": 1, `docspace_scrape_collector_success{collector="` + on + `"}`: 1})
		if _, there := s[`docspace_scrape_collector_success{collector="`+off+`"}`]; there {
			t.Errorf("%s is still there", off)
		}
		if n := s.count("docspace_webhook_enabled") + s.count("docspace_webhook_trigger_available"); off == "triggers" && n != 1 {
			t.Errorf("%d series without triggers", n)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	for _, tc := range []struct {
		method, path string
		pprof        bool
		status       int
		contains     string
	}{
		{http.MethodGet, "/", false, 200, `href="/telemetry"`},
		{http.MethodGet, "/", false, 200, `href="/status"`},
		{http.MethodGet, "/telemetry", false, 200, "metrics"},
		{http.MethodHead, "/telemetry", false, 200, ""},
		{http.MethodPost, "/telemetry", false, 405, ""},
		{http.MethodGet, "/metrics", false, 404, ""},
		{http.MethodGet, "/-/healthy", false, 200, "healthy"},
		{http.MethodGet, "/-/ready", false, 200, "ready"},
		{http.MethodGet, "/debug/pprof/", false, 404, ""},
		{http.MethodGet, "/debug/pprof/", true, 200, "goroutine"},
		{http.MethodGet, "/debug/pprof/cmdline", true, 200, ""},
	} {
		handler, err := collector.Routes{MetricsPath: "/telemetry", Metrics: metrics, Status: http.NotFoundHandler(), Pprof: tc.pprof}.Handler()
		if err != nil {
			t.Fatal(err)
		}
		resp := httptest.NewRecorder()
		handler.ServeHTTP(resp, httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, http.NoBody))
		if resp.Code != tc.status || !strings.Contains(resp.Body.String(), tc.contains) {
			t.Errorf("%s %s (pprof %t): %d %s", tc.method, tc.path, tc.pprof, resp.Code, resp.Body)
		}
	}
}

func TestATelemetryPathThatCannotBeServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "metrics", "/metrics/", "/{x}", "/-/healthy", "/debug/pprof/heap", "/a b", "//a", "/a/../b", "/./a", "/%61", "/probe", "/sd", "/status"} {
		if _, err := (collector.Routes{MetricsPath: path}).Handler(); err == nil {
			t.Errorf("%q was accepted", path)
		}
	}
}
