package collector

import (
	"time"

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
	for id, t := range l.tallies {
		d.webhooks[id] = t.snapshot()
	}
	for _, p := range l.pending {
		d.webhooks[p.webhook].addPending(p, l.fetch.now.Sub(p.due) > l.opts.StuckAfter)
	}
	return d
}

// snapshot returns a copy of what is known.
func (t *tally) snapshot() *deliveryCounts {
	var m dto.Metric
	_ = t.durations.Write(&m) // a histogram always can
	created := timestamppb.New(t.since)
	m.Histogram.CreatedTimestamp = created
	return &deliveryCounts{counts: t.clone(), created: created, durations: m.GetHistogram(), consecutiveFailures: t.streak.len()}
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
