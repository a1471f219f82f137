package collector

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// tally counts the deliveries of one webhook that ended since it was watched.
type tally struct {
	since     time.Time                         // when all counts were 0
	triggers  map[uint64]uint64                 // deliveries by the bit of their trigger
	failures  map[docspace.FailureReason]uint64 // those that failed
	responses map[string]uint64                 // final answers by code
	attempts  uint64
	retried   uint64
	durations prometheus.Histogram
	streak    streak
	fresh     bool // the list of webhooks has not had it yet, and may still
}

func newTally(since time.Time) *tally {
	t := &tally{
		since:     since,
		triggers:  map[uint64]uint64{},
		failures:  map[docspace.FailureReason]uint64{},
		responses: map[string]uint64{codeLabel(http.StatusOK): 0},
		durations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:                           "unused", // the collector has the description
			Buckets:                        []float64{1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 600},
			NativeHistogramBucketFactor:    1.1,
			NativeHistogramMaxBucketNumber: 100,
		}),
		fresh: true,
	}
	for _, reason := range docspace.FailureReasons() {
		t.failures[reason] = 0
	}
	return t
}

// count adds a delivery that ended and, if it was accepted, took that long.
func (t *tally) count(d *docspace.Delivery, took time.Duration) {
	t.triggers[d.Trigger]++
	t.attempts += uint64(d.Attempts)
	if d.Attempts > 1 {
		t.retried++
	}
	if d.Code != 0 {
		t.responses[codeLabel(d.Code)]++
	}
	if d.Outcome == docspace.Failed {
		t.failures[d.Reason]++
		return
	}
	if !d.CreatedOn.IsZero() && !d.DeliveredOn.IsZero() {
		t.durations.Observe(max(took, 0).Seconds())
	}
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

func (s *streak) len() int { return s.settled + len(s.failed) }
