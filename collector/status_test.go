package collector_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestStatusPageTellsOfEveryWebhook(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, rigOptions{simulator: simulator.Options{
		Version: simulator.V37, TimeZone: berlin,
		Webhooks: []simulator.Webhook{
			life{created: 9 * day, success: time.Minute}.webhook(),
			{
				ID: 8, Name: "<b>erp</b>", URL: "https://user:" + plantedURL + "@a.example/?t=" + plantedURL, Enabled: true, SSL: true,
				CreatedOn: now.Add(-9 * day), LastSuccessOn: now.Add(-58 * hour), LastFailureOn: now.Add(-time.Minute),
				LastFailureContent: "<script>alert(1)</script> (" + plantedText + ".example:443)",
			},
		},
		Deliveries: []simulator.Delivery{{ID: 1, WebhookID: 8, Trigger: 1, CreatedOn: now.Add(-time.Second)}},
	}})
	p := r.get(t, "/status", nil)
	for _, want := range []string{
		"<dt>webhooks</dt><dd>2</dd>", "<dt>need attention</dt><dd>1</dd>", "<dd>0</dd>", "2 webhooks, 1 needs attention",
		"DocSpace 3.7.2.1234, alias p1, time zone Europe/Berlin, clock in step", `<time datetime="2026-01-15T10:00:00Z">2026-01-15 10:00:00 UTC</time>`,
		"&lt;b&gt;erp&lt;/b&gt;", "about to be disabled in 14 h", "2 d 10 h ago", "Read the last failure and repair the receiver.",
		`1 min ago <time class="faint" datetime="2026-01-15T09:59:00Z">2026-01-15 10:59:00 CET</time>`,
		"other: &lt;script&gt;alert(1)&lt;/script&gt; (…)", `<td data-label="pending">1</td>`, `<td data-label="pending">0</td>`, ">ok</span>",
	} {
		if !strings.Contains(p.body, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	for _, secret := range []string{plantedURL, plantedText, "a.example", simulator.DefaultKey} {
		if strings.Contains(p.body, secret) {
			t.Errorf("%s is on the page", secret)
		}
	}
	if strings.Index(p.body, "erp") > strings.Index(p.body, "crm") {
		t.Error("the problem is not the first")
	}
	if t.Failed() {
		t.Log(p.body)
	}
}

func TestStatusPageIsServedWithCare(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.get(t, "/status", nil)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
	} {
		if got := p.header.Get(name); p.status != http.StatusOK || got != want {
			t.Errorf("status %d, %s: %q, want %q", p.status, name, got, want)
		}
	}
	policy := p.header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(p.body, "<script") {
		t.Errorf("policy %q", policy)
	}
}

func TestStatusPageTellsWhyAPortalCannotBeRead(t *testing.T) {
	t.Parallel()
	elsewhere := newDecoy(t)
	r := faultyRig(t, plainHTTP)
	for _, f := range faults(elsewhere.URL, r.clock.Now) {
		if f.hangs || f.pause > 0 {
			continue // as the others of the same reason
		}
		r.portal.Fail(f.handler)
		p := r.get(t, "/status", nil)
		if p.status != http.StatusOK || !strings.Contains(p.body, "cannot be read: "+f.reason+"<") || strings.Contains(p.body, "crm") {
			t.Errorf("%s: status %d:\n%s", f.name, p.status, p.body)
		}
	}
	r.portal.Fail(nil)
	if p := r.get(t, "/status", nil); strings.Contains(p.body, "cannot be read") || !strings.Contains(p.body, "crm") {
		t.Errorf("not recovered:\n%s", p.body)
	}
}

// A part that can't be read is told, and does not hide the rest.
func TestStatusPageTellsWhichPartCannotBeRead(t *testing.T) {
	t.Parallel()
	triggersFail := func(portal http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", portal)
		mux.Handle("/api/2.0/settings/webhook/triggers", simulator.BadGateway())
		return mux
	}
	r := newRig(t, rigOptions{front: triggersFail, simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{life{}.webhook()}}})
	p := r.get(t, "/status", nil)
	if !strings.Contains(p.body, "Can’t read triggers: server_error.") || !strings.Contains(p.body, "crm") {
		t.Error(p.body)
	}
}

func TestStatusPageSharesAFetchWithAScrape(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, fetches := make(chan struct{}), atomic.Int32{}
		portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
			fetches.Add(1)
			<-release
			return docspace.WebhookList{}, nil
		}}, &logs{}, &clock{at: now})
		page := collector.StatusHandler(func() []collector.Target {
			return []collector.Target{{Portal: portal, Timeout: time.Minute}}
		}, log.NewNopLogger())
		answers := make(chan string, 2)
		for range 2 {
			go func() {
				answer := httptest.NewRecorder()
				page.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/status", http.NoBody))
				answers <- answer.Body.String()
			}()
		}
		scraped := make(chan float64)
		go func() { scraped <- value(t, portal.Collector(t.Context()), "docspace_up", "") }()
		synctest.Wait()
		close(release)
		if up := <-scraped; up != 1 || fetches.Load() != 1 {
			t.Errorf("up %v after %d fetches", up, fetches.Load())
		}
		for range 2 {
			if body := <-answers; !strings.Contains(body, "no webhooks") {
				t.Error(body)
			}
		}
	})
}

// One portal that hangs takes its own time, and no more.
func TestStatusPageShowsAllPortals(t *testing.T) {
	t.Parallel()
	well := newRig(t, rigOptions{simulator: simulator.Options{Webhooks: []simulator.Webhook{life{created: day, success: hour}.webhook()}}})
	hanging := newRig(t, rigOptions{timeout: time.Second / 4})
	hanging.portal.Fail(simulator.Hang())
	page := collector.StatusHandler(func() []collector.Target {
		return []collector.Target{well.target(), hanging.target(), hanging.target()}
	}, log.NewNopLogger())
	answer := httptest.NewRecorder()
	page.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/status", http.NoBody))
	body := answer.Body.String()
	for _, want := range []string{"<dt>portals</dt><dd>3</dd>", "<dt>can’t be read</dt><dd>2</dd>", "<dt>webhooks</dt><dd>1</dd>", "<title>2 to look at"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Index(body, "cannot be read: timeout") > strings.Index(body, "none needs attention") {
		t.Error("the problem is not the first")
	}
}

// A thousand portals are asked for one page, but not all at the same moment.
func TestStatusPageAsksSomePortalsAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const number, limit = 250, 100
		release, asked := make(chan struct{}), atomic.Int32{}
		portals := make([]collector.Target, number)
		for i := range portals {
			portals[i] = collector.Target{Timeout: time.Minute, Portal: newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
				asked.Add(1)
				<-release
				return docspace.WebhookList{}, nil
			}}, &logs{}, &clock{at: now})}
		}
		answer := httptest.NewRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			collector.StatusHandler(func() []collector.Target { return portals }, log.NewNopLogger()).
				ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/status", http.NoBody))
		}()
		synctest.Wait()
		if n := asked.Load(); n != limit {
			t.Errorf("%d portals are asked at the same moment, want %d", n, limit)
		}
		close(release)
		<-done
		if !strings.Contains(answer.Body.String(), "<dt>portals</dt><dd>250</dd>") || asked.Load() != number {
			t.Errorf("%d portals were asked:\n%s", asked.Load(), answer.Body)
		}
	})
}
