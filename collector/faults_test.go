package collector_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// fault is one way in which a portal fails, and the reason that the exporter must give.
type fault struct {
	name    string
	handler http.Handler
	reason  string
	hangs   bool          // ends only with the scrape's time
	pause   time.Duration // for which the portal wants to be left alone
}

// faults are all that reach the exporter as an answer, or the lack of one. elsewhere is a host that
// the key must not reach, clock the portal's.
func faults(elsewhere string, clock func() time.Time) []fault {
	inTwoMinutes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		simulator.Unavailable(clock().Add(2*time.Minute).UTC().Format(http.TimeFormat)).ServeHTTP(w, r)
	})
	return []fault{
		{name: "401", handler: simulator.Status(http.StatusUnauthorized), reason: "unauthorized"},
		{name: "402", handler: simulator.Status(http.StatusPaymentRequired), reason: "payment_required"},
		{name: "403 empty", handler: simulator.Status(http.StatusForbidden), reason: "forbidden"},
		{name: "403 with a stack trace", handler: simulator.PortalRefuses(), reason: "forbidden"},
		{name: "404 HTML", handler: simulator.NotFoundPage(), reason: "not_found"},
		{name: "429", handler: simulator.RateLimited(""), reason: "rate_limited"},
		{name: "429 with seconds", handler: simulator.RateLimited("60"), reason: "rate_limited", pause: time.Minute},
		{name: "429 for an hour is five minutes", handler: simulator.RateLimited("3600"), reason: "rate_limited", pause: 5 * time.Minute},
		{name: "429 for ages is five minutes", handler: simulator.RateLimited("99999999999999999999"), reason: "rate_limited", pause: 5 * time.Minute},
		{name: "429 with nonsense", handler: simulator.RateLimited("soon"), reason: "rate_limited"},
		{name: "500", handler: simulator.Status(http.StatusInternalServerError), reason: "server_error"},
		{name: "502 HTML", handler: simulator.BadGateway(), reason: "server_error"},
		{name: "503", handler: simulator.Unavailable(""), reason: "server_error"},
		{name: "503 with a date", handler: inTwoMinutes, reason: "server_error", pause: 2 * time.Minute},
		{name: "418", handler: simulator.Status(http.StatusTeapot), reason: "unexpected_status"},
		{name: "204", handler: simulator.Status(http.StatusNoContent), reason: "unexpected_status"},
		{name: "redirect", handler: simulator.Redirect(elsewhere + "/login"), reason: "redirect"},
		{name: "redirect to nowhere", handler: simulator.Redirect("::"), reason: "redirect"},
		{name: "300", handler: simulator.MultipleChoices(), reason: "unexpected_status"},
		{name: "304", handler: simulator.NotModified(), reason: "unexpected_status"},
		{name: "401 whose body never ends", handler: simulator.RefusedDrip(http.StatusUnauthorized), reason: "unauthorized"},
		{name: "403 whose body never ends", handler: simulator.RefusedDrip(http.StatusForbidden), reason: "forbidden"},
		{name: "huge header", handler: simulator.OversizedHeader(), reason: "connection"},
		{name: "hang", handler: simulator.Hang(), reason: "timeout", hangs: true},
		{name: "slow drip", handler: simulator.SlowDrip(), reason: "timeout", hangs: true},
		{name: "reset", handler: simulator.Reset(), reason: "connection"},
		{name: "truncated", handler: simulator.Truncated(`{"response":[{"configs":{"id":1,`), reason: "connection"},
		{name: "truncated between elements", handler: simulator.Truncated(`{"response":[`), reason: "connection"},
		{name: "gzip that ends early", handler: simulator.TruncatedGzip(), reason: "decode"},
		{name: "endless", handler: simulator.Endless(), reason: "too_large"},
		{name: "gzip bomb", handler: simulator.GzipBomb(), reason: "too_large"},
		{name: "bad gzip", handler: simulator.BadGzip(), reason: "decode"},
		{name: "not JSON", handler: simulator.Body("application/json", "<html>"), reason: "decode"},
		{name: "an HTML page", handler: simulator.Body("text/html", "<html>Log in</html>"), reason: "decode"},
		{name: "a list that says it is a page", handler: simulator.Body("text/html; charset=utf-8", `{"response":[]}`), reason: "decode"},
		{name: "wrong shape", handler: simulator.Body("application/json", `{"response":"no"}`), reason: "decode"},
		{name: "a string", handler: simulator.Body("application/json", `"access restricted"`), reason: "decode"},
		{name: "null", handler: simulator.Body("application/json", `null`), reason: "decode"},
		{name: "empty body", handler: simulator.Body("application/json", ""), reason: "decode"},
		{name: "more than one value", handler: simulator.Body("application/json", `{"response":[]} {}`), reason: "decode"},
	}
}

// faultyRig is an exporter that takes answers of up to 1 MiB.
func faultyRig(t *testing.T, k transport) *rig {
	t.Helper()
	return newRig(t, rigOptions{transport: k, maxSize: 1 << 20, simulator: simulator.Options{
		Version: simulator.V37, Webhooks: []simulator.Webhook{{ID: 1, Name: "crm", URL: "https://a.example/?t=" + plantedURL}},
	}})
}

// meet makes the portal fail in one way, and then recover.
func (f fault) meet(t *testing.T, r *rig) {
	t.Helper()
	r.portal.Fail(f.handler)
	scrape := r.scrape
	if f.hangs {
		scrape = r.hurriedScrape
	}
	s := scrape(t)
	if got := s.failure(t, "webhooks"); got != f.reason || s["docspace_up"] != 0 || s.count("docspace_webhook_enabled") != 0 {
		t.Errorf("%s: reason %q, want %q; up %v, %d webhooks\n%s", f.name, got, f.reason, s["docspace_up"], s.count("docspace_webhook_enabled"), r.logs)
	}
	r.portal.Fail(nil)
	if f.pause > 0 {
		asked := r.portal.Requests()["settings/webhook"]
		r.clock.Advance(f.pause - time.Second)
		if got := r.scrape(t).failure(t, "webhooks"); got != f.reason || r.portal.Requests()["settings/webhook"] != asked {
			t.Errorf("%s: asked during the pause, reason %q", f.name, got)
		}
		r.clock.Advance(time.Second)
	}
	s = r.scrape(t)
	if got := s.failure(t, "webhooks"); got != "" || s["docspace_up"] != 1 || s.count("docspace_webhook_enabled") != 1 {
		t.Errorf("%s: not recovered: %q\n%s", f.name, got, r.logs)
	}
}

// hurriedScrape has a quarter of a second.
func (r *rig) hurriedScrape(t *testing.T) samples {
	t.Helper()
	return parse(t, r.get(t, "/metrics", http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"0.75"}}))
}

func TestEveryFaultHasItsReasonAndARecovery(t *testing.T) {
	t.Parallel()
	elsewhere := newDecoy(t)
	overEach(t, func(t *testing.T, k transport) {
		t.Helper()
		for _, f := range faults(elsewhere.URL, func() time.Time { return now }) {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				f.meet(t, faultyRig(t, k))
			})
		}
	})
	t.Cleanup(elsewhere.mustBeUntouched)
}

// decoy is a host that must never be asked for anything.
type decoy struct {
	*httptest.Server
	mustBeUntouched func()
}

func newDecoy(t *testing.T) decoy {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	return decoy{server, func() {
		mu.Lock()
		defer mu.Unlock()
		if len(asked) > 0 {
			t.Errorf("another host was asked: %s", asked)
		}
	}}
}

// Not parallel: it counts the descriptors of the process.
func TestHundredsOfFaultsLeaveNothingBehind(t *testing.T) {
	for _, k := range transports {
		t.Run(k.String(), func(t *testing.T) { meetHundredsOfFaults(t, k) })
	}
}

func meetHundredsOfFaults(t *testing.T, k transport) {
	t.Helper()
	elsewhere := newDecoy(t)
	r := faultyRig(t, k)
	all := faults(elsewhere.URL, r.clock.Now)
	round := func() {
		for _, f := range all {
			f.meet(t, r)
		}
	}
	round()
	files, heap := openFiles(t), heapSize()
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		round()
	}
	if got := openFiles(t); got > files+5 {
		t.Errorf("%d file descriptors, %d before", got, files)
	}
	if got := heapSize(); got > heap+8<<20 {
		t.Errorf("heap of %d bytes, %d before", got, heap)
	}
	elsewhere.mustBeUntouched()
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of file descriptors on this system")
	}
	return len(entries)
}

func heapSize() uint64 {
	runtime.GC() //nolint:revive // what is garbage must not be counted
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The scrape's time ends when the fetch's does, so whoever gives up first must not hush the trouble up.
func TestATimeoutIsLoggedLikeAnyOtherTrouble(t *testing.T) {
	t.Parallel()
	for range 5 {
		r := faultyRig(t, plainHTTP)
		r.portal.Fail(simulator.Hang())
		r.hurriedScrape(t)
		r.portal.Fail(nil)
		r.scrape(t) // after the late fetch has wound up
		if n := strings.Count(r.logs.String(), `msg="cannot read the webhooks" reason=timeout`); n != 1 {
			t.Fatalf("logged %d times:\n%s", n, r.logs)
		}
	}
}

func TestTroubleIsLoggedOnceWhateverTheNumberOfScrapes(t *testing.T) {
	t.Parallel()
	r := faultyRig(t, plainHTTP)
	r.portal.Fail(simulator.BadGateway())
	for range 20 {
		r.scrape(t)
	}
	r.portal.Fail(nil)
	for range 20 {
		r.scrape(t)
	}
	if n := strings.Count(r.logs.String(), `msg="cannot read the webhooks"`); n != 1 {
		t.Errorf("logged %d times:\n%s", n, r.logs)
	}
	if n := strings.Count(r.logs.String(), `trouble="cannot read the webhooks"`); n != 1 {
		t.Errorf("end logged %d times:\n%s", n, r.logs)
	}
}
