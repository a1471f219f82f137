package docspace

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Date is a date as the server printed it. In the list of webhooks the server prints the portal's
// wall clock with the offset of its own machine, so the offset says nothing: only the portal's time
// zone turns the digits back into an instant. For the dates of the delivery log see LogClock. The
// zero Date means never.
type Date struct {
	wall time.Time // the printed digits, read as UTC
	form dateForm
}

// dateForm is what a date was printed with after its digits.
type dateForm byte

const (
	withOffset dateForm = iota // the digits are the portal's wall clock
	withZ                      // the digits are UTC, in the list
	bare                       // without anything: the digits are UTC
)

// netDateLayout reads the digits of a .NET date, with or without a fraction.
const netDateLayout = "2006-01-02T15:04:05"

// ParseDate reads a date as .NET prints it: seconds with an optional fraction, then Z, an offset or
// nothing. Year 1, .NET's empty date, is the zero Date. Errors don't repeat the input.
func ParseDate(s string) (Date, error) {
	digits, form := s, bare
	if before, ok := strings.CutSuffix(s, "Z"); ok {
		digits, form = before, withZ
	} else if i := strings.LastIndexAny(s, "+-"); i >= len(netDateLayout) {
		if _, err := time.Parse("-07:00", s[i:]); err != nil {
			return Date{}, fmt.Errorf("offset of a date: %w", errDecode)
		}
		digits, form = s[:i], withOffset
	}
	wall, err := time.Parse(netDateLayout, digits)
	if err != nil {
		return Date{}, fmt.Errorf("date: %w", errDecode)
	}
	if wall.Year() == 1 {
		return Date{}, nil
	}
	return Date{wall: wall, form: form}, nil
}

// UnmarshalJSON reads a JSON string with ParseDate; null and "" leave the zero Date.
func (d *Date) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("date: %w", errDecode)
	}
	if s == nil || *s == "" {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(*s)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// IsZero tells whether the date is missing, which means never.
func (d Date) IsZero() bool { return d.wall.IsZero() }

// In returns the true instant of a date of the list, for a portal whose wall clock runs in zone, or
// the zero time for never. In the one hour that is repeated when summer time ends it can be an hour
// off, because the digits name two instants.
func (d Date) In(zone *time.Location) time.Time {
	if d.IsZero() || d.form != withOffset {
		return d.wall
	}
	return sameDigits(d.wall, zone)
}

// sameDigits returns the instant at which a clock in zone shows the digits that t shows in its own.
func sameDigits(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}
