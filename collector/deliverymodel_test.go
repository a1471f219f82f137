package collector_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// Whatever happens to a portal and to its scrapes, after each scrape every counter is what a simple
// look at everything that happened says it should be.
func TestDeliveriesAreCountedOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			playDeliveries(t, seed, 80)
		})
	}
}

func FuzzDeliveriesAreCountedOnce(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) { playDeliveries(t, seed, 60) })
}

// history is a portal whose history is known, and an exporter that scrapes it.
type history struct {
	*rig
	chance   *rand.Rand
	webhooks []simulator.Webhook
	rows     map[int64]*modelRow
	lastID   int64 // of a row
	lastHook int64
	still    bool // webhooks are never deleted
	moved    bool // rows were deleted since the exporter began
	unlisted bool // the list of webhooks is not answered

	// interfere is called for each page of the log before it is made, and may answer in its place.
	interfere func() http.Handler
}

// modelRow is a row, and whether the exporter has to count it.
type modelRow struct {
	simulator.Delivery
	ended   bool
	counted bool // it was pending or not there when the exporter began
	reason  string
}

func playDeliveries(t *testing.T, seed uint64, steps int) {
	t.Helper()
	m := &history{still: seed%2 == 0, chance: rand.New(rand.NewPCG(seed, 0)), rows: map[int64]*modelRow{}, lastID: 1000}
	m.rig = newRig(t, rigOptions{
		timeout:   time.Minute,
		simulator: simulator.Options{Version: simulator.V37, TimeZone: zone(t, "America/New_York")},
		front:     m.front,
	})
	for range 4 {
		m.addWebhook()
	}
	m.addRows(m.chance.IntN(250), true)
	m.restart(t)
	for range steps {
		m.clock.Advance(time.Duration(m.chance.IntN(60)) * time.Second)
		m.step(t)
	}
	m.scrapeAndCheck(t)
}

// front lets the test interfere with pages of the log.
func (m *history) front(portal http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := portal
		if strings.HasSuffix(r.URL.Path, "/settings/webhook") && m.unlisted {
			answer = simulator.BadGateway()
		}
		if strings.HasSuffix(r.URL.Path, "/settings/webhooks/log") && m.interfere != nil {
			answer = cmp.Or(m.interfere(), portal)
		}
		answer.ServeHTTP(w, r)
	})
}

func (m *history) step(t *testing.T) {
	t.Helper()
	switch m.chance.IntN(20) {
	case 0, 1, 2:
		m.addRows(1+m.chance.IntN(5), false)
	case 3:
		m.addRows(90+m.chance.IntN(120), false) // about a page
	case 4, 5, 6:
		m.endRows(3)
	case 7:
		m.endRows(100)
	case 8:
		m.addLateRow()
	case 9:
		m.addWebhook()
	case 10:
		m.deleteWebhook()
	case 11:
		m.webhooks[m.chance.IntN(len(m.webhooks))].Name = fmt.Sprintf("renamed-%d", m.chance.IntN(3))
		m.portal.SetWebhooks(m.webhooks)
	case 12:
		m.restart(t)
	case 13, 14:
		m.failingScrape(t)
	case 15, 16:
		m.disturbedScrape(t)
	case 17:
		m.scrapeWithoutList(t)
	default:
		m.scrapeAndCheck(t)
	}
}

func (m *history) addWebhook() {
	m.lastHook++
	m.webhooks = append(m.webhooks, simulator.Webhook{
		ID: m.lastHook, Name: fmt.Sprintf("hook-%d", m.lastHook%3), URL: "https://hooks.example/in", Enabled: true, Triggers: 3 << 7,
	})
	m.portal.SetWebhooks(m.webhooks)
}

// deleteWebhook deletes a webhook, whose rows vanish with it.
func (m *history) deleteWebhook() {
	if m.still || len(m.webhooks) < 3 {
		return
	}
	i := m.chance.IntN(len(m.webhooks))
	gone := m.webhooks[i].ID
	m.webhooks = slices.Delete(m.webhooks, i, i+1)
	m.portal.SetWebhooks(m.webhooks)
	maps.DeleteFunc(m.rows, func(_ int64, row *modelRow) bool { return row.WebhookID == gone })
	m.moved = true
}

func (m *history) addRows(n int, mayBeOver bool) {
	for range n {
		m.lastID += 1 + m.chance.Int64N(20)
		m.addRow(m.lastID, mayBeOver || m.chance.IntN(4) > 0)
	}
}

// addLateRow adds a row with a smaller id than others have that could be seen before.
func (m *history) addLateRow() {
	if id := m.lastID - 1; m.rows[id] == nil && m.rows[m.lastID] != nil {
		m.addRow(id, m.chance.IntN(2) == 0)
	}
}

func (m *history) addRow(id int64, over bool) {
	row := &modelRow{counted: true, Delivery: simulator.Delivery{
		ID: id, WebhookID: m.webhooks[m.chance.IntN(len(m.webhooks))].ID, Trigger: 1 << (7 + m.chance.IntN(3)), CreatedOn: m.clock.Now(),
	}}
	m.rows[id] = row
	if over {
		m.end(row)
	}
	m.portal.AddDeliveries(row.Delivery)
}

// endRows ends some of the rows that are pending.
func (m *history) endRows(n int) {
	for _, id := range slices.Sorted(maps.Keys(m.rows)) {
		if row := m.rows[id]; !row.ended && n > 0 && m.chance.IntN(3) > 0 {
			m.end(row)
			m.portal.AddDeliveries(row.Delivery)
			n--
		}
	}
}

func (m *history) end(row *modelRow) {
	row.ended, row.Sent, row.Retries = true, true, m.chance.IntN(6)
	switch m.chance.IntN(4) {
	case 0:
		row.Status, row.Response, row.reason = 503, "Response status code does not indicate success: 503 (Service Unavailable).", "server_error"
	case 1:
		row.Response, row.reason = "Connection refused (hooks.example:443)", "connection"
	case 2:
		row.Status, row.Response, row.reason = 500, "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.", "timeout"
	default:
		row.Status, row.DeliveredOn = 200, m.clock.Now()
	}
}

// restart replaces the exporter. What has ended by then is history.
func (m *history) restart(t *testing.T) {
	t.Helper()
	m.start(t)
	for _, row := range m.rows {
		row.counted = !row.ended
	}
	m.moved = false
	if m.chance.IntN(2) == 0 {
		m.scrapeWithoutList(t)
	}
	m.scrapeAndCheck(t)
}

// scrapeWithoutList is a scrape that learns from the log alone.
func (m *history) scrapeWithoutList(t *testing.T) {
	t.Helper()
	m.unlisted = true
	m.scrape(t)
	m.unlisted = false
}

// failingScrape is a scrape of which one page of the log is not answered.
func (m *history) failingScrape(t *testing.T) {
	t.Helper()
	page := m.chance.IntN(3)
	m.interfere = func() http.Handler {
		page--
		if page == -1 {
			return simulator.BadGateway()
		}
		return nil
	}
	m.scrape(t)
	m.interfere = nil
}

// disturbedScrape is a scrape during which something happens.
func (m *history) disturbedScrape(t *testing.T) {
	t.Helper()
	m.interfere = func() http.Handler {
		switch m.chance.IntN(4) {
		case 0:
			m.addRows(1+m.chance.IntN(30), false)
		case 1:
			m.endRows(5)
		case 2:
			m.deleteWebhook()
		}
		return nil
	}
	m.scrape(t)
	m.interfere = nil
}

// scrapeAndCheck holds a scrape against what happened. Where rows were deleted, other rows are not
// where they were, and each scrape may look for ten of them.
func (m *history) scrapeAndCheck(t *testing.T) {
	t.Helper()
	var wrong []string
	for range 50 {
		wrong = m.differences(m.scrape(t))
		if len(wrong) == 0 {
			return
		}
		if !m.moved {
			break
		}
	}
	t.Fatalf("%d differences:\n%s\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"), m.logs)
}

func (m *history) differences(got samples) []string {
	var wrong []string
	want := m.truth()
	for series, value := range want {
		if got[series] != value {
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", series, got[series], value))
		}
	}
	for series, value := range got {
		if _, ok := want[series]; !ok && isOfDeliveries(series) && value != 0 {
			wrong = append(wrong, fmt.Sprintf("%s is %v, which nothing explains", series, value))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func isOfDeliveries(series string) bool {
	name, _, _ := strings.Cut(series, "{")
	return strings.HasPrefix(name, "docspace_webhook_") && strings.Contains(name, "deliver") && !strings.Contains(name, "_seconds_") ||
		strings.Contains(name, "consecutive") || strings.Contains(name, "responses")
}

// truth is what the history says.
func (m *history) truth() samples {
	want := samples{"docspace_up": 1, "docspace_delivery_log_gaps_total": 0}
	for i := range m.webhooks {
		w := &m.webhooks[i]
		labels := fmt.Sprintf(`id="%d",name=%q`, w.ID, w.Name)
		want[`docspace_webhook_pending_deliveries{`+labels+`}`] = 0
		failures := 0.0
		for _, id := range slices.Sorted(maps.Keys(m.rows)) {
			row := m.rows[id]
			if row.WebhookID != w.ID {
				continue
			}
			m.add(want, row, labels)
			switch {
			case !row.ended:
				want[`docspace_webhook_pending_deliveries{`+labels+`}`]++
				if m.clock.Now().Sub(row.CreatedOn) > 15*time.Minute {
					want[`docspace_webhook_stuck_deliveries{`+labels+`}`]++
				}
			case row.reason == "":
				failures = 0
			default:
				failures++
			}
		}
		want[`docspace_webhook_consecutive_failures{`+labels+`}`] = failures
	}
	return want
}

// add adds a row to the counters.
func (m *history) add(want samples, row *modelRow, labels string) {
	if !row.ended || !row.counted {
		return
	}
	trigger := map[uint64]string{1 << 7: "file.created", 1 << 8: "file.uploaded", 1 << 9: "file.updated"}[row.Trigger]
	want[fmt.Sprintf(`docspace_webhook_deliveries_total{%s,trigger=%q}`, labels, trigger)]++
	want[fmt.Sprintf(`docspace_webhook_delivery_attempts_total{%s}`, labels)] += float64(row.Retries + 1)
	if row.Retries > 0 {
		want[fmt.Sprintf(`docspace_webhook_deliveries_retried_total{%s}`, labels)]++
	}
	if row.reason == "" {
		want[fmt.Sprintf(`docspace_webhook_delivery_duration_seconds_count{%s}`, labels)]++
	} else {
		want[fmt.Sprintf(`docspace_webhook_delivery_failures_total{%s,reason=%q}`, labels, row.reason)]++
	}
	if row.reason == "" || row.reason == "server_error" {
		want[fmt.Sprintf(`docspace_webhook_responses_total{code="%d",%s}`, row.Status, labels)]++
	}
}
