package collector_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// hook is a webhook that subscribes to file.uploaded.
func hook(id int64, name string) simulator.Webhook {
	return simulator.Webhook{ID: id, Name: name, URL: "https://hooks.example/in", Enabled: true, SSL: true, Triggers: 1 << 8, CreatedOn: now.Add(-time.Hour)}
}

// newLogRig is an exporter that watches a 3.7 portal in Berlin.
func newLogRig(t *testing.T, webhooks ...simulator.Webhook) *rig {
	t.Helper()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37, TimeZone: zone(t, "Europe/Berlin"), Webhooks: webhooks}})
	r.scrape(t)
	return r
}

// waiting is a delivery for webhook 7 that has not been sent.
func waiting(id int64) simulator.Delivery {
	return simulator.Delivery{ID: id, WebhookID: 7, Trigger: 1 << 8, CreatedOn: now}
}

func accepted(d simulator.Delivery, after time.Duration) simulator.Delivery {
	d.Sent, d.Status, d.Response, d.DeliveredOn = true, http.StatusOK, "ok", d.CreatedOn.Add(after)
	return d
}

func failed(d simulator.Delivery, status int, text string) simulator.Delivery {
	d.Sent, d.Status, d.Response = true, status, text
	return d
}

func TestEveryMetricOfDeliveries(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	retried := accepted(waiting(2), 65*time.Second)
	retried.Retries = 3
	r.portal.AddDeliveries(
		accepted(waiting(1), 4*time.Second), retried,
		failed(waiting(3), 503, "Response status code does not indicate success: 503 (Service Unavailable)."),
		failed(waiting(4), 0, "Name or service not known (hooks.example:443)"),
		waiting(5),
	)
	r.clock.Advance(20 * time.Minute)
	want := `
# HELP docspace_delivery_log_gaps_total How often more deliveries were new than one scrape may read (--collector.deliveries.max-pages), so that some are not counted.
# TYPE docspace_delivery_log_gaps_total counter
docspace_delivery_log_gaps_total 0
# HELP docspace_webhook_consecutive_failures Deliveries that failed since the last accepted one (fields id and status).
# TYPE docspace_webhook_consecutive_failures gauge
docspace_webhook_consecutive_failures{id="7",name="crm"} 2
# HELP docspace_webhook_deliveries_retried_total Deliveries that ended and were sent more than once (requestPayload.webhook.retryCount, or attempts).
# TYPE docspace_webhook_deliveries_retried_total counter
docspace_webhook_deliveries_retried_total{id="7",name="crm"} 1
# HELP docspace_webhook_deliveries_total Deliveries that ended, after all retries, since the exporter began to watch, by the event that caused them (rows of the delivery log, field trigger).
# TYPE docspace_webhook_deliveries_total counter
docspace_webhook_deliveries_total{id="7",name="crm",trigger="file.uploaded"} 4
# HELP docspace_webhook_delivery_attempts_total How often deliveries that ended were sent, the first time included (requestPayload.webhook.retryCount, or attempts); once, where the portal does not tell.
# TYPE docspace_webhook_delivery_attempts_total counter
docspace_webhook_delivery_attempts_total{id="7",name="crm"} 7
# HELP docspace_webhook_delivery_duration_seconds Time from the creation of a delivery until the receiver accepted it (fields creationTime and delivery), of accepted ones only.
# TYPE docspace_webhook_delivery_duration_seconds histogram
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="1"} 0
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="2.5"} 0
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="5"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="7.5"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="10"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="15"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="30"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="60"} 1
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="120"} 2
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="300"} 2
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="600"} 2
docspace_webhook_delivery_duration_seconds_bucket{id="7",name="crm",le="+Inf"} 2
docspace_webhook_delivery_duration_seconds_sum{id="7",name="crm"} 69
docspace_webhook_delivery_duration_seconds_count{id="7",name="crm"} 2
# HELP docspace_webhook_delivery_failures_total Deliveries that failed for good, by the class of the failure (fields status and responsePayload).
# TYPE docspace_webhook_delivery_failures_total counter
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="client_error"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="connection"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="dns"} 1
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="other"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="rate_limited"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="redirect"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="server_error"} 1
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="timeout"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="tls"} 0
docspace_webhook_delivery_failures_total{id="7",name="crm",reason="unauthorized"} 0
# HELP docspace_webhook_oldest_pending_timestamp_seconds When the oldest pending delivery was created (field creationTime), 0 for none.
# TYPE docspace_webhook_oldest_pending_timestamp_seconds gauge
docspace_webhook_oldest_pending_timestamp_seconds{id="7",name="crm"} 1.7684712e+09
# HELP docspace_webhook_pending_deliveries Deliveries that are recorded and have no outcome yet (fields status, requestHeaders and nextAttemptOn).
# TYPE docspace_webhook_pending_deliveries gauge
docspace_webhook_pending_deliveries{id="7",name="crm"} 1
# HELP docspace_webhook_responses_total Final HTTP answers of the receiver by status code (field status); other is a code outside of 100 to 599. Deliveries without an answer have none.
# TYPE docspace_webhook_responses_total counter
docspace_webhook_responses_total{code="200",id="7",name="crm"} 2
docspace_webhook_responses_total{code="503",id="7",name="crm"} 1
# HELP docspace_webhook_stuck_deliveries Deliveries that have been pending for longer than --collector.deliveries.stuck-after (field creationTime, or nextAttemptOn).
# TYPE docspace_webhook_stuck_deliveries gauge
docspace_webhook_stuck_deliveries{id="7",name="crm"} 1
`
	names := []string{
		"docspace_delivery_log_gaps_total", "docspace_webhook_consecutive_failures", "docspace_webhook_deliveries_retried_total",
		"docspace_webhook_deliveries_total", "docspace_webhook_delivery_attempts_total", "docspace_webhook_delivery_duration_seconds",
		"docspace_webhook_delivery_failures_total", "docspace_webhook_oldest_pending_timestamp_seconds", "docspace_webhook_pending_deliveries",
		"docspace_webhook_responses_total", "docspace_webhook_stuck_deliveries",
	}
	if err := testutil.ScrapeAndCompare(r.exporter.URL+"/metrics", strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// changed returns those series of webhook 7's deliveries that are not 0, without the labels that are
// the same on all.
func (s samples) changed() string {
	var list []string
	for series, value := range s {
		name, labels, _ := strings.Cut(strings.TrimPrefix(series, "docspace_webhook_"), "{")
		counts := strings.HasSuffix(name, "_total") || name == "pending_deliveries" || name == "consecutive_failures"
		if value == 0 || !counts || !strings.Contains(labels, `id="7"`) {
			continue
		}
		var kept []string
		for label := range strings.SplitSeq(strings.TrimSuffix(labels, "}"), ",") {
			if !strings.HasPrefix(label, "id=") && !strings.HasPrefix(label, "name=") {
				kept = append(kept, label)
			}
		}
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s %v", name, strings.Join(kept, ","), value)))
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func TestHowADeliveryEnds(t *testing.T) {
	t.Parallel()
	const (
		status   = "Response status code does not indicate success: "
		timeout  = "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."
		uploaded = "deliveries_total trigger=\"file.uploaded\" 1\n"
		once     = "delivery_attempts_total  1\n"
		failure  = "consecutive_failures  1\n" + uploaded + once
	)
	retriesLeft := failed(waiting(1), 503, status+"503 (Service Unavailable).")
	retriesLeft.Attempts, retriesLeft.NextAttemptOn = new(2), now.Add(time.Hour)
	givenUp := failed(waiting(1), 503, status+"503 (Service Unavailable).")
	givenUp.Attempts = new(7)
	calledOff := waiting(1)
	calledOff.Attempts = new(0)
	malformed := failed(waiting(1), 500, "Invalid URI: The format of the URI could not be determined.")
	malformed.Sent = false
	cut := accepted(waiting(1), time.Second)
	cut.Cut, cut.Retries = true, 5
	future := accepted(waiting(1), time.Second)
	future.Trigger = 1 << 40
	for _, tc := range []struct {
		name string
		row  simulator.Delivery
		want string
	}{
		{"not sent", waiting(1), "pending_deliveries  1"},
		{"accepted", accepted(waiting(1), time.Second), uploaded + once + "responses_total code=\"200\" 1"},
		{"accepted, its request is cut", cut, uploaded + once + "responses_total code=\"200\" 1"},
		{"an event that has no name", future, "deliveries_total trigger=\"bit_40\" 1\n" + once + "responses_total code=\"200\" 1"},
		{"server error", failed(waiting(1), 500, status+"500 (Internal Server Error)."), failure + "delivery_failures_total reason=\"server_error\" 1\nresponses_total code=\"500\" 1"},
		{"client error", failed(waiting(1), 404, status+"404 (Not Found)."), failure + "delivery_failures_total reason=\"client_error\" 1\nresponses_total code=\"404\" 1"},
		{"not authorized", failed(waiting(1), 403, status+"403 (Forbidden)."), failure + "delivery_failures_total reason=\"unauthorized\" 1\nresponses_total code=\"403\" 1"},
		{"rate limited", failed(waiting(1), 429, status+"429 (Too Many Requests)."), failure + "delivery_failures_total reason=\"rate_limited\" 1\nresponses_total code=\"429\" 1"},
		{"redirect", failed(waiting(1), 302, status+"302 (Found)."), failure + "delivery_failures_total reason=\"redirect\" 1\nresponses_total code=\"302\" 1"},
		{"a code that is none", failed(waiting(1), 999, status+"999 ()."), failure + "delivery_failures_total reason=\"other\" 1\nresponses_total code=\"other\" 1"},
		{"refused", failed(waiting(1), 0, "Connection refused (hooks.example:443)"), failure + "delivery_failures_total reason=\"connection\" 1"},
		{"no address", failed(waiting(1), 0, "Name or service not known (hooks.example:443)"), failure + "delivery_failures_total reason=\"dns\" 1"},
		{"bad certificate", failed(waiting(1), 0, "The SSL connection could not be established, see inner exception."), failure + "delivery_failures_total reason=\"tls\" 1"},
		{"timeout, for which the server makes up a 500", failed(waiting(1), 500, timeout), failure + "delivery_failures_total reason=\"timeout\" 1"},
		{"malformed URL, for which it does, too", malformed, failure + "delivery_failures_total reason=\"other\" 1"},
		{"failed, but a newer server tries again", retriesLeft, "pending_deliveries  1"},
		{"a newer server gave up", givenUp, "consecutive_failures  1\ndeliveries_retried_total  1\n" + uploaded + "delivery_attempts_total  7\n" +
			"delivery_failures_total reason=\"server_error\" 1\nresponses_total code=\"503\" 1"},
		{"a newer server called it off", calledOff, "consecutive_failures  1\n" + uploaded + "delivery_failures_total reason=\"other\" 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newLogRig(t, hook(7, "crm"))
			r.portal.AddDeliveries(tc.row)
			for range 2 { // what was counted is not counted again
				if got := r.scrape(t).changed(); got != tc.want {
					t.Errorf("got:\n%s\nwant:\n%s\n%s", got, tc.want, r.logs)
				}
			}
		})
	}
}

// What had ended before the exporter was there is history, which only tells who is failing.
func TestHistoryIsNotCounted(t *testing.T) {
	t.Parallel()
	old := failed(waiting(1), 0, "Connection refused (a:1)") // that is older than --collector.deliveries.lookback
	old.CreatedOn = now.Add(-24*time.Hour - time.Second)
	rows := []simulator.Delivery{old, failed(waiting(2), 0, "Connection refused (a:1)"), waiting(3)}
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}, Deliveries: rows}})
	if got, want := r.scrape(t).changed(), "consecutive_failures  1\npending_deliveries  1"; got != want {
		t.Errorf("at the beginning:\n%s\nwant:\n%s", got, want)
	}
	r.portal.AddDeliveries(accepted(waiting(3), time.Minute))
	want := "deliveries_total trigger=\"file.uploaded\" 1\ndelivery_attempts_total  1\nresponses_total code=\"200\" 1"
	if got := r.scrape(t).changed(); got != want {
		t.Errorf("when the pending one has ended:\n%s\nwant:\n%s", got, want)
	}
}

// A portal whose database is set back gives out ids again. What it forgets was still counted.
func TestAPortalThatIsSetBackToABackup(t *testing.T) {
	t.Parallel()
	const failures = `docspace_webhook_consecutive_failures{id="7",name="crm"}`
	refused := func(id int64) simulator.Delivery { return failed(waiting(id), 0, "Connection refused (a:1)") }
	for name, last := range map[string][]simulator.Delivery{
		"it failed":               {refused(301), refused(302)},
		"it failed, then did not": {refused(301), accepted(waiting(302), time.Second)},
		"something is pending":    {waiting(301), refused(302)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newLogRig(t, hook(7, "crm"))
			r.portal.AddDeliveries(append(rows(0, 300), last...)...)
			before := r.scrape(t)[deliveriesOf7]
			r.portal.SetDeliveries(rows(0, 100))
			r.scrape(t).want(t, samples{deliveriesOf7: before, pendingOf7: 0, failures: 0})
			r.portal.AddDeliveries(append(rows(100, 10), refused(111))...)
			r.scrape(t).want(t, samples{deliveriesOf7: before + 11, failures: 1})
		})
	}
}

func TestSeriesThatCanBeForeseenAreThereAtOnce(t *testing.T) {
	t.Parallel()
	all, future := hook(8, "all"), hook(9, "future")
	all.Triggers, future.Triggers = 0, 1<<40|1<<7
	s := newLogRig(t, hook(7, "crm"), all, future).scrape(t)
	for prefix, want := range map[string]int{
		`docspace_webhook_deliveries_total{id="7",`:           1,
		`docspace_webhook_deliveries_total{id="8",`:           36, // every event that the portal names
		`docspace_webhook_deliveries_total{id="9",`:           2,
		`docspace_webhook_delivery_failures_total{id="7",`:    10,
		`docspace_webhook_responses_total{code="200",id="7",`: 1,
	} {
		n := 0
		for series, value := range s {
			if strings.HasPrefix(series, prefix) && value == 0 {
				n++
			}
		}
		if n != want {
			t.Errorf("%d series begin with %s, want %d", n, prefix, want)
		}
	}
}

// The portal's clock can be set back while a delivery is under way.
func TestNoDurationIsNegative(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(accepted(waiting(1), -time.Minute))
	r.scrape(t).want(t, samples{
		`docspace_webhook_delivery_duration_seconds_sum{id="7",name="crm"}`:   0,
		`docspace_webhook_delivery_duration_seconds_count{id="7",name="crm"}`: 1,
	})
}

// Portals without triggers have deliveries all the same.
func TestDeliveriesOfAnOldPortal(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V30, Webhooks: []simulator.Webhook{hook(7, "crm")}}})
	r.scrape(t).want(t, samples{`docspace_webhook_deliveries_total{id="7",name="crm",trigger=""}`: 0})
	refused := failed(waiting(2), 0, "")
	refused.DeliveredOn = now.Add(time.Second) // 3.0 sets it after a failure as well
	broken := failed(waiting(3), 500, "Oops")  // and keeps the receiver's own words
	broken.DeliveredOn = now.Add(time.Second)
	rows := []simulator.Delivery{accepted(waiting(1), time.Second), refused, broken}
	for i := range rows {
		rows[i].Trigger = 0
	}
	r.portal.AddDeliveries(rows...)
	want := `consecutive_failures  2
deliveries_total trigger="" 3
delivery_attempts_total  3
delivery_failures_total reason="other" 1
delivery_failures_total reason="server_error" 1
responses_total code="200" 1
responses_total code="500" 1`
	if got := r.scrape(t).changed(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s\n%s", got, want, r.logs)
	}
}

func TestCountersTellWhenTheyWereZero(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.clock.Advance(time.Minute)
	r.scrape(t)
	r.clock.Advance(time.Minute)
	r.portal.SetWebhooks([]simulator.Webhook{hook(7, "crm"), hook(8, "late")})
	body := r.get(t, "/metrics", http.Header{"Accept": {"application/openmetrics-text;version=1.0.0"}}).body
	for _, want := range []string{
		`docspace_webhook_deliveries_created{id="7",name="crm",trigger="file.uploaded"} 1.7684712e+09`,
		`docspace_webhook_delivery_failures_created{id="7",name="crm",reason="dns"} 1.7684712e+09`,
		`docspace_webhook_delivery_duration_seconds_created{id="7",name="crm"} 1.7684712e+09`,
		`docspace_delivery_log_gaps_created 1.7684712e+09`,
		// The webhook was not there a minute ago, so nothing of it had been counted.
		`docspace_webhook_deliveries_created{id="8",name="late",trigger="file.uploaded"} 1.76847126e+09`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
}

func TestDurationsAreNativeHistogramsToo(t *testing.T) {
	t.Parallel()
	r := newLogRig(t, hook(7, "crm"))
	r.portal.AddDeliveries(accepted(waiting(1), 4*time.Second))
	accept := "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	p := r.get(t, "/metrics", http.Header{"Accept": {accept}})
	decoder := expfmt.NewDecoder(strings.NewReader(p.body), expfmt.ResponseFormat(p.header))
	for {
		var family dto.MetricFamily
		if err := decoder.Decode(&family); err != nil {
			t.Fatalf("no such histogram: %v", err)
		}
		if family.GetName() != "docspace_webhook_delivery_duration_seconds" {
			continue
		}
		h := family.GetMetric()[0].GetHistogram()
		if h.GetSchema() != 3 || len(h.GetPositiveDelta()) != 1 || len(h.GetBucket()) != 11 || h.GetSampleCount() != 1 {
			t.Errorf("histogram %v", h)
		}
		return
	}
}
