package simulator

import (
	"math/rand/v2"
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
// is seen, in the list as well as in the delivery log. The log goes back an hour when the demo
// begins, and keeps three hours at least. The key belongs to an administrator, ends 20 days after the
// start and is extended then. What the portal answers depends on nothing but the seed, the clock and
// the time at which the demo was made.
func NewDemo(o DemoOptions) *Portal {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC // a machine without a time zone database
	}
	p := New(Options{Version: V37, Key: o.Key, Clock: o.Clock, TimeZone: zone, Alias: "demo"})
	d := newDrama(o.Seed, p.options.Clock().Truncate(time.Second))
	p.webhooks, p.log, p.keyEnd = d.webhooks, d.log, d.keyEnd
	return p
}

// drama is all that happens in a demo, none of which ever changes.
type drama struct {
	start time.Time
	cast  []story
	past  map[time.Time][]scene // periods of the log that were worked out already, by their beginning
}

func newDrama(seed uint64, start time.Time) *drama {
	chance := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a demo has to be repeatable
	d := &drama{start: start, cast: stories(chance), past: map[time.Time][]scene{}}
	for i := range d.cast {
		s := &d.cast[i]
		s.start, s.place, s.seed = start, i, chance.Uint64()
		s.phase = time.Duration(chance.IntN(int(s.tick/time.Second))) * time.Second
	}
	return d
}

// webhooks returns the webhooks that exist at an instant.
func (d *drama) webhooks(now time.Time) []Webhook {
	now = d.notBefore(now)
	list := make([]Webhook, 0, len(d.cast))
	for i := range d.cast {
		if w, ok := d.cast[i].webhook(now); ok {
			list = append(list, w)
		}
	}
	return list
}

// keyEnd returns the end of the key that is valid at an instant.
func (d *drama) keyEnd(now time.Time) time.Time {
	const lifetime = 20 * day
	age := d.notBefore(now).Sub(d.start)
	return d.start.Add(age - age%lifetime + lifetime)
}

// notBefore returns an instant or, for a clock that went back, the start of the demo.
func (d *drama) notBefore(t time.Time) time.Time {
	if t.Before(d.start) {
		return d.start
	}
	return t
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
	age     time.Duration // between creation and the first beat
	tick    time.Duration
	skip    int // the beats that are over when the demo begins
	script  []beat
	renewed bool // each time the script begins it is another webhook, with another id
	burst   int  // how many more deliveries there are, now and then
	bulky   int  // one of how many deliveries is too long for the log; 0 for none
	unlucky bool // restarts of the portal lose its deliveries

	start time.Time     // of the demo
	phase time.Duration // how far into a beat the demo begins
	place int           // in the list of stories
	seed  uint64        // decides how deliveries go
}

// idStep is between the ids of a webhook and of the one that takes its place.
const idStep = 100

// webhook returns the state of the webhook at an instant, and whether it exists.
func (s *story) webhook(now time.Time) (Webhook, bool) {
	current := s.current(now)
	w := s.base
	w.ID = s.id(current)
	w.CreatedOn = s.at(s.first(current)).Add(-s.age)
	w.Enabled = !s.beat(current).off
	if i, ok := s.last(current, beat.succeeds); ok {
		w.LastSuccessOn, w.Status = s.at(i), s.delivery(i).Status
	}
	if i, ok := s.last(current, beat.fails); ok {
		w.LastFailureOn, w.LastFailureContent = s.at(i), s.beat(i).failure
	}
	return w, !s.beat(current).gone
}

// current is the beat that goes on at an instant, give or take one before the demo.
func (s *story) current(now time.Time) int {
	return s.skip + int((now.Sub(s.start)+s.phase)/s.tick)
}

// at is when a beat begins.
func (s *story) at(beat int) time.Time {
	return s.start.Add(time.Duration(beat-s.skip)*s.tick - s.phase)
}

// first is the first beat of the webhook that a beat is about.
func (s *story) first(beat int) int {
	if !s.renewed {
		return 0
	}
	return beat - modulo(beat, len(s.script))
}

// id is the id of the webhook that a beat is about.
func (s *story) id(beat int) int64 {
	return s.base.ID + int64(s.first(beat)/len(s.script)*idStep)
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
func (s *story) beat(i int) beat { return s.script[modulo(i, len(s.script))] }

// modulo returns a remainder that is never negative.
func modulo(i, n int) int { return (i%n + n) % n }
