package simulator_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// moment is what a demo shows at an instant.
type moment struct {
	at       time.Time
	webhooks map[int64]*simulator.Webhook
	order    []simulator.Delivery // newest first
	rows     map[int64]*simulator.Delivery
}

func momentOf(d *demo) moment {
	m := moment{at: d.now, webhooks: map[int64]*simulator.Webhook{}, order: d.visible(), rows: map[int64]*simulator.Delivery{}}
	list := d.Webhooks()
	for i := range list {
		m.webhooks[list[i].ID] = &list[i]
	}
	for i := range m.order {
		m.rows[m.order[i].ID] = &m.order[i]
	}
	return m
}

// checkOrder holds the rows of a moment against each other.
func (m *moment) checkOrder(t *testing.T) {
	t.Helper()
	for i := range m.order {
		row := &m.order[i]
		if i > 0 && (m.order[i-1].ID <= row.ID || m.order[i-1].CreatedOn.Before(row.CreatedOn)) {
			t.Fatalf("%s: row %d of %s comes after %d of %s", m.at, row.ID, row.CreatedOn, m.order[i-1].ID, m.order[i-1].CreatedOn)
		}
		if row.ID <= 0 || row.CreatedOn.After(m.at) || row.DeliveredOn.After(m.at) {
			t.Fatalf("%s: %+v", m.at, row)
		}
		if !row.DeliveredOn.IsZero() && !row.DeliveredOn.After(row.CreatedOn) || row.CreatedOn.Before(m.webhooks[row.WebhookID].CreatedOn) {
			t.Fatalf("%s: %+v of a webhook of %s", m.at, row, m.webhooks[row.WebhookID].CreatedOn)
		}
	}
}

// checkList holds the dates of the list against the rows: the last success is the newest that was
// accepted, and if the last failure has changed since the moment before, that is because of a row.
func (m *moment) checkList(t *testing.T, before *moment) {
	t.Helper()
	var none simulator.Delivery
	accepted, failures := map[int64]*simulator.Delivery{}, map[int64][]string{}
	for i := range m.order {
		row := &m.order[i]
		if last := cmp.Or(accepted[row.WebhookID], &none); row.DeliveredOn.After(last.DeliveredOn) {
			accepted[row.WebhookID] = row
		}
		if old := before.rows[row.ID]; failed(row) && (old == nil || !ended(old)) {
			failures[row.WebhookID] = append(failures[row.WebhookID], row.Response)
		}
	}
	for id, w := range m.webhooks {
		if last := cmp.Or(accepted[id], &none); !w.LastSuccessOn.Equal(last.DeliveredOn) || w.Status != last.Status {
			t.Fatalf("%s: %s succeeded last on %s with %d, but its rows on %s with %d",
				m.at, w.Name, w.LastSuccessOn, w.Status, last.DeliveredOn, last.Status)
		}
		isNew := !w.LastFailureOn.IsZero()
		if was := before.webhooks[id]; was != nil {
			isNew = !w.LastFailureOn.Equal(was.LastFailureOn)
		}
		if isNew != (len(failures[id]) > 0) || isNew && !slices.Contains(failures[id], w.LastFailureContent) {
			t.Fatalf("%s: %s failed last on %s with %q, its rows with %q", m.at, w.Name, w.LastFailureOn, w.LastFailureContent, failures[id])
		}
	}
}

// checkChanges tells what may become of a row: it ends once, and goes with its webhook or when it is
// older than the log.
func (m *moment) checkChanges(t *testing.T, before *moment) {
	t.Helper()
	for i := range before.order {
		was := &before.order[i]
		is := m.rows[was.ID]
		_, exists := m.webhooks[was.WebhookID]
		kept := demoHistory
		if !ended(was) {
			kept = lossesKept
		}
		switch {
		case is == nil && exists && m.at.Sub(was.CreatedOn) < kept:
			t.Fatalf("%s: lost %+v", m.at, was)
		case is == nil:
		case ended(was) && *is != *was:
			t.Fatalf("%s: %+v became %+v", m.at, was, is)
		case is.WebhookID != was.WebhookID || is.Trigger != was.Trigger || !is.CreatedOn.Equal(was.CreatedOn) || is.Cut != was.Cut:
			t.Fatalf("%s: %+v became %+v", m.at, was, is)
		}
	}
	for i := range m.order {
		row := &m.order[i]
		if before.rows[row.ID] == nil && !row.CreatedOn.After(before.at) {
			t.Fatalf("%s: came late: %+v", m.at, row)
		}
	}
}

// The list and the log tell the same story, and what is past stays as it was: closely watched at the
// beginning and while old rows are dropped, and on the whole for more than a day.
func TestADemosLogIsConsistent(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		after, watch, every time.Duration
	}{
		{0, 30 * time.Minute, 5 * time.Second},
		{demoHistory - time.Minute, 2 * time.Minute, 5 * time.Second},
		{4*demoHistory - 10*time.Second, 20 * time.Second, time.Second},
		{0, 28 * time.Hour, 31 * time.Minute},
	} {
		t.Run(fmt.Sprint(tc.after, tc.every), func(t *testing.T) {
			t.Parallel()
			d := newDemo(uint64(tc.every))
			start := d.now.Add(tc.after)
			d.now = start
			before := momentOf(d)
			before.checkOrder(t)
			for d.now = start; d.now.Before(start.Add(tc.watch)); {
				d.now = d.now.Add(tc.every)
				m := momentOf(d)
				m.checkOrder(t)
				m.checkList(t, &before)
				m.checkChanges(t, &before)
				before = m
			}
		})
	}
}

// When a demo begins, its log goes back as far as what the list tells.
func TestADemosLogExplainsTheList(t *testing.T) {
	t.Parallel()
	d := newDemo(1)
	m := momentOf(d)
	for id, w := range m.webhooks {
		explains := func(row simulator.Delivery) bool {
			return row.WebhookID == id && failed(&row) && row.Response == w.LastFailureContent && row.CreatedOn.Before(w.LastFailureOn)
		}
		if w.LastFailureOn.IsZero() == slices.ContainsFunc(m.order, explains) {
			t.Errorf("no row explains that %s failed last on %s", w.Name, w.LastFailureOn)
		}
	}
}

// What is in the log depends on the time alone, not on when it was read before.
func TestADemosLogIsAFunctionOfTime(t *testing.T) {
	t.Parallel()
	watched, left, other := newDemo(1), newDemo(1), newDemo(2)
	start := watched.now
	for range 60 {
		watched.now = watched.now.Add(5 * time.Minute)
		watched.Deliveries()
	}
	left.now, other.now = watched.now, watched.now
	if a, b := watched.Deliveries(), left.Deliveries(); !slices.Equal(a, b) {
		t.Errorf("watching changes the log: %d and %d rows", len(a), len(b))
	}
	if slices.Equal(watched.Deliveries(), other.Deliveries()) {
		t.Error("another seed makes no difference")
	}
	if get(t, watched, logPath).body != get(t, left, logPath).body {
		t.Error("the pages are not alike")
	}
	watched.now, left.now = start.Add(-time.Hour), start
	if !slices.Equal(watched.Deliveries(), left.Deliveries()) {
		t.Error("a clock that went back shows more than the beginning")
	}
	left.now = start.AddDate(5, 0, 0)
	if n := len(left.Deliveries()); n < 1000 || n > 15_000 {
		t.Errorf("%d rows after five years", n)
	}
}

// Page by page one gets all of it.
func TestADemosLogInPages(t *testing.T) {
	t.Parallel()
	d := newDemo(1)
	var got []int64
	for page := (logPage{Total: new(1)}); len(got) < *page.Total; {
		page = readLog(t, d.Portal, fmt.Sprint("startIndex=", len(got)))
		if len(page.Response) == 0 {
			t.Fatalf("no page after row %d of %d", len(got), *page.Total)
		}
		got = append(got, page.ids()...)
	}
	rows := d.visible()
	want := make([]int64, 0, len(rows))
	for i := range rows {
		want = append(want, rows[i].ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows in pages, %d in all", len(got), len(want))
	}
	for i := range 50 {
		row := &rows[i]
		sent := readLog(t, d.Portal, fmt.Sprint("eventId=", row.ID)).Response[0]
		if sent.Status != row.Status || (sent.RequestHeaders != nil) != ended(row) {
			t.Errorf("%+v is sent as %+v", row, sent)
		}
	}
}
