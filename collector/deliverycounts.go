package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// deliveries is what is known of a portal's deliveries after one fetch.
type deliveries struct {
	gaps     int
	created  *timestamppb.Timestamp // when gaps was 0
	webhooks map[int64]*deliveryCounts
}

// deliveryCounts is what is known of one webhook's deliveries.
type deliveryCounts struct {
	counts
	created   *timestamppb.Timestamp // when all counts were 0
	durations *dto.Histogram

	consecutiveFailures, pending, stuck int
	oldestPending                       time.Time
}

// snapshot returns a copy of all counts.
func (l *deliveryLog) snapshot() *deliveries {
	d := &deliveries{gaps: l.gaps, created: timestamppb.New(l.began), webhooks: make(map[int64]*deliveryCounts, len(l.tallies))}
	unused := map[time.Time]*dto.Histogram{} // without observations, by its creation
	for id, t := range l.tallies {
		if unused[t.since] == nil {
			unused[t.since] = stateOf(newDurations(), timestamppb.New(t.since))
		}
		d.webhooks[id] = t.snapshot(unused[t.since])
	}
	for _, p := range l.pending {
		d.webhooks[p.webhook].addPending(p, l.fetch.now.Sub(p.due) > l.opts.StuckAfter)
	}
	return d
}

// snapshot returns a copy of what is known. It shares the histogram without observations, and its creation, with
// others.
func (t *tally) snapshot(unused *dto.Histogram) *deliveryCounts {
	c := &deliveryCounts{counts: t.clone(), created: unused.GetCreatedTimestamp(), durations: unused, consecutiveFailures: t.streak.len()}
	if t.durations != nil {
		c.durations = stateOf(t.durations, c.created)
	}
	return c
}

// stateOf returns the state of a histogram.
func stateOf(h prometheus.Histogram, created *timestamppb.Timestamp) *dto.Histogram {
	var m dto.Metric
	_ = h.Write(&m) // a histogram always can
	m.Histogram.CreatedTimestamp = created
	return m.GetHistogram()
}

func (c *deliveryCounts) addPending(p *pendingDelivery, stuck bool) {
	c.pending++
	if stuck {
		c.stuck++
	}
	if c.oldestPending.IsZero() || p.created.Before(c.oldestPending) {
		c.oldestPending = p.created
	}
}
