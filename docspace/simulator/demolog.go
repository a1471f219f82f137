package simulator

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"time"
)

// What is in the log of a demo. Its length has to be bounded, as real ones never are.
const (
	logBefore  = time.Hour     // the log begins this long before the demo
	logHistory = 3 * time.Hour // and is never longer than this
	logRows    = 5000          // nor than this, but for the few rows that have to be there
)

// Restarts of the portal lose what it is about to send. The first was before the demo.
const (
	firstRestart = -40 * time.Minute
	restartEvery = 6 * time.Hour
	restartsKept = 25 * time.Hour // how long what was lost stays in the log
)

// Ids are numbers of seconds, so that they rise with the time of creation and say nothing about how
// much of the log was looked at. A second has room for every story, and a story for its own
// deliveries, those of a burst, and one that gets lost.
const (
	idEpoch     = -5 * day // before the demo, and before all of its past
	idsOfSecond = 16 * idsOfStory
	idsOfStory  = 64
	idOfBurst   = 32
	idOfLost    = 63
)

// The longest that deliveries take: six tries of 100 s, and the pauses between them.
const (
	tries           = 6
	tryTimeout      = 100 * time.Second
	pauses          = 31 * time.Second
	longestDelivery = tries*tryTimeout + pauses
)

// burstEvery is the number of beats between two bursts, which last for burstLength.
const (
	burstEvery  = 40
	burstLength = 25 * time.Second
)

// log returns the log as it is at an instant.
func (d *drama) log(now time.Time) *deliveryLog {
	if now.Before(d.start) {
		now = d.start
	}
	from := d.start.Add(-logBefore)
	if oldest := now.Add(-logHistory); oldest.After(from) {
		from = oldest
	}
	var rows []Delivery
	for i := range d.cast {
		rows = append(rows, d.cast[i].deliveries(d.start, from, now)...)
	}
	log := newDeliveryLog(rows)
	log.keep(logRows)
	for i := range d.cast {
		for _, row := range d.cast[i].landmarks(d.start, now) {
			log.add(row)
		}
	}
	return log
}

// keep drops the oldest rows.
func (l *deliveryLog) keep(n int) {
	for len(l.rows) > n {
		l.count[l.rows[0].WebhookID]--
		l.rows = l.rows[1:]
	}
}

// deliveries returns the webhook's deliveries that end from an instant on and have begun by now.
func (s *story) deliveries(start, from, now time.Time) []Delivery {
	current := s.current(start, now)
	if s.beat(current).gone {
		return nil
	}
	first := current - int(now.Sub(from)/s.tick)
	last := current + int(longestDelivery/s.tick) + 1
	if s.renewed {
		first = max(first, s.first(current))
		last = min(last, s.first(current)+len(s.script)-1)
	}
	var rows []Delivery
	for i := first; i <= last; i++ {
		for _, d := range s.rows(start, i) {
			if !d.CreatedOn.After(now) {
				rows = append(rows, d.asOf(i <= current))
			}
		}
	}
	return rows
}

// landmarks are rows that stay in the log whatever their age: the last deliveries of either kind,
// which the list speaks of, and the ones that got lost.
func (s *story) landmarks(start, now time.Time) []Delivery {
	current := s.current(start, now)
	if s.beat(current).gone {
		return nil
	}
	var rows []Delivery
	for _, is := range []func(beat) bool{beat.succeeds, beat.fails} {
		if i, ok := s.last(current, is); ok {
			rows = append(rows, s.rows(start, i)...)
		}
	}
	if !s.unlucky {
		return rows
	}
	first := start.Add(firstRestart)
	restart := first.Add(now.Sub(first).Truncate(restartEvery))
	for ; !restart.Before(first) && now.Sub(restart) < restartsKept; restart = restart.Add(-restartEvery) {
		rows = append(rows, s.row(start, restart, idOfLost, s.chance(current)).asOf(false))
	}
	return rows
}

// chance decides about a beat the same whenever it is asked.
func (s *story) chance(beat int) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed, uint64(beat))) //nolint:gosec // a demo has to be repeatable, and any number will do
}

// rows returns what is delivered by the time of a beat, as it is afterwards.
func (s *story) rows(start time.Time, i int) []Delivery {
	b, end := s.beat(i), s.at(start, i)
	refused := b.gone && !s.beat(i-1).gone // 410 Gone: the row vanishes with its webhook, and never ends
	if !b.accepted && b.failure == "" && !refused {
		return nil
	}
	chance := s.chance(i)
	final, took := b.outcome(chance)
	created := end.Add(-took)
	if birth := s.at(start, s.first(i)); s.renewed && created.Before(birth) {
		created = birth
	}
	slot := ((i % idOfBurst) + idOfBurst) % idOfBurst // so that beats whose deliveries begin in one second differ
	own := s.row(start, created, slot, chance)
	own.WebhookID = s.id(i)
	own.Sent, own.Status, own.Response, own.Retries = true, final.Status, final.Response, final.Retries
	if b.accepted {
		own.DeliveredOn = end
	}
	rows := []Delivery{own}
	if b.accepted && i%burstEvery == 0 {
		rows = append(rows, s.burstBefore(start, end, chance)...)
	}
	return rows
}

// burstBefore returns deliveries that begin all at once, and are accepted one after the other until
// an instant.
func (s *story) burstBefore(start, end time.Time, chance *rand.Rand) []Delivery {
	rows := make([]Delivery, 0, s.burst)
	created := end.Add(-burstLength)
	for k := range s.burst {
		d := s.row(start, created, idOfBurst+k, chance)
		d.Sent, d.Status, d.Response = true, http.StatusOK, "ok"
		d.DeliveredOn = created.Add(time.Duration(1+k*20/s.burst) * time.Second)
		rows = append(rows, d)
	}
	return rows
}

// row returns a new row.
func (s *story) row(start, created time.Time, slot int, chance *rand.Rand) Delivery {
	second := int64(created.Sub(start.Add(idEpoch)) / time.Second)
	return Delivery{
		ID: second*idsOfSecond + s.place*idsOfStory + int64(slot), WebhookID: s.base.ID,
		Trigger: oneOf(s.base.Triggers, chance), CreatedOn: created,
		Cut: chance.IntN(100) == 0,
	}
}

// oneOf picks a trigger of a mask.
func oneOf(mask uint64, chance *rand.Rand) uint64 {
	if mask == 0 {
		return 1 << chance.IntN(len(triggers()))
	}
	for range chance.IntN(bits.OnesCount64(mask)) {
		mask &= mask - 1
	}
	return 1 << bits.TrailingZeros64(mask)
}

// asOf returns the row as it is once its delivery has ended, or as it was before.
func (d Delivery) asOf(ended bool) Delivery {
	if ended {
		return d
	}
	return Delivery{ID: d.ID, WebhookID: d.WebhookID, Trigger: d.Trigger, CreatedOn: d.CreatedOn, Cut: d.Cut}
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
		{Status: http.StatusOK, Response: "ok"}, {Status: http.StatusOK, Response: `{"received":true}`},
		{Status: http.StatusAccepted}, {Status: http.StatusNoContent},
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
