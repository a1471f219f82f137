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
	asReleased, asPrinted := LogClock{zone: zone}, LogClock{zone: zone, exact: true}
	witnesses := 0
	for i := range rows {
		d := &rows[i]
		if d.EventCreatedOn.IsZero() || d.CreatedOn.form != withZ {
			continue
		}
		shifted, printed := asReleased.near(d), asPrinted.near(d)
		switch {
		case printed && !shifted:
			witnesses++
		case shifted && !printed:
			witnesses--
		}
	}
	if witnesses >= clockWitnesses {
		return asPrinted
	}
	return asReleased
}

// near tells whether a row was created at the time of its event.
func (c LogClock) near(d *Delivery) bool {
	return c.At(d.CreatedOn).Sub(d.EventCreatedOn).Abs() <= clockTolerance
}

// At returns the true instant of a date of the log, or the zero time for never. It can be an hour off
// in the hours in which summer time begins or ends.
func (c LogClock) At(d Date) time.Time {
	if d.IsZero() || d.form != withZ || c.exact {
		return d.In(c.zone)
	}
	return sameDigits(d.wall.In(c.zone), time.UTC)
}
