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
// is seen. What it answers depends on nothing but the seed, the clock and the time at which the
// demo was made.
func NewDemo(o DemoOptions) *Portal {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC // a machine without a time zone database
	}
	p := New(Options{Version: V37, Key: o.Key, Clock: o.Clock, TimeZone: zone, Alias: "demo"})
	start := p.options.Clock().Truncate(time.Second)
	cast := stories(rand.New(rand.NewPCG(o.Seed, 0))) //nolint:gosec // a demo has to be repeatable
	p.webhooks = func(now time.Time) []Webhook {
		list := make([]Webhook, 0, len(cast))
		for i := range cast {
			if w, ok := cast[i].webhook(start, now); ok {
				list = append(list, w)
			}
		}
		return list
	}
	return p
}

// beat is what happens to a webhook at one moment of its story.
type beat struct {
	accepted bool   // an event was delivered
	failure  string // why the delivery of an event failed
	off      bool   // the webhook is disabled
	gone     bool   // the webhook does not exist
}

// story is the life of a webhook: a script of beats, one at each tick, played over and over. Being
// a cycle it has a past as well, in which it was played before the demo began.
type story struct {
	base    Webhook       // what never changes
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
	elapsed := max(now.Sub(start), 0) + s.phase
	current := s.skip + int(elapsed/s.tick)
	at := func(beat int) time.Time {
		return start.Add(time.Duration(beat-s.skip)*s.tick - s.phase)
	}
	first, oldest := 0, current-len(s.script)+1
	w := s.base
	if s.renewed {
		round := current / len(s.script)
		first = round * len(s.script)
		oldest = first
		w.ID += int64(round * idStep)
	}
	w.CreatedOn = at(first).Add(-s.age)
	w.Enabled = !s.beat(current).off
	for i := current; i >= oldest; i-- {
		b := s.beat(i)
		if b.accepted && w.LastSuccessOn.IsZero() {
			w.LastSuccessOn, w.Status = at(i), http.StatusOK
		}
		if b.failure != "" && w.LastFailureOn.IsZero() {
			w.LastFailureOn, w.LastFailureContent = at(i), b.failure
		}
	}
	return w, !s.beat(current).gone
}

// beat returns a beat of the endless repetition of the script, those before the demo included.
func (s *story) beat(i int) beat {
	n := len(s.script)
	return s.script[(i%n+n)%n]
}
