package collector

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// deliveriesCollector emits what GET settings/webhooks/log tells.
type deliveriesCollector struct {
	deliveries, failures, responses, attempts, retried, gaps *prometheus.Desc // counters
	duration                                                 *prometheus.Desc // histogram
	pending, oldestPending, stuck, consecutiveFailures       *prometheus.Desc // gauges
}

// deliveryGauges is how many gauges one webhook has.
const deliveryGauges = 4

func newDeliveriesCollector() *deliveriesCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &deliveriesCollector{
		deliveries: desc("docspace_webhook_deliveries_total",
			"Deliveries that ended, after all retries, since the exporter began to watch, by the event that caused them (rows of the delivery log, field trigger).",
			"id", "name", "trigger"),
		failures: desc("docspace_webhook_delivery_failures_total",
			"Deliveries that failed for good, by the class of the failure (fields status and responsePayload).", "id", "name", "reason"),
		responses: desc("docspace_webhook_responses_total",
			"Final HTTP answers of the receiver by status code (field status); other is a code outside of 100 to 599. Deliveries without an answer have none.",
			"code", "id", "name"),
		attempts: desc("docspace_webhook_delivery_attempts_total",
			"How often deliveries that ended were sent, the first time included (requestPayload.webhook.retryCount, or attempts); once, where the portal does not tell.", "id", "name"),
		retried: desc("docspace_webhook_deliveries_retried_total",
			"Deliveries that ended and were sent more than once (requestPayload.webhook.retryCount, or attempts).", "id", "name"),
		duration: desc("docspace_webhook_delivery_duration_seconds",
			"Time from the creation of a delivery until the receiver accepted it (fields creationTime and delivery), of accepted ones only.", "id", "name"),
		pending: desc("docspace_webhook_pending_deliveries",
			"Deliveries that are recorded and have no outcome yet (fields status, requestHeaders and nextAttemptOn).", "id", "name"),
		oldestPending: desc("docspace_webhook_oldest_pending_timestamp_seconds",
			"When the oldest pending delivery was created (field creationTime), 0 for none.", "id", "name"),
		stuck: desc("docspace_webhook_stuck_deliveries",
			"Deliveries that have been pending for longer than --collector.deliveries.stuck-after (field creationTime, or nextAttemptOn).", "id", "name"),
		consecutiveFailures: desc("docspace_webhook_consecutive_failures",
			"Deliveries that failed since the last accepted one (fields id and status).", "id", "name"),
		gaps: desc("docspace_delivery_log_gaps_total",
			"How often more deliveries were new than one scrape may read (--collector.deliveries.max-pages), so that some are not counted."),
	}
}

func (*deliveriesCollector) name() string { return "deliveries" }

func (c *deliveriesCollector) describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.deliveries, c.failures, c.responses, c.attempts, c.retried, c.gaps, c.duration,
		c.pending, c.oldestPending, c.stuck, c.consecutiveFailures,
	} {
		ch <- desc
	}
}

func (*deliveriesCollector) outcome(s *snapshot) outcome { return s.deliveriesRead }

func (c *deliveriesCollector) collect(s *snapshot, ch chan<- prometheus.Metric) {
	out := deliverySamples{
		deliveriesCollector: c, names: s.names, ch: ch,
		triggers: newLabels("trigger"), reasons: newLabels("reason"), codes: newLabels("code"),
	}
	ch <- newCounter(c.gaps, nil, s.deliveries.gaps, s.deliveries.created)
	if s.webhooksRead.err != nil {
		return // nothing stale: which webhooks there are is not known
	}
	for i := range s.webhooks {
		w := &s.webhooks[i]
		if counts := s.deliveries.webhooks[w.ID]; counts != nil {
			id, name := label("id", strconv.FormatInt(w.ID, 10)), label("name", w.Name)
			out.sendCounters(id, name, counts, w.Triggers)
			out.sendOthers(id, name, counts)
		}
	}
}

// deliverySamples sends the samples of one scrape.
type deliverySamples struct {
	*deliveriesCollector
	names                    *docspace.TriggerNames
	triggers, reasons, codes labels
	ch                       chan<- prometheus.Metric
}

// sendCounters sends those that can be foreseen even when they are 0.
func (o *deliverySamples) sendCounters(id, name *dto.LabelPair, counts *deliveryCounts, subscribed docspace.TriggerSet) {
	send := func(desc *prometheus.Desc, number int, labels ...*dto.LabelPair) {
		o.ch <- newCounter(desc, labels, number, counts.created)
	}
	for trigger, number := range o.byTrigger(counts.triggers, subscribed) {
		send(o.deliveries, number, id, name, o.triggers.pair(trigger))
	}
	for reason, number := range counts.failures {
		send(o.failures, number, id, name, o.reasons.pair(string(reason)))
	}
	for code, number := range counts.responses {
		send(o.responses, number, o.codes.pair(code), id, name)
	}
	send(o.attempts, counts.attempts, id, name)
	send(o.retried, counts.retried, id, name)
}

// byTrigger returns the counts by the names of the triggers, those included that a webhook subscribes
// to and that have not come yet.
func (o *deliverySamples) byTrigger(counts map[uint64]int, subscribed docspace.TriggerSet) map[string]int {
	named := make(map[string]int, len(counts))
	for _, trigger := range subscribed.Events(o.names) {
		named[trigger] = 0
	}
	for mask, number := range counts {
		named[o.names.Event(mask)] += number
	}
	return named
}

func (o *deliverySamples) sendOthers(id, name *dto.LabelPair, counts *deliveryCounts) {
	labels := []*dto.LabelPair{id, name}
	o.ch <- &histogram{desc: o.duration, labels: labels, value: counts.durations}
	gauges := newGauges(deliveryGauges, o.ch)
	gauges.send(o.pending, labels, float64(counts.pending))
	gauges.send(o.oldestPending, labels, unix(counts.oldestPending))
	gauges.send(o.stuck, labels, float64(counts.stuck))
	gauges.send(o.consecutiveFailures, labels, float64(counts.consecutiveFailures))
}
