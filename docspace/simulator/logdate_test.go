package simulator_test

import (
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// logDate returns how a portal prints an instant in its log.
func logDate(t *testing.T, o simulator.Options, at time.Time) string {
	t.Helper()
	row := delivered(1)
	row.CreatedOn, row.DeliveredOn = at, at
	printed := readLog(t, logOf(o, row), "").Response[0]
	if *printed.CreationTime != *printed.Delivery {
		t.Errorf("%s: created %s, delivered %s", at, *printed.CreationTime, *printed.Delivery)
	}
	return *printed.CreationTime
}

// The rows of the tables of dates.
func TestDatesOfTheLog(t *testing.T) {
	t.Parallel()
	early, late, newest := versions()["3.1.1"], versions()["3.6.1"], versions()["3.7.2"]
	fixed := simulator.Options{Version: simulator.V37, FixedLogDates: true}
	summer := time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		options        simulator.Options
		portal, server string
		at             time.Time
		want           string
	}{
		{versions()["3.0.4"], "Europe/Berlin", "Europe/Berlin", event(), "2026-01-15T10:00:00"},
		{early, "Europe/Berlin", "UTC", event(), "2026-01-15T11:00:00+00:00"},
		{late, "Europe/Berlin", "UTC", event(), "2026-01-15T09:00:00Z"},
		{newest, "Europe/Berlin", "UTC", event(), "2026-01-15T09:00:00Z"},
		{fixed, "Europe/Berlin", "UTC", event(), "2026-01-15T10:00:00Z"},

		{early, "UTC", "UTC", event(), "2026-01-15T10:00:00+00:00"},
		{early, "Europe/Berlin", "Europe/Berlin", event(), "2026-01-15T11:00:00+01:00"},
		{early, "Europe/Berlin", "UTC", summer, "2026-07-15T12:00:00+00:00"},
		{early, "America/New_York", "UTC", event(), "2026-01-15T05:00:00+00:00"},
		{early, "Asia/Kolkata", "UTC", event(), "2026-01-15T15:30:00+00:00"},

		{newest, "UTC", "UTC", event(), "2026-01-15T10:00:00Z"},
		{newest, "Europe/Berlin", "Europe/Berlin", event(), "2026-01-15T09:00:00Z"},
		{newest, "Europe/Berlin", "UTC", summer, "2026-07-15T08:00:00Z"},
		{newest, "America/New_York", "UTC", event(), "2026-01-15T15:00:00Z"},
		{newest, "Asia/Kolkata", "UTC", event(), "2026-01-15T04:30:00Z"},
		{newest, "UTC", "UTC", event().Add(600 * time.Millisecond), "2026-01-15T10:00:01Z"}, // whole seconds are stored
	} {
		tc.options.TimeZone, tc.options.ServerZone = zone(t, tc.portal), zone(t, tc.server)
		if got := logDate(t, tc.options, tc.at); got != tc.want {
			t.Errorf("portal %s, server %s, %s: %s, want %s", tc.portal, tc.server, tc.at, got, tc.want)
		}
	}
}

// Digits that the portal's wall clock leaves out in spring, or shows twice in autumn.
func TestDatesOfTheLogAroundSummerTime(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		portal, stored, want string
	}{
		{"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"},
		{"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"}, // becomes 03:30
		{"Europe/Berlin", "2026-03-29T03:30:00Z", "2026-03-29T01:30:00Z"}, // is 03:30
		{"Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"},
		{"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T01:30:00Z"}, // the second of the two
		{"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
		{"America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:30:00Z"},
		{"America/New_York", "2026-11-01T00:30:00Z", "2026-11-01T04:30:00Z"},
		{"America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T06:30:00Z"},
		{"Australia/Sydney", "2026-10-04T02:30:00Z", "2026-10-03T16:30:00Z"},
		{"Australia/Sydney", "2026-04-05T02:30:00Z", "2026-04-04T16:30:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, tc.stored)
		if err != nil {
			t.Fatal(err)
		}
		o := simulator.Options{Version: simulator.V37, TimeZone: zone(t, tc.portal)}
		if got := logDate(t, o, at); got != tc.want {
			t.Errorf("%s, %s: %s, want %s", tc.portal, tc.stored, got, tc.want)
		}
	}
	early := simulator.Options{Version: simulator.V31, EarlyLog: true, TimeZone: zone(t, "Europe/Berlin")}
	first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	if a, b := logDate(t, early, first), logDate(t, early, first.Add(time.Hour)); a != "2026-10-25T02:30:00+00:00" || a != b {
		t.Errorf("3.1.1 in autumn: %s and %s", a, b)
	}
}

// The wall clock of the portal's zone undoes what late versions do to a date, but for those whose
// digits are left out in spring: these are an hour off.
func TestDatesOfTheLogCanBeUndone(t *testing.T) {
	t.Parallel()
	const step, digits = time.Hour, "2006-01-02T15:04:05"
	for name, lost := range map[string]int{
		"Europe/Berlin": 1, "America/New_York": 1, "Asia/Kolkata": 0,
	} {
		var list []simulator.Delivery
		for at := event(); at.Year() == event().Year(); at = at.Add(step) {
			list = append(list, simulator.Delivery{ID: int64(len(list)), WebhookID: 7, CreatedOn: at})
		}
		o := simulator.Options{Version: simulator.V37, TimeZone: zone(t, name)}
		off := map[time.Duration]int{}
		for start := 0; start < len(list); start += 100 {
			for _, row := range readLog(t, logOf(o, list[start:min(start+100, len(list))]...), "fields=id,creationTime").Response {
				printed, err := time.Parse(time.RFC3339, *row.CreationTime)
				if err != nil {
					t.Fatal(err)
				}
				undone, err := time.Parse(digits, printed.In(o.TimeZone).Format(digits))
				if err != nil {
					t.Fatal(err)
				}
				off[undone.Sub(list[row.ID].CreatedOn)]++
			}
		}
		if off[0] != len(list)-lost || off[time.Hour] != lost {
			t.Errorf("%s: %v", name, off)
		}
	}
}
