package collector

import (
	"maps"
	"net/http"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// deliveriesCollector emits what GET settings/webhooks/log tells.
type deliveriesCollector struct {
	deliveries, failures, responses, attempts, retried, gaps *family // counters
	duration                                                 *family // histogram
	pending, oldestPending, stuck, consecutiveFailures       *family // gauges
}

func newDeliveriesCollector() *deliveriesCollector {
	return &deliveriesCollector{
		deliveries: counterFamily("docspace_webhook_deliveries_total",
			"Deliveries that ended, after all retries, since the exporter began to watch, by the event that caused them (rows of the delivery log, field trigger).",
			"id", "name", "trigger"),
		failures: counterFamily("docspace_webhook_delivery_failures_total",
			"Deliveries that failed for good, by the class of the failure (fields status and responsePayload).", "id", "name", "reason"),
		responses: counterFamily("docspace_webhook_responses_total",
			"Final HTTP answers of the receiver by status code (field status); other is a code outside of 100 to 599. Deliveries without an answer have none.",
			"code", "id", "name"),
		attempts: counterFamily("docspace_webhook_delivery_attempts_total",
			"How often deliveries that ended were sent, the first time included (requestPayload.webhook.retryCount, or attempts); once, where the portal does not tell.", "id", "name"),
		retried: counterFamily("docspace_webhook_deliveries_retried_total",
			"Deliveries that ended and were sent more than once (requestPayload.webhook.retryCount, or attempts).", "id", "name"),
		duration: newFamily(dto.MetricType_HISTOGRAM, "docspace_webhook_delivery_duration_seconds",
			"Time from the creation of a delivery until the receiver accepted it (fields creationTime and delivery), of accepted ones only.", "id", "name"),
		pending: gaugeFamily("docspace_webhook_pending_deliveries",
			"Deliveries that are recorded and have no outcome yet (fields status, requestHeaders and nextAttemptOn).", "id", "name"),
		oldestPending: gaugeFamily("docspace_webhook_oldest_pending_timestamp_seconds",
			"When the oldest pending delivery was created (field creationTime), 0 for none.", "id", "name"),
		stuck: gaugeFamily("docspace_webhook_stuck_deliveries",
			"Deliveries that have been pending for longer than --collector.deliveries.stuck-after (field creationTime, or nextAttemptOn).", "id", "name"),
		consecutiveFailures: gaugeFamily("docspace_webhook_consecutive_failures",
			"Deliveries that failed since the last accepted one (fields id and status).", "id", "name"),
		gaps: counterFamily("docspace_delivery_log_gaps_total",
			"How often more deliveries were new than one scrape may read (--collector.deliveries.max-pages), so that some are not counted."),
	}
}

func (*deliveriesCollector) name() string { return "deliveries" }

func (c *deliveriesCollector) families() []*family {
	return []*family{
		c.deliveries, c.failures, c.responses, c.attempts, c.retried, c.gaps, c.duration,
		c.pending, c.oldestPending, c.stuck, c.consecutiveFailures,
	}
}

func (*deliveriesCollector) outcome(s *snapshot) outcome { return s.deliveriesRead }

// counted is a webhook with what is known of its deliveries.
type counted struct {
	*labelled
	*deliveryCounts
}

func (c *deliveriesCollector) collect(s *snapshot, out *emitter) {
	out.begin(c.gaps)
	out.counter(s.deliveries.gaps, s.deliveries.created)
	if s.webhooksRead.err != nil {
		return // nothing stale: which webhooks there are is not known
	}
	list := make([]counted, 0, len(s.labelled))
	for i := range s.labelled {
		if counts := s.deliveries.webhooks[s.labelled[i].ID]; counts != nil {
			list = append(list, counted{&s.labelled[i], counts})
		}
	}
	c.collectDeliveries(list, s.names, out)
	c.collectFailures(list, out)
	c.collectResponses(list, out)
	c.collectNumbers(list, out)
}

// collectDeliveries emits one series for each event that a webhook subscribes to, and for those that it had
// before.
func (c *deliveriesCollector) collectDeliveries(list []counted, names *docspace.TriggerNames, out *emitter) {
	triggers, numbers := newLabels("trigger"), map[string]int{}
	out.begin(c.deliveries)
	for _, w := range list {
		clear(numbers)
		for _, event := range w.Triggers.Events(names) {
			numbers[event] = 0
		}
		for mask, number := range w.counts.triggers {
			numbers[names.Event(mask)] += number
		}
		for _, event := range slices.Sorted(maps.Keys(numbers)) {
			out.counter(numbers[event], w.created, w.id, w.name, triggers.pair(event))
		}
	}
}

// collectFailures emits one series for each reason there is.
func (c *deliveriesCollector) collectFailures(list []counted, out *emitter) {
	reasons, all := newLabels("reason"), docspace.FailureReasons()
	slices.Sort(all)
	out.begin(c.failures)
	for _, w := range list {
		for _, reason := range all {
			out.counter(w.failures[reason], w.created, w.id, w.name, reasons.pair(string(reason)))
		}
	}
}

// collectResponses emits one series for each code that was received, and for 200.
func (c *deliveriesCollector) collectResponses(list []counted, out *emitter) {
	codes, ok := newLabels("code"), codeLabel(http.StatusOK)
	out.begin(c.responses)
	for _, w := range list {
		out.counter(w.responses[ok], w.created, codes.pair(ok), w.id, w.name)
		for code, number := range w.responses {
			if code != ok {
				out.counter(number, w.created, codes.pair(code), w.id, w.name)
			}
		}
	}
}

// collectNumbers emits what each webhook has one series of.
func (c *deliveriesCollector) collectNumbers(list []counted, out *emitter) {
	each := func(f *family, emit func(w counted)) {
		out.begin(f)
		for _, w := range list {
			emit(w)
		}
	}
	each(c.attempts, func(w counted) { out.counter(w.attempts, w.created, w.id, w.name) })
	each(c.retried, func(w counted) { out.counter(w.retried, w.created, w.id, w.name) })
	each(c.duration, func(w counted) { out.histogram(w.durations, w.id, w.name) })
	each(c.pending, func(w counted) { out.gauge(float64(w.pending), w.id, w.name) })
	each(c.oldestPending, func(w counted) { out.gauge(unix(w.oldestPending), w.id, w.name) })
	each(c.stuck, func(w counted) { out.gauge(float64(w.stuck), w.id, w.name) })
	each(c.consecutiveFailures, func(w counted) { out.gauge(float64(w.consecutiveFailures), w.id, w.name) })
}
