package simulator

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"time"
)

// Ids are numbers of seconds, so that they rise with the time of creation and say nothing about how
// much of the log was looked at. A second has room for every story, and a story for its own
// deliveries, those of a burst, and one that gets lost.
const (
	idEpoch      = -5 * day // before the demo, and before all that the log shows
	slotsOfStory = 64
	idsOfSecond  = 16 * slotsOfStory
	slotOfBurst  = 32
	slotOfLoss   = slotsOfStory - 1
)

// The longest that deliveries take: six tries of 100 s, and the pauses between them.
const (
	tries           = 6
	tryTimeout      = 100 * time.Second
	pauses          = 31 * time.Second
	longestDelivery = tries*tryTimeout + pauses
)

// burstEvery is the number of beats between two bursts. The deliveries of one begin all at once,
// burstLength before the beat, and are accepted one after the other within burstSeconds.
const (
	burstEvery   = 40
	burstLength  = 25 * time.Second
	burstSeconds = 20
)

// scenes returns the deliveries that end with a beat.
func (s *story) scenes(i int) []scene {
	b := s.beat(i)
	refused := b.gone && !s.beat(i-1).gone // 410 Gone: the row vanishes with its webhook, and never ends
	switch {
	case refused:
		return []scene{{Delivery: s.delivery(i)}}
	case b.fails():
		return []scene{{s.delivery(i), s.at(i)}}
	case b.accepted && modulo(i, burstEvery) == 0:
		return append(s.burstBefore(i), scene{s.delivery(i), s.at(i)})
	case b.accepted:
		return []scene{{s.delivery(i), s.at(i)}}
	default:
		return nil
	}
}

// delivery returns the delivery that ends with a beat, as it is then.
func (s *story) delivery(i int) Delivery {
	b, end := s.beat(i), s.at(i)
	final, took := b.outcome(s.chance(i))
	created := end.Add(-took)
	if birth := s.at(s.first(i)); s.renewed && created.Before(birth) {
		created = birth
	}
	d := s.row(created, i, modulo(i, slotOfBurst)) // so that those that begin in one second differ
	d.Sent, d.Status, d.Response, d.Retries = true, final.Status, final.Response, final.Retries
	if b.accepted {
		d.DeliveredOn = end
	}
	return d
}

// burstBefore returns the other deliveries of a burst, which all have ended with a beat.
func (s *story) burstBefore(i int) []scene {
	scenes := make([]scene, 0, s.burst+1)
	created := s.at(i).Add(-burstLength)
	for k := range s.burst {
		d := s.row(created, i+k, slotOfBurst+k)
		d.Sent, d.Status, d.Response = true, http.StatusOK, "ok"
		d.DeliveredOn = created.Add(time.Duration(1+k*burstSeconds/s.burst) * time.Second)
		scenes = append(scenes, scene{d, s.at(i)})
	}
	return scenes
}

// row returns a row as it is at first, of the webhook that the nth beat is about.
func (s *story) row(created time.Time, n, slot int) Delivery {
	second := int(created.Sub(s.start.Add(idEpoch)) / time.Second)
	return Delivery{
		ID: int64(second*idsOfSecond + s.place*slotsOfStory + slot), WebhookID: s.id(n),
		Trigger: nthTrigger(s.base.Triggers, n), CreatedOn: created, Cut: s.bulky != 0 && n%s.bulky == 0,
	}
}

// nthTrigger picks the triggers of a mask in turn.
func nthTrigger(mask uint64, n int) uint64 {
	if mask == 0 {
		return 1 << modulo(n, len(triggers()))
	}
	for range modulo(n, bits.OnesCount64(mask)) {
		mask &= mask - 1 // without its lowest bit
	}
	return mask & -mask
}

// chance decides about a beat the same whenever it is asked.
func (s *story) chance(beat int) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, uint64(beat))) //nolint:gosec // a demo has to be repeatable, and any number will do
}

// outcome returns how a delivery ends, and how long it takes.
func (b beat) outcome(chance *rand.Rand) (Delivery, time.Duration) {
	if b.accepted {
		return success(chance)
	}
	d := Delivery{Response: b.failure, Retries: tries - 1}
	if b.failure == textTimedOut {
		d.Status = http.StatusInternalServerError // nobody answered that: the worker makes it up
		return d, longestDelivery
	}
	if _, err := fmt.Sscanf(b.failure, textStatus, &d.Status); err != nil {
		d.Status = 0 // no answer
	}
	return d, pauses + seconds(1, 5, chance)
}

// success is quick as a rule. Some receivers need some seconds, or another try, and at times a try
// gets no answer at all.
func success(chance *rand.Rand) (Delivery, time.Duration) {
	answers := []Delivery{
		{Status: http.StatusOK, Response: "ok"},
		{Status: http.StatusOK, Response: `{"received":true}`},
		{Status: http.StatusAccepted},
		{Status: http.StatusNoContent},
	}
	d := answers[chance.IntN(len(answers))]
	switch dice := chance.IntN(50); {
	case dice == 0:
		d.Retries = 1
		return d, tryTimeout + seconds(2, 10, chance)
	case dice < 5:
		d.Retries = 1 + chance.IntN(3)
		return d, time.Duration(1<<d.Retries-1)*time.Second + seconds(1, 5, chance)
	case dice < 12:
		return d, seconds(5, 20, chance)
	default:
		return d, seconds(1, 3, chance)
	}
}

// seconds returns a duration between two numbers of seconds.
func seconds(from, to int, chance *rand.Rand) time.Duration {
	return time.Duration(from+chance.IntN(to-from+1)) * time.Second
}
