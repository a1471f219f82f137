package docspace

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Date is a date of the webhook list as the server printed it. The server prints the portal's wall
// clock with the offset of its own machine, so the offset says nothing: only the portal's time zone
// turns the digits back into an instant. The zero Date means never.
type Date struct {
	wall time.Time // the printed digits, read as UTC
	utc  bool      // the digits are UTC: printed with Z, or raw without any offset
}

// netDateLayout reads the digits of a .NET date, with or without a fraction.
const netDateLayout = "2006-01-02T15:04:05"

// ParseDate reads a date as .NET prints it: seconds with an optional fraction, then Z, an offset or
// nothing. Year 1, .NET's empty date, is the zero Date. Errors don't repeat the input.
func ParseDate(s string) (Date, error) {
	digits, utc := strings.TrimSuffix(s, "Z"), true
	if !strings.HasSuffix(s, "Z") {
		if i := strings.LastIndexAny(s, "+-"); i >= len(netDateLayout) {
			if _, err := time.Parse("-07:00", s[i:]); err != nil {
				return Date{}, fmt.Errorf("offset of a date: %w", errDecode)
			}
			digits, utc = s[:i], false
		}
	}
	wall, err := time.Parse(netDateLayout, digits)
	if err != nil {
		return Date{}, fmt.Errorf("date: %w", errDecode)
	}
	if wall.Year() == 1 {
		return Date{}, nil
	}
	return Date{wall: wall, utc: utc}, nil
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

// In returns the true instant for a portal whose wall clock runs in zone, or the zero time for
// never. In the one hour that is repeated when summer time ends it can be an hour off, because
// the digits name two instants.
func (d Date) In(zone *time.Location) time.Time {
	if d.IsZero() || d.utc {
		return d.wall
	}
	w := d.wall
	return time.Date(w.Year(), w.Month(), w.Day(), w.Hour(), w.Minute(), w.Second(), w.Nanosecond(), zone)
}
