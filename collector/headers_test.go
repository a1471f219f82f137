package collector_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/collector"
)

const (
	strict = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	inline = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func plainRoutes(t *testing.T) http.Handler {
	t.Helper()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })
	handler, err := collector.Routes{
		MetricsPath: "/metrics", Metrics: page, Status: page, Reload: page, Probe: page, Discovery: page, Pprof: true,
	}.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestHeaders_AreOnEveryResponse(t *testing.T) {
	t.Parallel()
	handler := plainRoutes(t)
	for _, tc := range []struct {
		method, path string
		status       int
		policy       string
	}{
		{http.MethodGet, "/", 200, inline},
		{http.MethodGet, "/debug/pprof/", 200, inline},
		{http.MethodGet, "/debug/pprof/cmdline", 200, strict},
		{http.MethodGet, "/metrics", 200, strict},
		{http.MethodGet, "/probe", 200, strict},
		{http.MethodGet, "/sd", 200, strict},
		{http.MethodGet, "/-/healthy", 200, strict},
		{http.MethodGet, "/-/ready", 200, strict},
		{http.MethodPost, "/-/reload", 200, strict},
		{http.MethodGet, "/-/reload", 405, strict},
		{http.MethodPost, "/", 405, strict},
		{http.MethodGet, "/none", 404, strict},
		{http.MethodGet, "//metrics", 307, strict},
	} {
		resp := httptest.NewRecorder()
		handler.ServeHTTP(resp, httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, http.NoBody))
		header := resp.Header()
		if resp.Code != tc.status || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Content-Security-Policy") != tc.policy {
			t.Errorf("%s %s: status %d, header %v", tc.method, tc.path, resp.Code, header)
		}
	}
	r := newRig(t, rigOptions{})
	if policy := r.get(t, "/status", nil).header.Values("Content-Security-Policy"); len(policy) != 1 || !strings.Contains(policy[0], "frame-ancestors 'none'") {
		t.Errorf("status page: policy %q", policy)
	}
}

// exporter-toolkit sets the headers of the web configuration before it calls the handler.
func TestHeaders_OfTheWebConfigurationHavePrecedence(t *testing.T) {
	t.Parallel()
	const own = "frame-ancestors 'self'"
	for _, path := range []string{"/", "/metrics", "/none"} {
		resp := httptest.NewRecorder()
		resp.Header().Set("Content-Security-Policy", own)
		plainRoutes(t).ServeHTTP(resp, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if got := resp.Header().Values("Content-Security-Policy"); len(got) != 1 || got[0] != own {
			t.Errorf("%s: policy %q", path, got)
		}
	}
}

func TestReload_RefusesCrossSiteRequests(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"no browser", nil, 200},
		{"the same origin", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
		{"typed by a person", http.Header{"Sec-Fetch-Site": {"none"}}, 200},
		{"another site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"another host of the same site", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
		{"the same origin in an old browser", http.Header{"Origin": {"http://exporter.example:10056"}}, 200},
		{"another site in an old browser", http.Header{"Origin": {"https://attacker.example"}}, 403},
		{"a page without origin", http.Header{"Origin": {"null"}}, 403},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://exporter.example:10056/-/reload", http.NoBody)
		req.Header = tc.header
		resp := httptest.NewRecorder()
		plainRoutes(t).ServeHTTP(resp, req)
		if served := resp.Body.String() == "served"; resp.Code != tc.status || served != (tc.status == 200) {
			t.Errorf("%s: status %d: %s", tc.name, resp.Code, resp.Body)
		}
	}
}
