package collector_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestProbeServesOnePortalAndMetricsTheExporterAlone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	acme := f.probe(t, "acme")
	acme.want(t, samples{
		"docspace_up": 1,
		`docspace_webhook_enabled{id="1",name="hook of acme",trigger="file.uploaded"}`: 1,
		`docspace_portal_info{alias="acme",time_zone="UTC",version="3.7.2.1234"}`:      1,
	})
	if acme.count("docspace_webhook_enabled") != 1 {
		t.Error("webhooks of another portal")
	}
	for series := range acme {
		name, _, _ := strings.Cut(series, "{")
		if !strings.HasPrefix(name, "docspace_") || strings.HasPrefix(name, "docspace_api_request") || strings.HasPrefix(name, "docspace_exporter_") {
			t.Errorf("/probe serves %s", name)
		}
	}
	exporter := f.scrape(t)
	exporter.want(t, samples{
		`docspace_api_requests_total{code="200",endpoint="webhooks",portal="acme"}`: 1,
		`docspace_api_requests_total{code="200",endpoint="webhooks",portal="beta"}`: 0,
		"docspace_exporter_config_last_reload_successful":                           1,
		"docspace_exporter_config_last_reload_success_timestamp_seconds":            float64(now.Unix()),
	})
	for series := range exporter {
		name, _, _ := strings.Cut(series, "{")
		own := false
		for _, prefix := range []string{"docspace_api_", "docspace_exporter_", "go_", "process_", "promhttp_"} {
			own = own || strings.HasPrefix(name, prefix)
		}
		if !own {
			t.Errorf("/metrics serves %s", name)
		}
	}
}

func TestProbeNegotiatesAsMetricsDo(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	p := f.get(t, "/probe?target=acme", http.Header{"Accept": {"application/openmetrics-text;version=1.0.0"}})
	if !strings.HasPrefix(p.header.Get("Content-Type"), "application/openmetrics-text") || !strings.HasSuffix(p.body, "# EOF\n") {
		t.Errorf("content type %s", p.header.Get("Content-Type"))
	}
	p = f.get(t, "/probe?target=acme", http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"soon"}})
	if p.status != http.StatusBadRequest {
		t.Errorf("a bad timeout is answered by %d", p.status)
	}
}

func TestAPortalsOwnTimeoutIsForScrapesThatDoNotSay(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	f.reconfigure(t, "acme\n    timeout: 100ms")
	f.portals["acme"].Fail(simulator.Hang())
	start := time.Now()
	if got := f.probe(t, "acme").failure(t, "webhooks"); got != "timeout" || time.Since(start) > 5*time.Second {
		t.Errorf("reason %q after %s", got, time.Since(start))
	}
}

// Nobody but the configured portals is ever asked, and none gets the key of another.
func TestOnlyConfiguredPortalsCanBeProbed(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	decoy := newDecoy(t)
	acme, elsewhere := f.urls["acme"], url.QueryEscape(decoy.URL)
	for _, tt := range []struct {
		query  string
		status int
	}{
		{"", http.StatusBadRequest},
		{"target", http.StatusBadRequest},
		{"target=", http.StatusBadRequest},
		{"Target=acme", http.StatusBadRequest},
		{"target[]=acme", http.StatusBadRequest},
		{"target=acme&target=acme", http.StatusBadRequest},
		{"target=acme&target=" + elsewhere, http.StatusBadRequest},
		{"target=&target=acme", http.StatusBadRequest},
		{"target=acme;target=beta", http.StatusBadRequest},
		{"target=%zz", http.StatusBadRequest},
		{"target=acme&x=%zz", http.StatusBadRequest},
		{"target=" + elsewhere, http.StatusNotFound},
		{"target=" + url.QueryEscape(strings.TrimPrefix(decoy.URL, "http://")), http.StatusNotFound},
		{"target=" + url.QueryEscape(acme+"@"+strings.TrimPrefix(decoy.URL, "http://")), http.StatusNotFound},
		{"target=" + url.QueryEscape(acme+"/"), http.StatusNotFound},
		{"target=" + url.QueryEscape(acme+"?x"), http.StatusNotFound},
		{"target=" + url.QueryEscape(strings.ToUpper(acme)), http.StatusNotFound},
		{"target=" + url.QueryEscape(strings.TrimPrefix(acme, "http://")), http.StatusNotFound},
		{"target=ACME", http.StatusNotFound},
		{"target=acme%20", http.StatusNotFound},
		{"target=acme%00", http.StatusNotFound},
		{"target=acme%0a", http.StatusNotFound},
		{"target=*", http.StatusNotFound},
		{"target=default", http.StatusNotFound},
		{"target=169.254.169.254", http.StatusNotFound},
	} {
		p := f.get(t, "/probe?"+tt.query, nil)
		if p.status != tt.status || strings.Count(p.body, "\n") != 1 || strings.Contains(p.body, "http") {
			t.Errorf("%q answered %d: %s", tt.query, p.status, p.body)
		}
	}
	if n := f.asked("acme") + f.asked("beta"); n > 0 {
		t.Errorf("portals were asked %d times", n)
	}
	for _, target := range []string{"acme", url.QueryEscape(f.urls["beta"])} {
		f.probe(t, target).want(t, samples{"docspace_up": 1})
	}
	for name, portal := range f.portals {
		if got := portal.LastHeader().Get("Authorization"); got != "Bearer "+keyOf(name) {
			t.Errorf("%s got the key %q", name, got)
		}
	}
	decoy.mustBeUntouched()
}

func TestNoRedirectTakesAKeyElsewhere(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	decoy := newDecoy(t)
	f.configure(t, "acme")
	for _, follow := range []string{"false", "true"} {
		f.writeFile(t, "docspace.yml", "portals: {acme: {url: "+f.urls["acme"]+", http_client_config: {authorization: {credentials_file: acme.key}, follow_redirects: "+follow+"}}}")
		if p := f.reload(t); p.status != http.StatusOK {
			t.Fatal(p.body)
		}
		f.portals["acme"].Fail(simulator.Redirect(decoy.URL + "/login"))
		if got := f.probe(t, "acme").failure(t, "webhooks"); got != "redirect" {
			t.Errorf("follow_redirects %s: reason %q", follow, got)
		}
		f.portals["acme"].Fail(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/moved") {
				http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusFound)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"response":[]}`))
		}))
		if got := f.probe(t, "acme")["docspace_up"]; got != map[string]float64{"false": 0, "true": 1}[follow] {
			t.Errorf("follow_redirects %s within the portal: up %v", follow, got)
		}
	}
	decoy.mustBeUntouched()
}

func TestAPortalThatHangsDelaysNoOther(t *testing.T) {
	t.Parallel()
	fast := []string{"fast0", "fast1", "fast2", "fast3", "fast4"}
	f := newFleet(t, slices.Concat(fast, []string{"slow"})...)
	reached, release := make(chan struct{}, 100), make(chan struct{})
	f.portals["slow"].Fail(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	var slow sync.WaitGroup
	for range 50 {
		slow.Go(func() {
			if up := f.probe(t, "slow")["docspace_up"]; up != 0 {
				t.Errorf("up %v without an answer", up)
			}
		})
	}
	<-reached
	for _, name := range fast { // while the slow one hangs, whose scrapes end only after these
		f.probe(t, name).want(t, samples{"docspace_up": 1})
	}
	close(release)
	slow.Wait()
}

func TestKeyFilesRotateWithoutAReload(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	for _, step := range []struct{ key, reason string }{{keyOf("acme"), ""}, {plantedKey, "unauthorized"}, {keyOf("acme"), ""}} {
		f.writeFile(t, "acme.key", step.key)
		if got := f.probe(t, "acme").failure(t, "webhooks"); got != step.reason {
			t.Errorf("reason %q, want %q", got, step.reason)
		}
		f.probe(t, "beta").want(t, samples{"docspace_up": 1})
	}
}

func TestKeysOfSeveralPortalsAreShownNowhere(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	var seen strings.Builder
	for _, more := range []string{"", "    time_zone: " + keyOf("acme"), "    labels: " + keyOf("acme")} {
		for _, key := range []string{keyOf("acme"), "two words " + keyOf("acme")} {
			f.writeFile(t, "acme.key", key)
			f.configure(t, "acme\n"+more, "beta")
			seen.WriteString(f.reload(t).body)
			for _, path := range []string{"/", "/metrics", "/sd", "/probe", "/probe?target=acme", "/probe?target=beta"} {
				seen.WriteString(f.get(t, path, nil).body)
			}
		}
	}
	seen.WriteString(f.logs.String())
	for _, secret := range []string{keyOf("acme"), keyOf("beta")} {
		if strings.Contains(seen.String(), secret) {
			t.Errorf("%s was shown", secret)
		}
	}
	if f.portals["beta"].LastHeader().Get("Authorization") != "Bearer "+keyOf("beta") {
		t.Error("the key was never sent, so this test shows nothing")
	}
}
