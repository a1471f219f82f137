package collector

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// tally is what was learnt about the deliveries of one webhook since it was watched.
type tally struct {
	counts
	since     time.Time            // when all counts were 0
	durations prometheus.Histogram // nil before the first one
	streak    streak
	fresh     bool // the list of webhooks has not had it yet, and may still
	hidden    bool // the webhook is old, but was not to be seen before the fetch under way
}

// counts are numbers of deliveries that ended. Its maps are nil before the first one, and hold no zeros.
type counts struct {
	triggers  map[uint64]int                 // by the bit of the trigger
	failures  map[docspace.FailureReason]int // that failed
	responses map[string]int                 // final responses, by their code
	attempts  int
	retried   int
}

func newTally(since time.Time) *tally { return &tally{since: since, fresh: true} }

func newDurations() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                           "delivery_duration_seconds",
		Help:                           "Not shown: the collector has the description.",
		Buckets:                        []float64{1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 600},
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100,
	})
}

// add counts a delivery that ended, by true dates.
func (t *tally) add(d *docspace.Delivery, dates docspace.LogClock) {
	t.streak.add(d.ID, d.Outcome)
	t.triggers = increment(t.triggers, d.Trigger)
	t.attempts += d.Attempts
	if d.Attempts > 1 {
		t.retried++
	}
	if d.Code != 0 {
		t.responses = increment(t.responses, codeLabel(d.Code))
	}
	switch {
	case d.Outcome == docspace.Failed:
		t.failures = increment(t.failures, d.Reason)
	case !d.CreatedOn.IsZero() && !d.DeliveredOn.IsZero():
		took := dates.At(d.DeliveredOn).Sub(dates.At(d.CreatedOn))
		if t.durations == nil {
			t.durations = newDurations()
		}
		t.durations.Observe(max(took, 0).Seconds())
	}
}

// increment adds 1 to a number of a map, which may be nil, and returns the map.
func increment[K comparable](numbers map[K]int, key K) map[K]int {
	if numbers == nil {
		numbers = map[K]int{}
	}
	numbers[key]++
	return numbers
}

// clone returns a copy that does not change with the original.
func (c counts) clone() counts {
	c.triggers, c.failures, c.responses = maps.Clone(c.triggers), maps.Clone(c.failures), maps.Clone(c.responses)
	return c
}

// codeLabel is a status code as a label, of which there are only so many.
func codeLabel(code int) string {
	if code < 100 || code > 599 {
		return "other"
	}
	return strconv.Itoa(code)
}

// streak is the run of failures after the last accepted delivery. What counts is the order in which
// the deliveries began, whatever order they end in.
type streak struct {
	accepted  int64   // id of the last delivery that was accepted
	failed    []int64 // ids of later ones that failed, rising
	settled   int     // how many failed before those, and can't be followed by an accepted one any more
	settledTo int64
}

// add notes how a delivery ended.
func (s *streak) add(id int64, outcome docspace.Outcome) {
	if id <= max(s.accepted, s.settledTo) {
		return
	}
	place, _ := slices.BinarySearch(s.failed, id)
	if outcome == docspace.Failed {
		s.failed = slices.Insert(s.failed, place, id)
		return
	}
	s.accepted, s.settled, s.settledTo = id, 0, 0
	s.failed = slices.Delete(s.failed, 0, place)
}

// settle forgets the ids before one: no delivery that began earlier is pending any more.
func (s *streak) settle(before int64) {
	place, _ := slices.BinarySearch(s.failed, before)
	if place == 0 {
		return
	}
	s.settled += place
	s.settledTo = s.failed[place-1]
	s.failed = slices.Delete(s.failed, 0, place)
}

// rewind forgets deliveries after the newest one of the log: a portal that was set back to a backup
// gives out their ids again.
func (s *streak) rewind(newest int64) {
	s.accepted = min(s.accepted, newest)
	place, _ := slices.BinarySearch(s.failed, newest+1)
	s.failed = s.failed[:place]
	if s.settledTo > newest {
		s.settled, s.settledTo = 0, newest
	}
}

func (s *streak) len() int { return s.settled + len(s.failed) }
