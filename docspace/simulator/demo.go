package simulator

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// DemoOptions describe the portal of a demo. The zero value is usable.
type DemoOptions struct {
	Key   string           // the only key that is accepted; empty means DefaultKey
	Seed  uint64           // another one has other deliveries fail
	Clock func() time.Time // nil means time.Now
}

// NewDemo returns a portal of version 3.7 in Berlin that is alive: its webhooks deliver, fail,
// recover, are switched off, disappear and come back, so that within minutes every kind of trouble
// is seen, in the list as well as in the delivery log, which goes back an hour when the demo begins
// and keeps some thousands of rows. What it answers depends on nothing but the seed, the clock and the time at which the
// demo was made.
func NewDemo(o DemoOptions) *Portal {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC // a machine without a time zone database
	}
	p := New(Options{Version: V37, Key: o.Key, Clock: o.Clock, TimeZone: zone, Alias: "demo"})
	d := &drama{
		start: p.options.Clock().Truncate(time.Second),
		cast:  stories(rand.New(rand.NewPCG(o.Seed, 0))), //nolint:gosec // a demo has to be repeatable
	}
	p.webhooks, p.log = d.webhooks, d.log
	return p
}

// drama is all that happens in a demo, none of which ever changes.
type drama struct {
	start time.Time
	cast  []story
}

// webhooks returns the webhooks that exist at an instant.
func (d *drama) webhooks(now time.Time) []Webhook {
	list := make([]Webhook, 0, len(d.cast))
	for i := range d.cast {
		if w, ok := d.cast[i].webhook(d.start, now); ok {
			list = append(list, w)
		}
	}
	return list
}

// beat is what happens to a webhook at one moment of its story.
type beat struct {
	accepted bool   // an event was delivered
	failure  string // why the delivery of an event failed
	off      bool   // the webhook is disabled
	gone     bool   // the webhook does not exist
}

func (b beat) succeeds() bool { return b.accepted }

func (b beat) fails() bool { return b.failure != "" }

// story is the life of a webhook: a script of beats, one at each tick, played over and over. Being
// a cycle it has a past as well, in which it was played before the demo began.
type story struct {
	base    Webhook       // what never changes
	place   int64         // in the list of stories
	seed    uint64        // decides how long deliveries take
	burst   int           // how many more deliveries there are, now and then
	unlucky bool          // restarts of the portal lose its deliveries
	age     time.Duration // between creation and the first beat
	tick    time.Duration
	phase   time.Duration // how far into the first beat the demo begins
	skip    int           // the beats that are over when the demo begins
	script  []beat
	renewed bool // each time the script begins it is another webhook, with another id
}

// idStep is between the ids of a webhook and of the one that takes its place.
const idStep = 100

// webhook returns the state of the webhook at an instant, and whether it exists.
func (s *story) webhook(start, now time.Time) (Webhook, bool) {
	current := s.current(start, now)
	w := s.base
	w.ID = s.id(current)
	w.CreatedOn = s.at(start, s.first(current)).Add(-s.age)
	w.Enabled = !s.beat(current).off
	if i, ok := s.last(current, beat.succeeds); ok {
		w.LastSuccessOn, w.Status = s.at(start, i), http.StatusOK
	}
	if i, ok := s.last(current, beat.fails); ok {
		w.LastFailureOn, w.LastFailureContent = s.at(start, i), s.beat(i).failure
	}
	return w, !s.beat(current).gone
}

// current is the beat that goes on at an instant.
func (s *story) current(start, now time.Time) int {
	return s.skip + int((max(now.Sub(start), 0)+s.phase)/s.tick)
}

// at is when a beat begins.
func (s *story) at(start time.Time, beat int) time.Time {
	return start.Add(time.Duration(beat-s.skip)*s.tick - s.phase)
}

// first is the first beat of the webhook that a beat is about.
func (s *story) first(beat int) int {
	if !s.renewed {
		return 0
	}
	return beat / len(s.script) * len(s.script)
}

// id is the id of the webhook that a beat is about.
func (s *story) id(beat int) int64 {
	if !s.renewed {
		return s.base.ID
	}
	return s.base.ID + int64(beat/len(s.script)*idStep)
}

// last returns the last beat of a kind in the life of the current webhook. Older than the whole
// script it can't be.
func (s *story) last(current int, is func(beat) bool) (int, bool) {
	oldest := current - len(s.script) + 1
	if s.renewed {
		oldest = s.first(current)
	}
	for i := current; i >= oldest; i-- {
		if is(s.beat(i)) {
			return i, true
		}
	}
	return 0, false
}

// beat returns a beat of the endless repetition of the script, those before the demo included.
func (s *story) beat(i int) beat {
	n := len(s.script)
	return s.script[(i%n+n)%n]
}
