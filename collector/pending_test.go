package collector_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const (
	pendingOf7 = `docspace_webhook_pending_deliveries{id="7",name="crm"}`
	stuckOf7   = `docspace_webhook_stuck_deliveries{id="7",name="crm"}`
	oldestOf7  = `docspace_webhook_oldest_pending_timestamp_seconds{id="7",name="crm"}`
)

// among returns the first accepted deliveries of a log, every nth of which is still pending.
func among(n, nth int) []simulator.Delivery {
	list := rows(0, n)
	for i := 0; i < n; i += nth {
		list[i] = waiting(list[i].ID)
	}
	return list
}

// requests is how many requests one scrape costs the portal.
func (r *rig) requests(t *testing.T) int {
	t.Helper()
	sum := func() (n int) {
		for _, count := range r.portal.Requests() {
			n += count
		}
		return n
	}
	before := sum()
	r.scrape(t)
	return sum() - before
}

func TestWhatAScrapeCostsThePortal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		deliveries []simulator.Delivery
		want       int
	}{
		{"nothing in the log", nil, 2},
		{"nothing pending", rows(0, 1000), 2},
		{"some pending among the newest", append(rows(0, 1000), waiting(1001), waiting(1002)), 2},
		{"one pending further down", among(1000, 1000), 3},
		{"two hundred abandoned, far from each other", append(among(4800, 24), rows(4800, 100)...), 12},
		{"two hundred abandoned side by side", append(among(200, 1), rows(200, 800)...), 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{timeout: time.Minute, simulator: simulator.Options{
				Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: tc.deliveries,
			}})
			r.scrape(t)
			for range 3 {
				if got := r.requests(t); got != tc.want {
					t.Errorf("%d requests, want %d", got, tc.want)
				}
			}
		})
	}
}

// Every pending row has its turn, however many there are, so all are counted in the end.
func TestAbandonedRowsTakeTurns(t *testing.T) {
	t.Parallel()
	list := among(4900, 100)
	r := newRig(t, rigOptions{timeout: time.Minute, simulator: simulator.Options{
		Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: append(list, rows(4900, 100)...),
	}})
	r.scrape(t).want(t, samples{pendingOf7: 49})
	for i := 0; i < len(list); i += 100 {
		r.portal.AddDeliveries(accepted(list[i], time.Minute))
	}
	for _, left := range []float64{39, 29, 19, 9, 0} {
		r.scrape(t).want(t, samples{pendingOf7: left, deliveriesOf7: 49 - left})
	}
}

// A row that can't be read any more fails its scrapes, but only until it is too old, and without harm
// to what becomes of others.
func TestAPendingRowThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front: func(portal http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("eventId") == "101" {
					simulator.BadGateway().ServeHTTP(w, r)
					return
				}
				portal.ServeHTTP(w, r)
			})
		},
	})
	r.scrape(t)
	r.portal.AddDeliveries(append(among(200, 100), rows(200, 200)...)...)
	r.scrape(t).want(t, samples{pendingOf7: 2, deliveriesOf7: 398}) // 1 and 101 are pending
	if got := r.scrape(t).failure(t, "deliveries"); got != "server_error" {
		t.Errorf("reason %q", got)
	}
	r.portal.AddDeliveries(accepted(waiting(1), time.Minute))
	r.scrape(t)
	r.clock.Advance(24*time.Hour + time.Second)
	r.scrape(t)
	r.scrape(t).want(t, samples{pendingOf7: 0, deliveriesOf7: 399})
}

// On a slow portal a scrape asks for as many rows as there is time for, and does not fail for the rest.
func TestAPortalThatIsTooSlowForAllQuestions(t *testing.T) {
	t.Parallel()
	list := among(300, 100)
	r := newRig(t, rigOptions{
		timeout: time.Minute,
		simulator: simulator.Options{
			Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: append(list, rows(300, 100)...),
		},
		front: func(portal http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("eventId") {
					<-time.After(3 * time.Second) // two of them take longer than the scrape has
				}
				portal.ServeHTTP(w, r)
			})
		},
	})
	r.scrape(t).want(t, samples{pendingOf7: 3})
	for i := 0; i < len(list); i += 100 {
		r.portal.AddDeliveries(accepted(list[i], time.Minute))
	}
	p := r.get(t, "/metrics", http.Header{"X-Prometheus-Scrape-Timeout-Seconds": {"6"}})
	parse(t, p).want(t, samples{pendingOf7: 2, deliveriesOf7: 1})
}

// Rows that vanish with their webhook leave the others where they are from the newest row on.
func TestPendingRowsAreFoundWhenOlderOnesVanish(t *testing.T) {
	t.Parallel()
	list := rows(0, 2000)
	for i := range list {
		if i < 1500 && i%2 == 0 {
			list[i].WebhookID = 8
		}
		if i >= 1600 && i%3 == 0 && i < 1680 {
			list[i] = waiting(list[i].ID)
		}
	}
	r := newRig(t, rigOptions{timeout: time.Minute, simulator: simulator.Options{
		Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm"), hook(8, "old")}, Deliveries: list,
	}})
	r.scrape(t)
	for _, step := range []struct {
		webhooks []simulator.Webhook
		requests int
	}{
		{[]simulator.Webhook{hook(7, "crm"), hook(8, "old")}, 3},
		{[]simulator.Webhook{hook(7, "crm")}, 5}, // key and user, too, as a webhook has left the list
		{[]simulator.Webhook{hook(7, "crm")}, 3},
	} {
		r.portal.SetWebhooks(step.webhooks)
		if got := r.requests(t); got != step.requests {
			t.Errorf("%d requests with %d webhooks", got, len(step.webhooks))
		}
	}
}

// A server that does not know of questions for one row answers with its newest, which is another one.
func TestAnAnswerWithAnotherRow(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm"), hook(8, "crm")}},
		front: func(portal http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				query.Del("eventId")
				r.URL.RawQuery = query.Encode()
				portal.ServeHTTP(w, r)
			})
		},
	})
	r.scrape(t)
	cut := waiting(2)
	cut.Cut = true
	r.portal.AddDeliveries(append([]simulator.Delivery{waiting(1), cut}, rows(2, 200)...)...)
	for range 2 {
		r.scrape(t).want(t, samples{deliveriesOf7: 200})
	}
}

func TestADeliveryThatEndsUnderManyNewerOnes(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(waiting(1))
	r.scrape(t).want(t, samples{pendingOf7: 1})
	for i := range int64(4) {
		r.portal.AddDeliveries(rows(1+300*i, 300)...)
		r.scrape(t).want(t, samples{pendingOf7: 1, deliveriesOf7: float64(300 * (i + 1))})
	}
	r.portal.AddDeliveries(failed(waiting(1), 500, "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."))
	r.scrape(t).want(t, samples{pendingOf7: 0, deliveriesOf7: 1201, `docspace_webhook_delivery_failures_total{id="7",name="crm",reason="timeout"}`: 1})
	// It began before all that were accepted, so it says nothing of how the webhook is now.
	r.scrape(t).want(t, samples{`docspace_webhook_consecutive_failures{id="7",name="crm"}`: 0})
}

// A pending delivery gets stuck, and is given up in the end. When it ends after that, nobody looks.
func TestTheAgesOfAPendingDelivery(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(waiting(1))
	since := float64(now.Unix())
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 0, oldestOf7: since})
	r.clock.Advance(15 * time.Minute)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 0, oldestOf7: since})
	r.clock.Advance(time.Second)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 1, oldestOf7: since})
	r.clock.Advance(24*time.Hour - 15*time.Minute - time.Second)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 1, oldestOf7: since})
	r.clock.Advance(time.Second)
	r.scrape(t).want(t, samples{pendingOf7: 0, stuckOf7: 0, oldestOf7: 0})
	r.portal.AddDeliveries(accepted(waiting(1), time.Minute))
	r.scrape(t).want(t, samples{pendingOf7: 0, deliveriesOf7: 0})
}

// A newer server says when it will try again: until then nothing is stuck.
func TestADeliveryThatIsDueLaterIsNotStuck(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	retrying := failed(waiting(1), 503, "Response status code does not indicate success: 503 (Service Unavailable).")
	retrying.Attempts, retrying.NextAttemptOn = new(5), now.Add(5*time.Hour)
	r.portal.AddDeliveries(retrying)
	r.clock.Advance(5 * time.Hour)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 0, oldestOf7: float64(now.Unix())})
	r.clock.Advance(16 * time.Minute)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 1})
}

// The age is by the portal's clock, which made the date. This portal's is an hour ahead.
func TestAnExporterWithAWrongClock(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front: func(portal http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { portal.ServeHTTP(hourAhead{w}, r) })
		},
	})
	d := waiting(1)
	d.CreatedOn = now.Add(time.Hour)
	r.portal.AddDeliveries(d)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 0, oldestOf7: float64(now.Add(time.Hour).Unix())})
	r.clock.Advance(16 * time.Minute)
	r.scrape(t).want(t, samples{pendingOf7: 1, stuckOf7: 1})
}

// hourAhead shows another time than the portal's.
type hourAhead struct{ http.ResponseWriter }

func (h hourAhead) WriteHeader(status int) {
	date, err := http.ParseTime(h.Header().Get("Date"))
	if err == nil {
		h.Header().Set("Date", date.Add(time.Hour).Format(http.TimeFormat))
	}
	h.ResponseWriter.WriteHeader(status)
}

// At any portal zone, in any version, dates of the log become the true instants.
func TestDatesOfTheLog(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]simulator.Options{
		"3.0":                    {Version: simulator.V30},
		"3.1.1":                  {Version: simulator.V31, EarlyLog: true},
		"3.6":                    {Version: simulator.V31},
		"3.7":                    {Version: simulator.V37},
		"a server that is right": {Version: simulator.V37, FixedLogDates: true},
	} {
		for _, portalZone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} {
			for _, serverZone := range serverZones(options) {
				for _, at := range []time.Time{now, now.AddDate(0, 6, 0)} {
					t.Run(fmt.Sprintf("%s, %s on %s in %s", name, portalZone, serverZone, at.Month()), func(t *testing.T) {
						t.Parallel()
						options := options
						options.TimeZone, options.ServerZone = zone(t, portalZone), zone(t, serverZone)
						options.Webhooks = []simulator.Webhook{hook(7, "crm")}
						r := newRig(t, rigOptions{simulator: options})
						r.clock.Advance(at.Sub(now))
						r.scrape(t)
						for id := range int64(3) {
							d := waiting(id + 1)
							d.CreatedOn = at.Add(time.Duration(id) * time.Second)
							r.portal.AddDeliveries(d)
						}
						r.clock.Advance(15*time.Minute + time.Second)
						r.scrape(t).want(t, samples{oldestOf7: float64(at.Unix()), pendingOf7: 3, stuckOf7: 1})
						d := waiting(1)
						d.CreatedOn = at
						r.portal.AddDeliveries(accepted(d, 7*time.Minute))
						r.scrape(t).want(t, samples{`docspace_webhook_delivery_duration_seconds_sum{id="7",name="crm"}`: 420})
					})
				}
			}
		}
	}
}

// serverZones are zones of the portal's machine, which plays a part only where the offset is printed.
func serverZones(o simulator.Options) []string {
	if o.EarlyLog {
		return []string{"UTC", "America/New_York"}
	}
	return []string{"UTC"}
}
