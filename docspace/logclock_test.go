package docspace

import (
	"slices"
	"testing"
	"time"
)

// misreadByServer returns the instant that servers from 3.5 on print for another. They take its UTC
// digits for those of the portal's wall clock. Of digits that are there twice they mean the second
// time, and to those that are left out they add an hour.
func misreadByServer(at time.Time, portal *time.Location) time.Time {
	var found []time.Time
	for _, near := range []time.Time{at.AddDate(0, 0, -1), at.AddDate(0, 0, 1)} {
		_, offset := near.In(portal).Zone()
		t := at.Add(-time.Duration(offset) * time.Second)
		if _, here := t.In(portal).Zone(); here == offset {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return misreadByServer(at.Add(time.Hour), portal)
	}
	return slices.MaxFunc(found, time.Time.Compare)
}

// printer prints a date of the log as a server does whose portal is in a zone.
type printer func(at time.Time, portal *time.Location) string

func printedIn30(at time.Time, _ *time.Location) string { return at.UTC().Format(netDateLayout) }

func printedIn31(at time.Time, portal *time.Location) string {
	return at.In(portal).Format(netDateLayout) + "+00:00"
}

func printedIn35(at time.Time, portal *time.Location) string {
	return misreadByServer(at, portal).UTC().Format(time.RFC3339)
}

func printedTruly(at time.Time, _ *time.Location) string { return at.UTC().Format(time.RFC3339) }

// The worked table of the API reference, section 5.3, columns of the log.
func TestDatesOfTheLogAreTrueInstantsInThePortalsZone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, printed, zone, want string }{
		{"3.0", "2026-01-15T10:00:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"3.0 in summer", "2026-07-15T10:00:00", "America/New_York", "2026-07-15T10:00:00Z"},
		{"3.1", "2026-01-15T11:00:00+00:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"3.1, server in the portal's zone", "2026-01-15T11:00:00+01:00", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"3.1 in summer", "2026-07-15T12:00:00+00:00", "Europe/Berlin", "2026-07-15T10:00:00Z"},
		{"3.1, portal on UTC", "2026-01-15T10:00:00+00:00", "UTC", "2026-01-15T10:00:00Z"},
		{"3.1 west of Greenwich", "2026-01-15T05:00:00+00:00", "America/New_York", "2026-01-15T10:00:00Z"},
		{"3.1, half hours", "2026-01-15T15:30:00+00:00", "Asia/Kolkata", "2026-01-15T10:00:00Z"},
		{"3.1 on PostgreSQL", "2026-01-15T11:00:00.123456+00:00", "Europe/Berlin", "2026-01-15T10:00:00.123456Z"},
		{"3.5", "2026-01-15T09:00:00Z", "Europe/Berlin", "2026-01-15T10:00:00Z"},
		{"3.5 in summer", "2026-07-15T08:00:00Z", "Europe/Berlin", "2026-07-15T10:00:00Z"},
		{"3.5, portal on UTC", "2026-01-15T10:00:00Z", "UTC", "2026-01-15T10:00:00Z"},
		{"3.5 west of Greenwich: in the future", "2026-01-15T15:00:00Z", "America/New_York", "2026-01-15T10:00:00Z"},
		{"3.5 west of Greenwich in summer", "2026-07-15T14:00:00Z", "America/New_York", "2026-07-15T10:00:00Z"},
		{"3.5, half hours", "2026-01-15T04:30:00Z", "Asia/Kolkata", "2026-01-15T10:00:00Z"},
		{"3.5, the day changes", "2026-01-14T23:30:00Z", "Europe/Berlin", "2026-01-15T00:30:00Z"},
		{"3.5, the year changes", "2026-01-01T04:30:00Z", "America/New_York", "2025-12-31T23:30:00Z"},
		{"3.5 with a fraction", "2026-01-15T09:00:00.25Z", "Europe/Berlin", "2026-01-15T10:00:00.25Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := NewLogClock(zone(t, tt.zone), nil)
			if got := clock.At(date(t, tt.printed)).UTC().Format(time.RFC3339Nano); got != tt.want {
				t.Errorf("%s in %s is %s, want %s", tt.printed, tt.zone, got, tt.want)
			}
		})
	}
}

func TestMissingDatesOfTheLogMeanNever(t *testing.T) {
	t.Parallel()
	for _, clock := range []LogClock{NewLogClock(zone(t, "Asia/Kolkata"), nil), {zone: zone(t, "Asia/Kolkata"), exact: true}} {
		if at := clock.At(Date{}); !at.IsZero() {
			t.Errorf("never is %v", at)
		}
	}
}

// Section 5.4: every quarter of an hour comes back but one hour of the year, which is an hour off.
func TestEveryQuarterOfAYearComesBackFromTheLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		zone         string
		off31, off35 int // quarters of an hour
	}{
		{zone: "UTC"},
		{zone: "Asia/Kolkata"},
		{zone: "Europe/Berlin", off31: 4, off35: 4},
		{zone: "Europe/London", off31: 4, off35: 4},
		{zone: "America/New_York", off31: 4, off35: 4},
	} {
		t.Run(tt.zone, func(t *testing.T) {
			t.Parallel()
			portal := zone(t, tt.zone)
			clock := NewLogClock(portal, nil)
			off31, off35 := 0, 0
			end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
			for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.Add(15 * time.Minute) {
				if got := clock.At(date(t, printedIn30(at, portal))); !got.Equal(at) {
					t.Errorf("3.0: %v is %v", at, got)
				}
				if miss := clock.At(date(t, printedIn31(at, portal))).Sub(at).Abs(); miss != 0 {
					off31++
					if !sameWallClock(at, portal) || miss != time.Hour {
						t.Errorf("3.1: %v is %v off", at, miss)
					}
				}
				if miss := clock.At(date(t, printedIn35(at, portal))).Sub(at).Abs(); miss != 0 {
					off35++
					if !inGap(at.Format(netDateLayout), portal) || miss != time.Hour {
						t.Errorf("3.5: %v is %v off", at, miss)
					}
				}
			}
			if off31 > tt.off31 || off35 != tt.off35 {
				t.Errorf("%d quarters are off in 3.1 and %d in 3.5, want %d at most and %d", off31, off35, tt.off31, tt.off35)
			}
		})
	}
}

// loggedRows are rows that were made at some instants for events that happened some time before.
func loggedRows(tb testing.TB, p printer, portal *time.Location, before time.Duration, made ...time.Time) []Delivery {
	tb.Helper()
	rows := make([]Delivery, 0, len(made))
	for i, at := range made {
		rows = append(rows, Delivery{ID: int64(len(made) - i), CreatedOn: date(tb, p(at, portal)), EventCreatedOn: at.Add(-before)})
	}
	return rows
}

// every returns n instants a step apart.
func every(step time.Duration, n int, from time.Time) []time.Time {
	list := make([]time.Time, 0, n)
	for i := range n {
		list = append(list, from.Add(time.Duration(i)*step))
	}
	return list
}

// A later version, or PostgreSQL, may print what is true. The events in the payloads tell.
func TestServersThatPrintTrueDatesAreRecognised(t *testing.T) {
	t.Parallel()
	winter, summer := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC), time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)
	for _, name := range []string{"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata"} {
		portal := zone(t, name)
		for _, at := range []time.Time{winter, summer} {
			for _, n := range []int{clockWitnesses, 100} {
				for _, late := range []time.Duration{0, time.Second, 2 * time.Second, -time.Second} {
					for form, p := range map[string]printer{
						"3.0": printedIn30, "3.1": printedIn31, "3.5": printedIn35, "true": printedTruly,
					} {
						made := every(7*time.Minute, n, at)
						rows := loggedRows(t, p, portal, late, made...)
						clock := NewLogClock(portal, rows)
						for i := range rows {
							if got := clock.At(rows[i].CreatedOn); !got.Equal(made[i]) {
								t.Fatalf("%s, %d rows of %s, %v late: %v is %v", name, n, form, late, made[i], got)
							}
						}
					}
				}
			}
		}
	}
}

func TestTooFewRowsAreNoEvidence(t *testing.T) {
	t.Parallel()
	portal, at := zone(t, "Europe/Berlin"), time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	exact := func(rows []Delivery) bool { return NewLogClock(portal, rows).exact }
	few := loggedRows(t, printedTruly, portal, 0, every(time.Minute, clockWitnesses-1, at)...)
	if exact(few) {
		t.Errorf("%d rows were believed", len(few))
	}
	if enough := loggedRows(t, printedTruly, portal, 0, every(time.Minute, clockWitnesses, at)...); !exact(enough) {
		t.Errorf("%d rows were not believed", len(enough))
	}
	mute := loggedRows(t, printedTruly, portal, 0, every(time.Minute, 50, at)...)
	for i := range mute {
		mute[i].EventCreatedOn = time.Time{} // cut
	}
	if exact(mute) {
		t.Error("rows that say nothing of their events were believed")
	}
	if exact(make([]Delivery, 50)) {
		t.Error("rows without any date were believed")
	}
}

// In London the rows of the winter say nothing, and so do not speak against those of the summer.
func TestRowsFromWhenThePortalWasOnUTCAreNoEvidence(t *testing.T) {
	t.Parallel()
	portal := zone(t, "Europe/London")
	winter := every(time.Hour, 50, time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC))
	summer := every(time.Hour, clockWitnesses, time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	for form, p := range map[string]printer{"3.5": printedIn35, "true": printedTruly} {
		made := slices.Concat(summer, winter)
		rows := loggedRows(t, p, portal, time.Second, made...)
		clock := NewLogClock(portal, rows)
		for i := range rows {
			if got := clock.At(rows[i].CreatedOn); !got.Equal(made[i]) {
				t.Fatalf("%s: %v is %v", form, made[i], got)
			}
		}
	}
}

// Manual retries repeat an old event. One that comes as long after it as the portal is off UTC looks
// like a true date.
func TestManualRetriesDoNotFoolTheClock(t *testing.T) {
	t.Parallel()
	portal, at := zone(t, "Europe/Berlin"), time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	usual := every(time.Minute, 10, at)
	for _, tt := range []struct {
		name string
		p    printer
		age  time.Duration
		n    int
	}{
		{"a day later", printedIn35, 24 * time.Hour, 90},
		{"6 s later", printedIn35, 6 * time.Second, 90},
		{"an hour later", printedIn35, time.Hour, 12},
		{"two of them and nothing else", printedIn35, time.Hour, clockWitnesses - 1},
		{"a day later on a true server", printedTruly, 24 * time.Hour, 90},
		{"an hour later on a true server", printedTruly, time.Hour, 7},
	} {
		rows := loggedRows(t, tt.p, portal, tt.age, every(time.Minute, tt.n, at)...)
		made := every(time.Minute, tt.n, at)
		if tt.n >= clockWitnesses {
			rows = append(rows, loggedRows(t, tt.p, portal, time.Second, usual...)...)
			made = append(made, usual...)
		}
		clock := NewLogClock(portal, rows)
		for i := range rows {
			if got := clock.At(rows[i].CreatedOn); !got.Equal(made[i]) {
				t.Errorf("%s: %v is %v", tt.name, made[i], got)
				break
			}
		}
	}
}

// Around the hours in which summer time begins and ends, released servers must not look like true ones.
// In London what they print of the hour that is left out is true.
func TestChangesOfTheClockDoNotFoolIt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "Europe/London", "America/New_York", "Atlantic/Azores", "Australia/Lord_Howe"} {
		portal := zone(t, name)
		for _, day := range []time.Time{
			time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC),
			time.Date(2026, 10, 4, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		} {
			for begin := day.Add(-12 * time.Hour); begin.Before(day.Add(36 * time.Hour)); begin = begin.Add(20 * time.Minute) {
				for _, step := range []time.Duration{time.Second, 5 * time.Minute} {
					made := every(step, 20, begin)
					if NewLogClock(portal, loggedRows(t, printedIn35, portal, time.Second, made...)).exact {
						t.Errorf("%s: a released server was taken for a true one by rows every %v from %v on", name, step, begin)
					}
				}
			}
		}
	}
}
