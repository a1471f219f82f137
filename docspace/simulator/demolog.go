package simulator

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// What is in the log of a demo. A real log is never purged, but here it has to end somewhere. It
// loses its oldest rows not one by one but some thousands at a time, which happens to real logs with
// a webhook that is deleted.
const (
	logBefore  = time.Hour     // the log begins this long before the demo
	logHistory = 3 * time.Hour // is never shorter than this from then on, and never longer than twice this
	logPeriod  = 10 * time.Minute
)

// Restarts of the portal lose what it is about to send. The first was before the demo.
const (
	firstRestart = -40 * time.Minute
	restartEvery = day
	lossesKept   = 25 * time.Hour // how long what was lost stays in the log
)

// scene is a delivery of a demo as it is when it has ended.
type scene struct {
	Delivery
	end time.Time // zero for never
}

// asOf returns the row as it is at an instant.
func (s *scene) asOf(now time.Time) Delivery {
	if ended := !s.end.IsZero() && !s.end.After(now); ended {
		return s.Delivery
	}
	return Delivery{ID: s.ID, WebhookID: s.WebhookID, Trigger: s.Trigger, CreatedOn: s.CreatedOn, Cut: s.Cut}
}

// log returns the log as it is at an instant. One caller at a time may use it.
func (d *drama) log(now time.Time) *deliveryLog {
	now = d.notBefore(now)
	begin := d.logBegin(now)
	maps.DeleteFunc(d.past, func(from time.Time, _ []scene) bool { return from.Before(begin) })
	periods, size := [][]scene{d.landmarks(begin, now)}, 0
	for from := begin; !from.After(now); from = from.Add(logPeriod) {
		periods = append(periods, d.period(from))
	}
	for _, scenes := range periods {
		size += len(scenes)
	}
	rows := make([]Delivery, 0, size)
	for _, scenes := range periods {
		rows = appendAsOf(rows, scenes, now)
	}
	return newDeliveryLog(rows)
}

// appendAsOf adds the rows that there are at an instant.
func appendAsOf(rows []Delivery, scenes []scene, now time.Time) []Delivery {
	for i := range scenes {
		if !scenes[i].CreatedOn.After(now) {
			rows = append(rows, scenes[i].asOf(now))
		}
	}
	return rows
}

// logBegin returns when the oldest rows were created, but for the landmarks.
func (d *drama) logBegin(now time.Time) time.Time {
	age := now.Sub(d.start).Truncate(logHistory) - logHistory
	return d.start.Add(max(age, -logBefore))
}

// landmarks are older than the log, and stay in it nevertheless: the last deliveries that were
// accepted, of which the list speaks, and the ones that got lost. No last failure is that old. They
// come by rising id.
func (d *drama) landmarks(begin, now time.Time) []scene {
	var scenes []scene
	for i := range d.cast {
		s := &d.cast[i]
		if last, ok := s.last(s.current(now), beat.succeeds); ok {
			scenes = append(scenes, s.scenes(last)...)
		}
	}
	scenes = append(scenes, d.losses(now.Add(-lossesKept), begin)...)
	return byID(slices.DeleteFunc(scenes, func(s scene) bool { return !s.CreatedOn.Before(begin) }))
}

// period returns what was created within a period, by rising id.
func (d *drama) period(from time.Time) []scene {
	if scenes, ok := d.past[from]; ok {
		return scenes
	}
	to := from.Add(logPeriod)
	scenes := d.losses(from, to)
	for i := range d.cast {
		s := &d.cast[i]
		for beat := s.current(from); s.at(beat).Before(to.Add(longestDelivery)); beat++ {
			scenes = append(scenes, s.scenes(beat)...)
		}
	}
	scenes = slices.DeleteFunc(scenes, func(s scene) bool { return s.CreatedOn.Before(from) || !s.CreatedOn.Before(to) })
	d.past[from] = byID(scenes)
	return d.past[from]
}

func byID(scenes []scene) []scene {
	slices.SortFunc(scenes, func(a, b scene) int { return cmp.Compare(a.ID, b.ID) })
	return scenes
}

// losses are deliveries that a restart of the portal lost from an instant on and before another.
func (d *drama) losses(from, to time.Time) []scene {
	var scenes []scene
	for at := d.start.Add(firstRestart); at.Before(to); at = at.Add(restartEvery) {
		if at.Before(from) {
			continue
		}
		for i := range d.cast {
			if s := &d.cast[i]; s.unlucky {
				scenes = append(scenes, scene{Delivery: s.row(at, s.current(at), slotOfLoss)})
			}
		}
	}
	return scenes
}
