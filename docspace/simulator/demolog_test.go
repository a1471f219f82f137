package simulator_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// How long rows stay in the log of a demo at least, and those that never end.
const (
	demoHistory = 3 * time.Hour
	lossesKept  = 25 * time.Hour
)

// visible are the rows that a reader of the log can find, newest first.
func (d *demo) visible() []simulator.Delivery {
	exists, list := map[int64]bool{}, d.Webhooks()
	for i := range list {
		exists[list[i].ID] = true
	}
	return slices.DeleteFunc(d.Deliveries(), func(row simulator.Delivery) bool { return !exists[row.WebhookID] })
}

func ended(row *simulator.Delivery) bool { return row.Sent }

func failed(row *simulator.Delivery) bool { return row.Sent && row.DeliveredOn.IsZero() }

// observer looks at the log of a demo every now and then, and notes what it sees.
type observer struct {
	demo  *demo
	since time.Time                     // of the first look
	rows  map[int64]*simulator.Delivery // the last that was seen of each row
	seen  map[string]bool
}

func newObserver(d *demo) *observer {
	o := &observer{demo: d, since: d.now, rows: map[int64]*simulator.Delivery{}, seen: map[string]bool{}}
	list := d.visible()
	for i := range list {
		o.rows[list[i].ID] = &list[i]
	}
	return o
}

func (o *observer) note(what string, is bool) { o.seen[what] = o.seen[what] || is }

// look notes what has happened since the last look.
func (o *observer) look() {
	now := map[int64]*simulator.Delivery{}
	names, begun := map[string][]int64{}, map[string]int{}
	webhooks, list := o.demo.Webhooks(), o.demo.visible()
	for i := range webhooks {
		names[webhooks[i].Name] = append(names[webhooks[i].Name], webhooks[i].ID)
	}
	for i := range list {
		row := &list[i]
		before := o.rows[row.ID]
		switch {
		case before == nil:
			o.noteNew(row, names)
			begun[fmt.Sprint(row.WebhookID, row.CreatedOn)]++
		case ended(row) && !ended(before):
			o.note("pending for a while", true)
			o.note("pending while a hundred rows came", i > 100)
		case !ended(row):
			o.note("stuck", o.demo.now.Sub(row.CreatedOn) > 15*time.Minute)
		}
		if ended(row) && (before == nil || !ended(before)) {
			o.noteEnd(row)
		}
		now[row.ID] = row
	}
	for _, n := range begun {
		o.note("burst", n >= 10)
	}
	for id, row := range o.rows {
		o.note("vanished with its webhook", now[id] == nil && ended(row))
		o.note("pending when its webhook vanished", now[id] == nil && !ended(row))
	}
	o.rows = now
}

func (o *observer) noteNew(row *simulator.Delivery, names map[string][]int64) {
	o.note("trigger that no version knows", row.Trigger > 1<<35)
	o.note("payload is cut", row.Cut)
	for _, ids := range names {
		if len(ids) > 1 && slices.Contains(ids, row.WebhookID) {
			o.note(fmt.Sprintf("one of two with that name, %d", slices.Index(ids, row.WebhookID)), true)
			o.note("payload is cut, and two have that name", row.Cut)
		}
	}
}

func (o *observer) noteEnd(row *simulator.Delivery) {
	if failed(row) {
		o.note(string(docspace.ClassifyFailure(row.Response)), true)
		return
	}
	o.note("accepted after another try", row.Retries > 0)
	o.note("accepted without a body", row.Response == "")
}

// noteRecoveries goes through what ended since the first look.
func (o *observer) noteRecoveries() {
	failures := map[int64]int{}
	for _, id := range slices.Sorted(maps.Keys(o.rows)) {
		switch row := o.rows[id]; {
		case !ended(row) || row.CreatedOn.Before(o.since):
		case failed(row):
			failures[row.WebhookID]++
		default:
			o.note("recovered from a run of failures", failures[row.WebhookID] > 1)
			failures[row.WebhookID] = 0
		}
	}
}

// Ten minutes are enough to see everything, whatever the seed.
func TestADemosLogShowsEverything(t *testing.T) {
	t.Parallel()
	want := []string{
		"pending for a while", "pending while a hundred rows came", "stuck", "burst",
		"vanished with its webhook", "pending when its webhook vanished",
		"trigger that no version knows", "payload is cut", "payload is cut, and two have that name",
		"one of two with that name, 0", "one of two with that name, 1",
		"accepted after another try", "accepted without a body", "recovered from a run of failures",
		"redirect", "unauthorized", "rate_limited", "client_error", "server_error", "timeout", "dns", "connection", "tls", "other",
	}
	for seed := range uint64(5) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			o := newObserver(newDemo(seed))
			for end := o.since.Add(10 * time.Minute); o.demo.now.Before(end); {
				o.demo.now = o.demo.now.Add(15 * time.Second)
				o.look()
			}
			o.noteRecoveries()
			for _, what := range want {
				if !o.seen[what] {
					t.Errorf("not seen: %s", what)
				}
			}
		})
	}
}
