package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// requestBody is what we look at in a request payload.
type requestBody struct {
	Event struct {
		ID        int64
		CreateOn  string
		Trigger   string
		TriggerID uint64
	}
	Webhook struct {
		ID         int64
		Name       string
		Triggers   []string
		RetryCount int
		RetryOn    string
	}
}

func payloadOf(t *testing.T, o simulator.Options, d simulator.Delivery) requestBody {
	t.Helper()
	var body requestBody
	if err := json.Unmarshal([]byte(*readLog(t, logOf(o, d), "").Response[0].RequestPayload), &body); err != nil {
		t.Fatal(err)
	}
	return body
}

// The event's number is there from the first attempt on.
func TestPayloadBeforeAndAfterTheFirstAttempt(t *testing.T) {
	t.Parallel()
	pending := simulator.Delivery{ID: 902, WebhookID: 7, Trigger: 128, CreatedOn: event()}
	for _, tc := range []struct {
		row  simulator.Delivery
		want int64
	}{{pending, 0}, {delivered(902), 902}, {refused(902), 902}} {
		body := payloadOf(t, simulator.Options{Version: simulator.V37}, tc.row)
		if body.Event.ID != tc.want || body.Webhook.ID != 7 || body.Webhook.Name != "crm" {
			t.Errorf("%+v", body)
		}
	}
}

// Dates in the payload are true whatever the portal's zone, and the final attempt begins after all
// pauses.
func TestRetriesInThePayload(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		version string
		retries int
		took    time.Duration // of an accepted delivery
		want    string
	}{
		{"3.7.2", 0, time.Second, ""},
		{"3.7.2", 1, time.Minute, "2026-01-15T10:00:01Z"},
		{"3.7.2", 3, time.Minute, "2026-01-15T10:00:07Z"},
		{"3.6.1", 5, time.Minute, "2026-01-15T10:00:31Z"},
		{"3.1.1", 1, time.Minute, "2026-01-15T10:00:02Z"},
		{"3.1.1", 5, 2 * time.Minute, "2026-01-15T10:01:02Z"},
		{"3.7.2", 5, time.Second, "2026-01-15T10:00:01Z"}, // not after its end
		{"3.7.2", 5, 0, "2026-01-15T10:00:31Z"},           // failed
	} {
		o := versions()[tc.version]
		o.TimeZone = zone(t, "Asia/Kolkata")
		d := delivered(1)
		d.Retries, d.DeliveredOn = tc.retries, event().Add(tc.took)
		if tc.took == 0 {
			d.DeliveredOn = time.Time{}
		}
		body := payloadOf(t, o, d)
		if body.Webhook.RetryCount != tc.retries || body.Webhook.RetryOn != tc.want || body.Event.CreateOn != "2026-01-15T10:00:00Z" {
			t.Errorf("%+v: %+v", tc, body)
		}
		if text := *readLog(t, logOf(o, d), "").Response[0].RequestPayload; strings.Contains(text, "retry") != (tc.retries > 0) {
			t.Errorf("%+v: %s", tc, text)
		}
	}
}

// Who repeats a delivery by hand sends the old body in a new row.
func TestPayloadOfAManualRetry(t *testing.T) {
	t.Parallel()
	d := delivered(1)
	d.EventCreatedOn = event().Add(-48 * time.Hour)
	if got := payloadOf(t, simulator.Options{Version: simulator.V37}, d).Event.CreateOn; got != "2026-01-13T10:00:00Z" {
		t.Error(got)
	}
}

func TestTriggersInThePayload(t *testing.T) {
	t.Parallel()
	webhook := crm()
	for _, tc := range []struct {
		trigger, mask uint64
		name          string
		subscribed    string
	}{
		{1 << 8, 1<<8 | 1<<1, "file.uploaded", "user.invited file.uploaded"},
		{1 << 35, 0, "folder.downloaded", "*"},
		{1 << 40, 1 << 40, "1099511627776", "1099511627776"}, // not in any released version
	} {
		webhook.Triggers = tc.mask
		d := delivered(1)
		d.Trigger = tc.trigger
		p := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{webhook}, Deliveries: []simulator.Delivery{d}})
		row := readLog(t, p, "").Response[0]
		var body requestBody
		if err := json.Unmarshal([]byte(*row.RequestPayload), &body); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(body.Webhook.Triggers, " "); got != tc.subscribed || body.Event.Trigger != tc.name ||
			body.Event.TriggerID != tc.trigger || *row.Trigger != tc.trigger {
			t.Errorf("%+v: trigger %d, body %+v", tc, *row.Trigger, body)
		}
	}
}

// The columns end after 65,535 bytes: the request loses what it says about its webhook.
func TestPayloadsAreCut(t *testing.T) {
	t.Parallel()
	const size = 65_535
	for version, o := range versions() {
		d := delivered(1)
		d.Cut = true
		d.Response = "x" + strings.Repeat("é", size) // of two bytes each
		row := readLog(t, logOf(o, d), "").Response[0]
		request, answer := *row.RequestPayload, *row.ResponsePayload
		if len(request) != size || json.Valid([]byte(request)) || strings.Contains(request, `"webhook"`) {
			t.Errorf("%s: request of %d bytes, %.300s", version, len(request), request)
		}
		if begin := `{"event":{"id":1,"createOn":"2026-01-15T10:00:00Z",`; o.Version != simulator.V30 && !strings.HasPrefix(request, begin) {
			t.Errorf("%s: %.300s", version, request)
		}
		if len(answer) != size || answer != d.Response[:size] {
			t.Errorf("%s: answer of %d bytes", version, len(answer))
		}
	}
	d := delivered(1)
	d.Response = strings.Repeat("é", size) // of which half a character would fit at the end
	if got := *readLog(t, logOf(simulator.Options{}, d), "").Response[0].ResponsePayload; got != d.Response[:size-1] {
		t.Errorf("answer of %d bytes, ends with %q", len(got), got[len(got)-2:])
	}
}
