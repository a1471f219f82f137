package collector_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// limited sends five requests of which two are served, but not before meanwhile has returned.
func (f *fleet) limited(t *testing.T, path string, meanwhile func()) {
	t.Helper()
	released := make(chan struct{})
	f.portals["acme"].Fail(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-released
		w.WriteHeader(http.StatusBadGateway)
	}))
	const limit, number = 2, 5
	pages := make(chan page, number)
	for range number {
		go func() { pages <- f.get(t, path, nil) }()
	}
	for range number - limit {
		if p := <-pages; p.status != http.StatusServiceUnavailable || p.body != "Limit of concurrent requests reached (2), try again later.\n" {
			t.Errorf("%s: status %d: %s", path, p.status, p.body)
		}
	}
	meanwhile()
	close(released)
	for range limit {
		if p := <-pages; p.status != http.StatusOK {
			t.Errorf("%s: status %d: %s", path, p.status, p.body)
		}
	}
	if p := f.get(t, path, nil); p.status != http.StatusOK {
		t.Errorf("%s after all have ended: status %d: %s", path, p.status, p.body)
	}
}

func TestLimitRequests_IsForEachTargetSeparately(t *testing.T) {
	t.Parallel()
	f := newLimitedFleet(t, 2, "acme", "beta")
	f.limited(t, "/probe?target=acme", func() {
		f.probe(t, "beta").want(t, samples{"docspace_up": 1})
		f.scrape(t)
	})
}

func TestLimitRequests_OfTheStatusPageLeavesScrapesAlone(t *testing.T) {
	t.Parallel()
	f := newLimitedFleet(t, 2, "acme", "beta")
	f.limited(t, "/status", func() {
		f.probe(t, "beta").want(t, samples{"docspace_up": 1})
		f.scrape(t)
	})
}

func TestLimitRequests_ZeroIsNoLimit(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	var requests sync.WaitGroup
	for range 100 {
		requests.Go(func() { f.probe(t, "acme").want(t, samples{"docspace_up": 1}) })
	}
	requests.Wait()
}

func TestProcessMetrics_CountTheRequestsOfTheMetrics(t *testing.T) {
	t.Parallel()
	const total, inFlight = `promhttp_metric_handler_requests_total{code="`, "promhttp_metric_handler_requests_in_flight"
	f := newLimitedFleet(t, 2, "acme")
	f.scrape(t).want(t, samples{total + `200"}`: 0, total + `500"}`: 0, total + `503"}`: 0, inFlight: 1})
	s := f.scrape(t)
	s.want(t, samples{total + `200"}`: 1, inFlight: 1})
	for _, prefix := range []string{"go_", "process_"} {
		found := false
		for series := range s {
			found = found || strings.HasPrefix(series, prefix)
		}
		if !found {
			t.Errorf("no metric %s*", prefix)
		}
	}
}
