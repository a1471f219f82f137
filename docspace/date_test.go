package docspace

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests don't depend on the machine's zone files
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

// The worked table of the API reference, section 5.3, columns of the list.
func TestDatesOfTheListAreTrueInstantsInThePortalsZone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, printed, zone, want string }{
		{"3.1 to 3.7 in winter", "2026-01-15T11:00:00+00:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"in summer", "2026-07-15T12:00:00+00:00", "Europe/Berlin", "2026-07-15T10:00:00Z"},
		{"server in the portal's zone", "2026-01-15T11:00:00+01:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"server elsewhere", "2026-01-15T11:00:00-08:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"portal on UTC", "2026-01-15T10:00:00+00:00", "UTC", "2026-01-15T10:00:00Z"},
		{"portal on UTC, server not", "2026-01-15T10:00:00+09:30", "UTC", "2026-01-15T10:00:00Z"},
		{"west of Greenwich in winter", "2026-01-15T05:00:00+00:00", "America/New_York", "2026-01-15T10:00:00Z"},
		{"west of Greenwich in summer", "2026-07-15T06:00:00+00:00", "America/New_York", "2026-07-15T10:00:00Z"},
		{"half hours in winter", "2026-01-15T15:30:00+00:00", "Asia/Kolkata", "2026-01-15T10:00:00Z"},
		{"half hours in summer", "2026-07-15T15:30:00+00:00", "Asia/Kolkata", "2026-07-15T10:00:00Z"},
		{"the day changes", "2026-01-01T00:30:00+00:00", "Europe/Berlin", "2025-12-31T23:30:00Z"},
		{"PostgreSQL's fraction", "2026-01-15T11:00:00.1234567+00:00", "Europe/Berlin", "2026-01-15T10:00:00.1234567Z"},
		{"Z is UTC whatever the zone", "2026-01-15T10:00:00Z", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"Z with a fraction", "2026-07-15T10:00:00.5Z", "Asia/Kolkata", "2026-07-15T10:00:00.5Z"},
		{"no offset is UTC whatever the zone", "2026-01-15T10:00:00", "America/New_York", "2026-01-15T10:00:00Z"},
		{"no offset with a fraction", "2026-07-15T10:00:00.25", "Europe/Berlin", "2026-07-15T10:00:00.25Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := ParseDate(tt.printed)
			if err != nil {
				t.Fatal(err)
			}
			if got := d.In(zone(t, tt.zone)).UTC().Format(time.RFC3339Nano); got != tt.want {
				t.Errorf("%s in %s is %s, want %s", tt.printed, tt.zone, got, tt.want)
			}
			if d.IsZero() {
				t.Error("the date counts as never")
			}
		})
	}
}

// The server takes an instant to the portal's wall clock and prints that with its own offset.
func TestEveryHourOfAYearComesBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portal, off := zone(t, name), 0
			end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(time.Hour) {
				d, err := ParseDate(at.In(portal).Format(netDateLayout) + "+00:00")
				if err != nil {
					t.Fatal(err)
				}
				miss := at.Sub(d.In(portal)).Abs()
				if miss == 0 {
					continue
				}
				off++
				if repeated := sameWallClock(at, portal); !repeated || miss != time.Hour {
					t.Errorf("%s is %v off, repeated hour: %t", at.Format(time.RFC3339), miss, repeated)
				}
			}
			if off > 1 {
				t.Errorf("%d hours are off, want the repeated one at most", off)
			}
		})
	}
}

// sameWallClock tells whether another instant shows the same digits on the zone's wall clock.
func sameWallClock(at time.Time, zone *time.Location) bool {
	digits := at.In(zone).Format(netDateLayout)
	return at.Add(time.Hour).In(zone).Format(netDateLayout) == digits ||
		at.Add(-time.Hour).In(zone).Format(netDateLayout) == digits
}

func TestMissingDatesMeanNever(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`null`, `""`, `"0001-01-01T00:00:00"`, `"0001-01-01T00:00:00Z"`, `"0001-01-01T01:00:00+01:00"`, `"0001-12-31T23:59:59-08:00"`,
	} {
		d, err := ParseDate("2026-01-15T10:00:00Z") // what was there before must go
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if !d.IsZero() || !d.In(zone(t, "Europe/Berlin")).IsZero() {
			t.Errorf("%s is %v, want never", text, d.In(time.UTC))
		}
	}
	if d := (Date{}); !d.IsZero() || !d.In(zone(t, "Asia/Kolkata")).IsZero() {
		t.Error("the zero Date is not never")
	}
}

func TestYearTwoIsADate(t *testing.T) {
	t.Parallel()
	if d, err := ParseDate("0002-01-01T00:00:00Z"); err != nil || d.IsZero() {
		t.Errorf("got %v, %v", d, err)
	}
}

func TestDatesAreReadFromJSON(t *testing.T) {
	t.Parallel()
	var d Date
	if err := json.Unmarshal([]byte(`"2026-01-15T11:00:00\u002b00:00"`), &d); err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	if got := d.In(zone(t, "Europe/Berlin")); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMalformedDatesAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "hunter2", "2026-01-15", "10:00:00Z", "2026-01-15 10:00:00", "2026-01-15T10:00Z",
		"2026-13-15T10:00:00Z", "2026-02-30T10:00:00Z", "2026-01-15T25:00:00Z", "2026-01-15T10:61:00Z",
		"2026-01-15T10:00:00ZZ", "2026-01-15T10:00:00z", "2026-01-15T10:00:00+01:00Z", "2026-01-15T10:00:00Z+01:00",
		"2026-01-15T10:00:00+1", "2026-01-15T10:00:00+0100", "2026-01-15T10:00:00+01:00+01:00",
		"2026-01-15T10:00:00+25:00", "2026-01-15T10:00:00+01:61", "2026-01-15T10:00:00-", "2026-01-15T10:00:00 hunter2",
		"12026-01-15T10:00:00Z", "-2026-01-15T10:00:00Z", "2026-01-15T10:00:00.Z", "/Date(1768471200000)/",
	} {
		_, err := ParseDate(s)
		if !errors.Is(err, errDecode) {
			t.Errorf("%q: error %v, want one of decoding", s, err)
			continue
		}
		if classify(err) != ReasonDecode || len(s) > 1 && strings.Contains(err.Error(), s) {
			t.Errorf("%q: reason %s, text %q", s, classify(err), err)
		}
	}
	for _, text := range []string{`1768471200`, `true`, `{}`, `[]`, `"hunter2"`} {
		var d Date
		if err := d.UnmarshalJSON([]byte(text)); !errors.Is(err, errDecode) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want one of decoding that quotes nothing", text, err)
		}
	}
}
