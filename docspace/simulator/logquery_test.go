package simulator_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// numbered are accepted deliveries with the ids from 1 on, in an order of no meaning.
func numbered(n int) []simulator.Delivery {
	list := make([]simulator.Delivery, 0, n)
	for id := range n {
		list = append(list, delivered(int64(id+1)))
	}
	slices.Reverse(list[n/3:])
	return list
}

// down are the ids from one number down to another.
func down(from, to int64) []int64 {
	list := []int64{}
	for id := from; id >= to; id-- {
		list = append(list, id)
	}
	return list
}

func TestPagesOfTheLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		query string
		want  []int64
	}{
		{"", down(250, 151)},
		{"count=100", down(250, 151)},
		{"count=1", down(250, 250)},
		{"startIndex=100&count=100", down(150, 51)},
		{"startIndex=200&count=100", down(50, 1)},
		{"startIndex=249", down(1, 1)},
		{"startIndex=250", down(0, 1)},
		{"startIndex=1000&count=7", down(0, 1)},
		{"startIndex=3&count=2", down(247, 246)},
	} {
		page := readLog(t, logOf(simulator.Options{Version: simulator.V37}, numbered(250)...), tc.query)
		if !slices.Equal(page.ids(), tc.want) || *page.Total != 250 || page.Count != 1 {
			t.Errorf("%q: %v of %d, count %d; want %v", tc.query, page.ids(), *page.Total, page.Count, tc.want)
		}
	}
}

// Sizes of a page up to 3.1, and what later versions refuse.
func TestSizesOfPages(t *testing.T) {
	t.Parallel()
	const rows, refused = 1200, -1
	for _, tc := range []struct {
		count       string
		early, late int
	}{
		{"", 1000, 100},
		{"count=1", 1, 1},
		{"count=100", 100, 100},
		{"count=101", 101, refused},
		{"count=1000", 1000, refused},
		{"count=1001", 1000, refused},
		{"count=0", rows, refused},
		{"count=-1", 1000, refused},
		{"count=ten", 1000, refused},
	} {
		for version, o := range versions() {
			want := tc.late
			if early := o.Version == simulator.V30 || o.EarlyLog; early {
				want = tc.early
			}
			r := get(t, logOf(o, numbered(rows)...), logPath+"?"+tc.count)
			if want == refused {
				if r.status != 400 {
					t.Errorf("%s, %q: status %d", version, tc.count, r.status)
				}
				continue
			}
			if got := len(response[[]any](t, r)); got != want {
				t.Errorf("%s, %q: %d rows, want %d", version, tc.count, got, want)
			}
		}
	}
}

// A refusal comes in the envelope of successes, which from 3.7 on knows that it is none.
func TestBadParametersOfTheLog(t *testing.T) {
	t.Parallel()
	const format = `{"response":{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.",` +
		`"status":400,"errors":{%q:["The value is not valid."]},"traceId":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"},` +
		`"count":1,"links":[{"href":"http://p.example/api/2.0/settings/webhooks/log","action":"GET"}],%s}`
	for _, name := range []string{"count", "configId", "eventId", "groupStatus", "trigger", "deliveryFrom", "deliveryTo", "startIndex"} {
		for version, end := range map[string]string{"3.6.1": `"status":0,"statusCode":200`, "3.7.2": `"status":1,"statusCode":400`} {
			p := logOf(versions()[version])
			p.OnLogPage(func(url.Values) { t.Errorf("%s, %s: a page was prepared", version, name) })
			r := get(t, p, logPath+"?fields=id&"+name+"=nonsense")
			if want := fmt.Sprintf(format, name, end); r.status != 400 || r.body != want {
				t.Errorf("%s, %s: status %d, got\n%s\nwant\n%s", version, name, r.status, r.body, want)
			}
		}
	}
}

// mixed is a log with rows of every status, of two webhooks, with three triggers.
func mixed(t *testing.T) *simulator.Portal {
	t.Helper()
	statuses := []int{0, 0, 102, 200, 299, 302, 404, 429, 500, 999}
	list := make([]simulator.Delivery, 0, len(statuses))
	for i, status := range statuses {
		d := simulator.Delivery{ID: int64(i + 1), WebhookID: 7 + int64(i%2), Trigger: 1 << (i % 3), CreatedOn: event(), Status: status}
		if status/100 == 2 {
			d.Sent, d.DeliveredOn = true, event().Add(time.Duration(i)*time.Second) // 10:00:03 and 10:00:04
		}
		list = append(list, d)
	}
	other := crm()
	other.ID, other.URL, other.OwnedByOther = 8, "https://other.example/in?token=1", true
	return simulator.New(simulator.Options{
		Version: simulator.V37, TimeZone: zone(t, "Asia/Kolkata"), // which has no part in it
		Webhooks: []simulator.Webhook{crm(), other}, Deliveries: list,
	})
}

func TestFiltersOfTheLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		query string
		want  []int64
	}{
		{"configId=7", []int64{9, 7, 5, 3, 1}},
		{"configId=8", []int64{10, 8, 6, 4, 2}},
		{"configId=9", []int64{}},
		{"configId=0", down(10, 1)},
		{"eventId=4", []int64{4}},
		{"eventId=11", []int64{}},
		{"eventId=4&configId=8", []int64{4}},
		{"eventId=4&configId=7", []int64{}},
		{"trigger=1", []int64{10, 7, 4, 1}},
		{"trigger=4", []int64{9, 6, 3}},
		{"trigger=3", []int64{}}, // one trigger, not a mask
		{"trigger=0", down(10, 1)},

		// Groups that are not asked for are left out, and a status below 200 is in none.
		{"groupStatus=1", []int64{3, 2, 1}},
		{"groupStatus=2", []int64{5, 4, 3}},
		{"groupStatus=4", []int64{6, 3}},
		{"groupStatus=8", []int64{8, 7, 3}},
		{"groupStatus=16", []int64{10, 9, 3}},
		{"groupStatus=24", []int64{10, 9, 8, 7, 3}},
		{"groupStatus=31", down(10, 1)},
		{"groupStatus=0", down(10, 1)},
		{"groupStatus=Status5xx", []int64{10, 9, 3}},
		{"groupStatus=Status4xx,%20Status5xx", []int64{10, 9, 8, 7, 3}},

		// True instants, inclusive. Rows that were not accepted have none.
		{"deliveryFrom=2026-01-15T10:00:03Z", []int64{5, 4}},
		{"deliveryFrom=2026-01-15T10:00:04Z", []int64{5}},
		{"deliveryFrom=2026-01-15T10:00:05Z", []int64{}},
		{"deliveryTo=2026-01-15T10:00:03Z", []int64{4}},
		{"deliveryFrom=2026-01-15T10:00:03.5Z&deliveryTo=2026-01-15T10:00:04Z", []int64{5}},
		{"deliveryTo=2026-01-15T10:00:02Z", []int64{}},

		{"hookUri=https://hooks.example/in", []int64{9, 7, 5, 3, 1}},
		{"hookUri=" + url.QueryEscape("https://other.example/in?token=1"), []int64{10, 8, 6, 4, 2}},
		{"hookUri=https://other.example/in", []int64{}},
		{"userId=11111111-2222-3333-4444-555555555555", []int64{9, 7, 5, 3, 1}},
		{"userId=66666666-7777-8888-9999-000000000000", []int64{10, 8, 6, 4, 2}},

		{"configId=7&groupStatus=16&trigger=4", []int64{9, 3}},
	} {
		page := readLog(t, mixed(t), tc.query)
		if !slices.Equal(page.ids(), tc.want) || *page.Total != len(tc.want) {
			t.Errorf("%q: %v of %d, want %v", tc.query, page.ids(), *page.Total, tc.want)
		}
	}
	// The total is that of all rows that match, wherever the page is.
	for query, want := range map[string][]int64{
		"configId=7&count=2":                       {9, 7},
		"configId=7&count=2&startIndex=4":          {1},
		"groupStatus=8&count=1&startIndex=1":       {7},
		"trigger=1&count=3&startIndex=2":           {4, 1},
		"hookUri=https://hooks.example/in&count=1": {9},
	} {
		all := map[byte]int{'c': 5, 'g': 3, 't': 4, 'h': 5}[query[0]]
		if page := readLog(t, mixed(t), query); !slices.Equal(page.ids(), want) || *page.Total != all {
			t.Errorf("%q: %v of %d, want %v of %d", query, page.ids(), *page.Total, want, all)
		}
	}
}

// Rows that arrive between two pages are followed by a repetition, and a webhook that is deleted in
// between by a gap.
func TestPagesShift(t *testing.T) {
	t.Parallel()
	const first, second = "count=100", "count=100&startIndex=100"
	old := crm()
	old.ID = 6
	list := numbered(250)
	for i := range list {
		if list[i].ID > 200 && list[i].ID <= 210 {
			list[i].WebhookID = old.ID
		}
	}
	for _, tc := range []struct {
		name   string
		change func(p *simulator.Portal)
		second []int64
		total  int
	}{
		{"quiet", func(*simulator.Portal) {}, down(150, 51), 250},
		{"arrivals", func(p *simulator.Portal) { p.AddDeliveries(delivered(251), delivered(252), delivered(253)) }, down(153, 54), 253},
		{"deletion", func(p *simulator.Portal) { p.SetWebhooks([]simulator.Webhook{crm()}) }, down(140, 41), 240},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{crm(), old}, Deliveries: list})
			var queries []string
			p.OnLogPage(func(query url.Values) {
				queries = append(queries, query.Encode())
				tc.change(p)
			})
			if page := readLog(t, p, first); !slices.Equal(page.ids(), down(250, 151)) || *page.Total != 250 {
				t.Errorf("first page %v of %d: it was not prepared before the change", page.ids(), *page.Total)
			}
			p.OnLogPage(nil)
			if page := readLog(t, p, second); !slices.Equal(page.ids(), tc.second) || *page.Total != tc.total {
				t.Errorf("second page %v of %d", page.ids(), *page.Total)
			}
			if !slices.Equal(queries, []string{first}) {
				t.Errorf("called for %v", queries)
			}
		})
	}
}
