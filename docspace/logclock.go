package docspace

import "time"

// LogClock turns the dates of the delivery log into true instants. Servers up to 3.2.1 print them as
// they print those of the list. From 3.5 on they take the UTC digits for the portal's wall clock and
// turn them into UTC once more, so that what is printed is off by the offset of the portal's zone.
type LogClock struct {
	zone  *time.Location
	exact bool // dates with Z are what they say
}

// What it takes to believe that a server prints true dates: no released one does.
const (
	clockTolerance = 5 * time.Second // between an event and the row that is made for it
	clockWitnesses = 3               // a single row may be an old delivery that somebody repeated by hand
)

// NewLogClock returns the clock of a portal whose wall clock runs in zone. It looks at rows of the
// log for evidence that the server prints true dates: the time of the event in requestPayload always
// is the true one, and not long before the row was created.
func NewLogClock(zone *time.Location, rows []Delivery) LogClock {
	witnesses := 0
	for i := range rows {
		d := &rows[i]
		if d.CreatedOn.form != withZ {
			continue
		}
		event := d.EventCreatedOn.UTC()
		exact, released := d.CreatedOn.isNear(event), d.CreatedOn.isNear(sameDigits(event, zone))
		switch {
		case exact && !released:
			witnesses++
		case released && !exact:
			witnesses--
		}
	}
	return LogClock{zone: zone, exact: witnesses >= clockWitnesses}
}

// isNear tells whether the printed digits, taken for UTC, are about those of t.
func (d Date) isNear(t time.Time) bool { return d.wall.Sub(t).Abs() <= clockTolerance }

// At returns the true instant of a date of the log, or the zero time for never. It can be an hour off
// in the hours in which summer time begins or ends.
func (c LogClock) At(d Date) time.Time {
	if d.form != withZ || c.exact {
		return d.In(c.zone)
	}
	return sameDigits(d.wall.In(c.zone), time.UTC)
}
