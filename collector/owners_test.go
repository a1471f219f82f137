package collector_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// byWebhook returns how many deliveries were counted, by id and name.
func (s samples) byWebhook() map[string]float64 {
	counts := map[string]float64{}
	for series, value := range s {
		if labels, ok := strings.CutPrefix(series, "docspace_webhook_deliveries_total{"); ok {
			counts[strings.Join(strings.Split(labels, ",")[:2], ",")] += value
		}
	}
	return counts
}

func (s samples) wantByWebhook(t *testing.T, want map[string]float64) {
	t.Helper()
	got := s.byWebhook()
	for labels, n := range want {
		if got[labels] != n {
			t.Errorf("%v deliveries of %s, want %v", got[labels], labels, n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("deliveries of %v, want those of %v", got, want)
	}
}

func of(webhook int64, d simulator.Delivery) simulator.Delivery {
	d.WebhookID = webhook
	return d
}

// A cut row does not say whose it is. Its name tells, or else the portal is asked.
func TestWhoseADeliveryIs(t *testing.T) {
	t.Parallel()
	webhooks := []simulator.Webhook{hook(7, "crm"), hook(8, "reports"), hook(9, "reports")}
	for _, tc := range []struct {
		name      string
		options   simulator.Options
		cut       bool
		questions int // that are asked to know whose three rows are
	}{
		{"3.7", simulator.Options{Version: simulator.V37}, false, 0},
		{"3.7, cut", simulator.Options{Version: simulator.V37}, true, 3}, // the last row: of 8? of 9?
		{"3.1.1, without names", simulator.Options{Version: simulator.V31, EarlyLog: true}, false, 0},
		{"3.1.1, without names and cut", simulator.Options{Version: simulator.V31, EarlyLog: true}, true, 6},
		{"3.0, where no row says so", simulator.Options{Version: simulator.V30}, false, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.Webhooks = webhooks
			r := newRig(t, rigOptions{simulator: tc.options})
			r.scrape(t)
			for i := range webhooks {
				d := of(webhooks[i].ID, accepted(waiting(int64(i)+1), time.Second))
				d.Cut = tc.cut
				r.portal.AddDeliveries(d)
			}
			before := r.portal.Requests()[logPath]
			s := r.scrape(t)
			for range 2 { // at most five questions in a scrape
				s = r.scrape(t)
			}
			s.wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 1, `id="8",name="reports"`: 1, `id="9",name="reports"`: 1})
			if got := r.portal.Requests()[logPath] - before - 3; got != tc.questions {
				t.Errorf("%d questions were asked, want %d", got, tc.questions)
			}
		})
	}
}

// Half of the spare requests of a scrape are for such questions, the others for pending rows.
func TestQuestionsTakeTurnsWithPendingRows(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{timeout: time.Minute, simulator: simulator.Options{
		Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm"), hook(8, "crm")}, Deliveries: append(among(2000, 200), rows(2000, 100)...),
	}})
	r.scrape(t)
	cut := rows(2100, 10)
	for i := range cut {
		cut[i].Cut, cut[i].WebhookID = true, 8
	}
	r.portal.AddDeliveries(append(cut, rows(0, 2000)...)...)
	for _, requests := range []int{12, 12, 7, 7} { // each row takes two questions: of 7? of 8?
		if got := r.requests(t); got != requests {
			t.Errorf("%d requests, want %d", got, requests)
		}
	}
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 10, `id="8",name="crm"`: 10})
}

// A row whose owner is not known yet can be pending, and can end before it is.
func TestAPendingDeliveryThatDoesNotSayWhoseItIs(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"), hook(8, "crm"))
	cut := of(8, waiting(1))
	cut.Cut = true
	r.portal.AddDeliveries(cut)
	r.scrape(t).want(t, samples{`docspace_webhook_pending_deliveries{id="8",name="crm"}`: 1, `docspace_webhook_pending_deliveries{id="7",name="crm"}`: 0})
	r.portal.AddDeliveries(accepted(cut, time.Second))
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 0, `id="8",name="crm"`: 1})
}

func TestARenamedWebhookKeepsItsCounts(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(rows(0, 3)...)
	r.scrape(t)
	r.portal.SetWebhooks([]simulator.Webhook{hook(7, "sales")})
	r.portal.AddDeliveries(rows(3, 2)...)
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="sales"`: 5})
}

// What belongs to a webhook that was deleted goes with it, and does not come back when a webhook of
// that name does.
func TestTheSeriesOfADeletedWebhookGo(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"), hook(8, "reports"))
	r.portal.AddDeliveries(append(rows(0, 3), of(8, accepted(waiting(4), time.Second)), waiting(5))...)
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 3, `id="8",name="reports"`: 1})
	r.portal.SetWebhooks([]simulator.Webhook{hook(8, "reports")})
	s := r.scrape(t)
	for series := range s {
		if strings.Contains(series, `name="crm"`) {
			t.Errorf("%s is still there", series)
		}
	}
	again := hook(9, "crm")
	again.CreatedOn = now
	r.portal.SetWebhooks([]simulator.Webhook{hook(8, "reports"), again})
	r.portal.AddDeliveries(of(9, accepted(waiting(6), time.Second)))
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="8",name="reports"`: 1, `id="9",name="crm"`: 1})
}

// The list was read before somebody made two webhooks, and the log after their first deliveries.
func TestWebhooksThatTheLogKnowsBeforeTheListDoes(t *testing.T) {
	t.Parallel()
	var portal *simulator.Portal
	listed := make(chan struct{}, 10)
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, logPath) && portal != nil {
					<-listed
					portal.SetWebhooks([]simulator.Webhook{hook(7, "crm"), hook(8, "new"), hook(9, "newer")})
					portal.AddDeliveries(of(8, accepted(waiting(1), time.Second)), of(9, waiting(2)))
					portal = nil
				}
				h.ServeHTTP(w, r)
				if strings.HasSuffix(r.URL.Path, "/settings/webhook") {
					listed <- struct{}{}
				}
			})
		},
	})
	r.scrape(t)
	<-listed
	portal = r.portal
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 0})
	s := r.scrape(t)
	s.wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 0, `id="8",name="new"`: 1, `id="9",name="newer"`: 0})
	s.want(t, samples{`docspace_webhook_pending_deliveries{id="9",name="newer"}`: 1})
}

// failingPath stands in front of a portal, one path of which can fail.
type failingPath struct {
	suffix string
	fails  atomic.Bool
}

func (f *failingPath) front(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.fails.Load() && strings.HasSuffix(r.URL.Path, f.suffix) {
			simulator.BadGateway().ServeHTTP(w, r)
			return
		}
		portal.ServeHTTP(w, r)
	})
}

// A webhook that the key's user was not allowed to see has a history when he is.
func TestTheHistoryOfAWebhookThatWasHidden(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(of(8, accepted(waiting(1), time.Second)), of(8, failed(waiting(2), 0, "Connection refused (a:1)")), of(8, waiting(3)))
	r.scrape(t)
	r.portal.SetWebhooks([]simulator.Webhook{hook(7, "crm"), hook(8, "hidden")})
	for range 2 {
		s := r.scrape(t)
		s.wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 0, `id="8",name="hidden"`: 0})
		s.want(t, samples{
			`docspace_webhook_pending_deliveries{id="8",name="hidden"}`:   1,
			`docspace_webhook_consecutive_failures{id="8",name="hidden"}`: 1,
		})
	}
	r.portal.AddDeliveries(of(8, accepted(waiting(3), time.Second)), of(8, accepted(waiting(4), time.Second)))
	r.scrape(t).wantByWebhook(t, map[string]float64{`id="7",name="crm"`: 0, `id="8",name="hidden"`: 2})
}

// While the list can't be read, deliveries go on being counted, but are not shown.
func TestDeliveriesWhileTheListCannotBeRead(t *testing.T) {
	t.Parallel()
	list := &failingPath{suffix: "/settings/webhook"}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front:     list.front,
	})
	r.scrape(t)
	r.portal.AddDeliveries(rows(0, 3)...)
	list.fails.Store(true)
	s := r.scrape(t)
	if s.count("docspace_webhook_deliveries_total") > 0 || s["docspace_up"] != 0 || s.failure(t, "deliveries") != "" {
		t.Errorf("%d series, up %v, reason %q", s.count("docspace_webhook_deliveries_total"), s["docspace_up"], s.failure(t, "deliveries"))
	}
	r.portal.AddDeliveries(rows(3, 2)...)
	list.fails.Store(false)
	r.scrape(t).want(t, samples{deliveriesOf7: 5})
}

// The same when the first list can't be read: what is pending by then still belongs to somebody.
func TestTheFirstListCannotBeRead(t *testing.T) {
	t.Parallel()
	list := &failingPath{suffix: "/settings/webhook"}
	list.fails.Store(true)
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: []simulator.Delivery{waiting(1)}},
		front:     list.front,
	})
	r.scrape(t)
	list.fails.Store(false)
	r.scrape(t).want(t, samples{pendingOf7: 1})
	r.portal.AddDeliveries(accepted(waiting(1), time.Second))
	r.scrape(t).want(t, samples{pendingOf7: 0, deliveriesOf7: 1})
}

// While the log can't be read, everything else is.
func TestALogThatCannotBeRead(t *testing.T) {
	t.Parallel()
	log := &failingPath{suffix: logPath}
	r := newRig(t, rigOptions{
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front:     log.front,
	})
	r.scrape(t)
	r.portal.AddDeliveries(rows(0, 3)...)
	log.fails.Store(true)
	s := r.scrape(t)
	if s.count("docspace_webhook_deliveries_total") > 0 || s["docspace_up"] != 1 || s.failure(t, "deliveries") != "server_error" || s.count("docspace_webhook_enabled") != 1 {
		t.Errorf("%d series, up %v, reason %q", s.count("docspace_webhook_deliveries_total"), s["docspace_up"], s.failure(t, "deliveries"))
	}
	log.fails.Store(false)
	r.scrape(t).want(t, samples{deliveriesOf7: 3})
}
