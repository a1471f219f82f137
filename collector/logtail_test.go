package collector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const logPath = "settings/webhooks/log"

// rows are accepted deliveries for webhook 7 with the ids after one.
func rows(after int64, n int) []simulator.Delivery {
	list := make([]simulator.Delivery, n)
	for i := range list {
		list[i] = accepted(waiting(after+int64(i)+1), time.Second)
	}
	return list
}

const deliveriesOf7 = `docspace_webhook_deliveries_total{id="7",name="crm",trigger="file.uploaded"}`

// However many rows there are between two scrapes, all of them are counted, and no page is read
// without need.
func TestNewRowsOfOneScrape(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ before, rows, pages int }{
		{1000, 0, 1},
		{1000, 1, 1},
		{1000, 90, 1},
		{1000, 91, 2}, // some rows are read again
		{1000, 99, 2},
		{1000, 100, 2},
		{1000, 101, 2},
		{1000, 250, 3},
		{1000, 5000, 51}, // the last one is short, and tells that this was all
		{0, 99, 1},
		{0, 100, 2},
		{0, 101, 2},
	} {
		t.Run(fmt.Sprintf("%d after %d", tc.rows, tc.before), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{timeout: time.Minute, simulator: simulator.Options{
				Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, tc.before),
			}})
			r.scrape(t)
			r.portal.AddDeliveries(rows(int64(tc.before), tc.rows)...)
			before := r.portal.Requests()[logPath]
			r.scrape(t).want(t, samples{deliveriesOf7: float64(tc.rows), "docspace_delivery_log_gaps_total": 0})
			if got := r.portal.Requests()[logPath] - before; got != tc.pages {
				t.Errorf("%d pages were read, want %d", got, tc.pages)
			}
		})
	}
}

// How far the first scrape looks back does not depend on the length of the log.
func TestTheFirstScrapeDoesNotReadTheWholeLog(t *testing.T) {
	t.Parallel()
	list := rows(0, 1000)
	for i := range 850 {
		list[i].CreatedOn = now.Add(-24*time.Hour - time.Second)
	}
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: list}})
	r.scrape(t)
	if got := r.portal.Requests()[logPath]; got != 2 {
		t.Errorf("%d pages were read", got)
	}
}

// The database can show a row later than many with greater ids.
func TestARowThatShowsUpLate(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	list := rows(0, 200)
	late := list[150]
	r.portal.AddDeliveries(slices.Delete(list, 150, 151)...)
	r.scrape(t).want(t, samples{deliveriesOf7: 199})
	r.portal.AddDeliveries(late)
	for range 2 {
		r.scrape(t).want(t, samples{deliveriesOf7: 200})
	}
}

// Between two pages of a scrape rows vanish with their webhook, so that the others move up.
func TestRowsThatVanishBetweenPages(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"), hook(8, "old"))
	list := rows(0, 600)
	for i := 0; i < len(list); i += 2 {
		list[i].WebhookID = 8
	}
	r.portal.AddDeliveries(list...)
	r.portal.OnLogPage(func(url.Values) { r.portal.SetWebhooks([]simulator.Webhook{hook(7, "crm")}) })
	r.scrape(t).want(t, samples{deliveriesOf7: 300})
}

// When there are more new rows than pages may be read, the reader goes on from the newest one.
func TestAGapIsCountedAndLoggedOnce(t *testing.T) {
	t.Parallel()
	fail := &failingPages{}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, 1000)},
		front:     fail.front,
		log:       &docspace.LogSettings{StuckAfter: time.Minute, Lookback: time.Hour, MaxPages: 2},
	})
	r.scrape(t).want(t, samples{"docspace_delivery_log_gaps_total": 0}) // what was before is no gap
	for i, want := range []samples{
		{deliveriesOf7: 210, "docspace_delivery_log_gaps_total": 1},
		{deliveriesOf7: 420, "docspace_delivery_log_gaps_total": 2},
	} {
		r.portal.AddDeliveries(rows(int64(1000+500*i), 500)...)
		r.scrape(t).want(t, want)
	}
	fail.at = 2 // a scrape that can't tell is not the end of it
	r.portal.AddDeliveries(rows(2000, 150)...)
	r.scrape(t)
	r.scrape(t).want(t, samples{deliveriesOf7: 570, "docspace_delivery_log_gaps_total": 2})
	want := `level=warn portal=default msg="cannot keep up with the delivery log" err="more rows are new than --collector.deliveries.max-pages allows to read, the oldest of them are not counted"
level=warn portal=default msg="cannot read the delivery log" reason=server_error err="get log: HTTP 502 Bad Gateway"
level=info portal=default msg="trouble is over" trouble="cannot keep up with the delivery log" after=0s
level=info portal=default msg="trouble is over" trouble="cannot read the delivery log" after=0s
`
	if got := r.logs.String(); got != want {
		t.Errorf("logged:\n%s", got)
	}
}

// A scrape that could not read every page is no loss, and the next one does not read the same again.
func TestAnInterruptedScrapeIsGoneOnWith(t *testing.T) {
	t.Parallel()
	fail := &failingPages{}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, 300)},
		front:     fail.front,
	})
	r.scrape(t)
	r.portal.AddDeliveries(rows(300, 950)...)
	fail.at = 6
	s := r.scrape(t)
	if got := s.failure(t, "deliveries"); got != "server_error" || s.count("docspace_webhook_deliveries_total") > 0 || s["docspace_up"] != 1 {
		t.Errorf("reason %q, %d series, up %v", got, s.count("docspace_webhook_deliveries_total"), s["docspace_up"])
	}
	r.portal.AddDeliveries(rows(1250, 50)...)
	before := fail.pages
	r.scrape(t).want(t, samples{deliveriesOf7: 1000})
	if got := fail.pages - before; got != 6 { // of 11
		t.Errorf("%d pages were read", got)
	}
}

// A portal may be so slow that no scrape ends in time, and meanwhile more rows come than one can read.
func TestACatchUpThatTakesManyScrapes(t *testing.T) {
	t.Parallel()
	fail := &failingPages{}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, 150)},
		front:     fail.front,
	})
	r.scrape(t)
	scrape := func() samples {
		fail.at = 4
		return r.scrape(t)
	}
	r.portal.AddDeliveries(rows(150, 950)...)
	scrape()
	r.portal.AddDeliveries(rows(1100, 2000)...)
	s := scrape()
	for n := 1; s.failure(t, "deliveries") != ""; n++ {
		if s = scrape(); n > 20 {
			t.Fatal("no end in sight")
		}
	}
	s.want(t, samples{deliveriesOf7: 2950, "docspace_delivery_log_gaps_total": 0})
}

// Pages that are read again and again, because the one after them fails, are no gap.
func TestManyScrapesWithoutProgress(t *testing.T) {
	t.Parallel()
	fail := &failingPages{}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, 150)},
		front:     fail.front,
		log:       &docspace.LogSettings{StuckAfter: time.Minute, Lookback: time.Hour, MaxPages: 5},
	})
	r.scrape(t)
	r.portal.AddDeliveries(rows(150, 200)...)
	for i := range int64(10) {
		r.portal.AddDeliveries(rows(350+i, 1)...)
		fail.at = 2
		r.scrape(t)
	}
	fail.at = 0
	r.scrape(t).want(t, samples{deliveriesOf7: 210, "docspace_delivery_log_gaps_total": 0})
}

// failingPages stands in front of a portal and counts the pages of its log, one of which fails.
type failingPages struct{ pages, at int }

func (f *failingPages) front(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, logPath) {
			portal.ServeHTTP(w, r)
			return
		}
		f.pages++
		f.at--
		if f.at == 0 {
			simulator.BadGateway().ServeHTTP(w, r)
			return
		}
		portal.ServeHTTP(w, r)
	})
}

// What the portal says about the length of the log may be wrong.
func TestATotalThatLies(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]any{"zero": 0, "less": 150, "more": 1_000_000, "negative": -1, "null": nil, "a word": "many"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{
				simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows(0, 300)},
				front: func(portal http.Handler) http.Handler {
					return edited(t, portal, func(envelope map[string]any) { envelope["total"] = lie })
				},
			})
			r.scrape(t)
			list := rows(300, 450)
			list[0] = waiting(301)
			r.portal.AddDeliveries(list...)
			r.scrape(t).want(t, samples{deliveriesOf7: 449, "docspace_delivery_log_gaps_total": 0})
			r.portal.AddDeliveries(accepted(waiting(301), time.Second))
			r.scrape(t).want(t, samples{deliveriesOf7: 450})
		})
	}
}

// A row that can't be read is skipped and logged once, without what is in it.
func TestARowThatCannotBeReadIsSkipped(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front: func(portal http.Handler) http.Handler {
			return edited(t, portal, func(envelope map[string]any) {
				if list, ok := envelope["response"].([]any); ok && len(list) == 3 {
					list[1] = map[string]any{"id": 2, "status": personal}
				}
			})
		},
	})
	r.scrape(t)
	r.portal.AddDeliveries(rows(0, 3)...)
	for range 2 {
		r.scrape(t).want(t, samples{deliveriesOf7: 2})
	}
	want := `level=warn portal=default msg="skipped deliveries that cannot be read" err="unexpected answer: no integer status"
`
	if got := r.logs.String(); got != want {
		t.Errorf("logged:\n%s", got)
	}
}

// edited edits every page of the log.
func edited(t *testing.T, portal http.Handler, edit func(envelope map[string]any)) http.Handler {
	t.Helper()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, logPath) {
			portal.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		recorder := httptest.NewRecorder()
		portal.ServeHTTP(recorder, r)
		var envelope map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &envelope); err != nil {
			t.Error(err)
		}
		edit(envelope)
		maps.Copy(w.Header(), recorder.Header())
		if err := json.NewEncoder(w).Encode(envelope); err != nil {
			t.Error(err)
		}
	})
}
