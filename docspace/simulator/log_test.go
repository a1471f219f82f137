package simulator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const logPath = "settings/webhooks/log"

// logRow is a row of the log as it is sent. Keys that are absent are nil.
type logRow struct {
	ID                               int64
	ConfigName                       *string
	Trigger                          *uint64
	CreationTime, Delivery           *string
	RequestHeaders, RequestPayload   *string
	ResponseHeaders, ResponsePayload *string
	Status                           int
	Attempts                         *int
	NextAttemptOn                    *string
}

// logPage is a page of the log.
type logPage struct {
	Response []logRow
	Count    int
	Total    *int
}

func readLog(t *testing.T, p *simulator.Portal, query string) logPage {
	t.Helper()
	r := get(t, p, logPath+"?"+query)
	var page logPage
	if err := json.Unmarshal([]byte(r.body), &page); err != nil || r.status != 200 {
		t.Fatalf("%s: status %d, %v", query, r.status, err)
	}
	return page
}

func (p logPage) ids() []int64 {
	ids := make([]int64, 0, len(p.Response))
	for i := range p.Response {
		ids = append(ids, p.Response[i].ID)
	}
	return ids
}

// versions are the servers whose logs differ.
func versions() map[string]simulator.Options {
	return map[string]simulator.Options{
		"3.0.4": {Version: simulator.V30},
		"3.1.1": {Version: simulator.V31, EarlyLog: true},
		"3.6.1": {Version: simulator.V31},
		"3.7.2": {Version: simulator.V37},
	}
}

// delivered is a delivery that was accepted at once.
func delivered(id int64) simulator.Delivery {
	return simulator.Delivery{
		ID: id, WebhookID: 7, Trigger: 128, CreatedOn: event(), DeliveredOn: event().Add(time.Second),
		Sent: true, Status: 200, Response: "ok",
	}
}

// refused is a delivery that no receiver answered.
func refused(id int64) simulator.Delivery {
	return simulator.Delivery{
		ID: id, WebhookID: 7, Trigger: 128, CreatedOn: event().Add(-2 * time.Minute),
		Sent: true, Response: "Connection refused (hooks.example:443)",
	}
}

// logOf is a portal of some version with the webhook crm and a log.
func logOf(o simulator.Options, list ...simulator.Delivery) *simulator.Portal {
	o.Webhooks, o.Deliveries = []simulator.Webhook{crm()}, list
	return simulator.New(o)
}

// The rows of an accepted delivery and of one that got no answer.
func TestLogOfEachVersion(t *testing.T) {
	t.Parallel()
	const format = `{"response":[%s],"count":1,"total":2,"links":[{"href":"http://p.example/api/2.0/settings/webhooks/log","action":"GET"}],` +
		`"status":0,"statusCode":200}`
	headers := func(id int) string {
		return strconv.Quote(fmt.Sprintf(`{"Accept": ["*/*"], "x-docspace-signature-256": ["sha256=%064X"]}`, id))
	}
	answered := strconv.Quote(`{"Date": ["Thu, 15 Jan 2026 10:00:01 GMT"], "Server": ["nginx"]}`)
	content := func(id int) string {
		return fmt.Sprintf(`{"id":%d,"title":"Salary of Grace Hopper.xlsx","email":"grace.hopper@corp.example"}`, id)
	}
	payload := func(id int, at string) string {
		return strconv.Quote(fmt.Sprintf(`{"event":{"id":%d,"createOn":"2026-01-15T%sZ","createBy":"11111111-2222-3333-4444-555555555555",`+
			`"trigger":"file.created","triggerId":128},"payload":%s,`+
			`"webhook":{"id":7,"name":"crm","url":"https://hooks.example/in","triggers":["file.created","file.updated"]}}`, id, at, content(id)))
	}
	late := `{"id":902,"configName":"crm","trigger":128,"creationTime":"2026-01-15T09:00:00Z","requestHeaders":` + headers(902) +
		`,"requestPayload":` + payload(902, "10:00:00") + `,"responseHeaders":` + answered +
		`,"responsePayload":"ok","status":200,"delivery":"2026-01-15T09:00:01Z"},` +
		`{"id":901,"configName":"crm","trigger":128,"creationTime":"2026-01-15T08:58:00Z","requestHeaders":` + headers(901) +
		`,"requestPayload":` + payload(901, "09:58:00") + `,"responsePayload":"Connection refused (hooks.example:443)","status":0}`
	want := map[string]string{
		"3.0.4": `{"id":902,"configName":"crm","creationTime":"2026-01-15T10:00:00","requestHeaders":` + headers(902) +
			`,"requestPayload":` + strconv.Quote(content(902)) + `,"responseHeaders":` + answered +
			`,"responsePayload":"ok","status":200,"delivery":"2026-01-15T10:00:01"},` +
			`{"id":901,"configName":"crm","creationTime":"2026-01-15T09:58:00","requestHeaders":` + headers(901) +
			`,"requestPayload":` + strconv.Quote(content(901)) +
			`,"responsePayload":"Connection refused (hooks.example:443)","status":0,"delivery":"2026-01-15T09:59:02"}`,
		"3.1.1": `{"id":902,"trigger":128,"creationTime":"2026-01-15T11:00:00+00:00","requestHeaders":` + headers(902) +
			`,"requestPayload":` + payload(902, "10:00:00") + `,"responseHeaders":` + answered +
			`,"responsePayload":"ok","status":200,"delivery":"2026-01-15T11:00:01+00:00"},` +
			`{"id":901,"trigger":128,"creationTime":"2026-01-15T10:58:00+00:00","requestHeaders":` + headers(901) +
			`,"requestPayload":` + payload(901, "09:58:00") + `,"responsePayload":"Connection refused (hooks.example:443)","status":0}`,
		"3.6.1": late,
		"3.7.2": late,
	}
	for version, o := range versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			o.TimeZone = zone(t, "Europe/Berlin")
			failed := refused(901)
			if o.Version == simulator.V30 { // every finished try has a date there
				failed.DeliveredOn = failed.CreatedOn.Add(62 * time.Second)
			}
			r := get(t, logOf(o, delivered(902), failed), logPath)
			if want := fmt.Sprintf(format, want[version]); r.body != want {
				t.Errorf("got\n%s\nwant\n%s", r.body, want)
			}
			if got := r.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
				t.Errorf("content type %q", got)
			}
		})
	}
}

// The server that nobody has released yet says how often it has tried and when it will again, by the
// same clock as all dates of the log.
func TestAttempts(t *testing.T) {
	t.Parallel()
	retrying := simulator.Delivery{
		ID: 2, WebhookID: 7, CreatedOn: event(), Sent: true, Status: 503, Response: "Response status code does not indicate success: 503",
		Attempts: new(3), NextAttemptOn: event().Add(30 * time.Minute),
	}
	cancelled := simulator.Delivery{ID: 1, WebhookID: 7, CreatedOn: event(), Attempts: new(0)}
	o := simulator.Options{Version: simulator.V37, TimeZone: zone(t, "America/New_York")}
	page := readLog(t, logOf(o, retrying, cancelled), "")
	first, second := page.Response[0], page.Response[1]
	if *first.Attempts != 3 || *first.NextAttemptOn != "2026-01-15T15:30:00Z" || first.RequestHeaders == nil {
		t.Errorf("retrying: %+v", first)
	}
	if *second.Attempts != 0 || second.NextAttemptOn != nil {
		t.Errorf("cancelled: %+v", second)
	}
	if row := readLog(t, logOf(o, delivered(1)), "").Response[0]; row.Attempts != nil || row.NextAttemptOn != nil {
		t.Errorf("released: %+v", row)
	}
}

func TestTheLogHasTheCurrentName(t *testing.T) {
	t.Parallel()
	for version, o := range versions() {
		nameless := delivered(1)
		nameless.NoConfigName = true
		p := logOf(o, delivered(2), nameless)
		renamed := crm()
		renamed.Name = "new name"
		p.SetWebhooks([]simulator.Webhook{renamed})
		rows := readLog(t, p, "").Response
		if got := rows[0].ConfigName; o.EarlyLog != (got == nil) || got != nil && *got != "new name" {
			t.Errorf("%s: name %v", version, got)
		}
		if rows[1].ConfigName != nil {
			t.Errorf("%s: it has a name nevertheless", version)
		}
	}
}

// Whoever deletes a webhook deletes its rows, and so does 410 Gone.
func TestRowsVanishWithTheirWebhook(t *testing.T) {
	t.Parallel()
	other := crm()
	other.ID = 8
	rowOfOther := delivered(2)
	rowOfOther.WebhookID = 8
	p := simulator.New(simulator.Options{Deliveries: []simulator.Delivery{delivered(1), rowOfOther, delivered(3)}})
	for _, tc := range []struct {
		webhooks []simulator.Webhook
		want     []int64
	}{
		{[]simulator.Webhook{crm(), other}, []int64{3, 2, 1}},
		{[]simulator.Webhook{other}, []int64{2}},
		{nil, []int64{}},
	} {
		p.SetWebhooks(tc.webhooks)
		page := readLog(t, p, "")
		if !slices.Equal(page.ids(), tc.want) || *page.Total != len(tc.want) || page.Count != 1 {
			t.Errorf("%v of %d, count %d; want %v", page.ids(), *page.Total, page.Count, tc.want)
		}
	}
	if got := len(p.Deliveries()); got != 3 {
		t.Errorf("the table has %d rows", got)
	}
}

func TestUsersSeeTheRowsOfTheirOwnWebhooksOnly(t *testing.T) {
	t.Parallel()
	foreign := crm()
	foreign.ID, foreign.OwnedByOther = 8, true
	row := delivered(2)
	row.WebhookID = 8
	for role, want := range map[simulator.Role][]int64{simulator.Admin: {2, 1}, simulator.User: {1}} {
		p := simulator.New(simulator.Options{
			Version: simulator.V37, Role: role,
			Webhooks: []simulator.Webhook{crm(), foreign}, Deliveries: []simulator.Delivery{delivered(1), row},
		})
		if page := readLog(t, p, ""); !slices.Equal(page.ids(), want) || *page.Total != len(want) {
			t.Errorf("role %d sees %v of %d, want %v", role, page.ids(), *page.Total, want)
		}
	}
}

func TestDeliveriesAreCopies(t *testing.T) {
	t.Parallel()
	list := []simulator.Delivery{delivered(3), delivered(1)}
	p := logOf(simulator.Options{}, list...)
	list[0].Status = 999
	p.Deliveries()[0].Status = 999
	p.AddDeliveries(refused(1), delivered(2)) // one is replaced, one is late
	if got := p.Deliveries(); !slices.Equal(got, []simulator.Delivery{delivered(3), delivered(2), refused(1)}) {
		t.Errorf("%+v", got)
	}
	if got := *readLog(t, p, "").Total; got != 3 {
		t.Errorf("total %d", got)
	}
	p.SetDeliveries(nil)
	if got := p.Deliveries(); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
