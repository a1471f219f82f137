package simulator_test

import (
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// states are the rows that a released version can have, by what became of them.
func states() map[string]simulator.Delivery {
	const status = "Response status code does not indicate success: "
	const timeout = "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."
	return map[string]simulator.Delivery{
		"A, pending":                 {},
		"B, no answer":               {Sent: true, Response: "Connection refused (hooks.example:443)"},
		"C, refused":                 {Sent: true, Status: 503, Response: status + "503 (Service Unavailable)."},
		"C, 500 of the receiver":     {Sent: true, Status: 500, Response: status + "500 (Internal Server Error)."},
		"C, redirect":                {Sent: true, Status: 302, Response: status + "302 (Found)."},
		"D, timeout":                 {Sent: true, Status: 500, Response: timeout},
		"D, failed before any try":   {Status: 500, Response: "Invalid URI: The format of the URI could not be determined."},
		"E, accepted":                {Sent: true, Status: 200, Response: "ok", DeliveredOn: event()},
		"E, accepted without a body": {Sent: true, Status: 204, DeliveredOn: event()},
	}
}

// What tells the states of a row apart is which of its keys are there.
func TestStatesOfARow(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"A, pending":                 "",
		"B, no answer":               "requestHeaders responsePayload",
		"C, refused":                 "requestHeaders responsePayload",
		"C, 500 of the receiver":     "requestHeaders responsePayload",
		"C, redirect":                "requestHeaders responsePayload",
		"D, timeout":                 "requestHeaders responsePayload",
		"D, failed before any try":   "responsePayload",
		"E, accepted":                "requestHeaders responsePayload responseHeaders delivery",
		"E, accepted without a body": "requestHeaders responsePayload responseHeaders delivery",
	}
	for version, o := range versions() {
		if o.Version == simulator.V30 {
			continue
		}
		for state, d := range states() {
			d.ID, d.WebhookID, d.CreatedOn = 1, 7, event()
			row := readLog(t, logOf(o, d), "").Response[0]
			var keys []string
			for _, key := range []struct {
				name  string
				value *string
			}{
				{"requestHeaders", row.RequestHeaders},
				{"responsePayload", row.ResponsePayload},
				{"responseHeaders", row.ResponseHeaders},
				{"delivery", row.Delivery},
			} {
				if key.value != nil {
					keys = append(keys, key.name)
				}
			}
			if got := strings.Join(keys, " "); got != want[state] || row.Status != d.Status {
				t.Errorf("%s, %s: status %d, keys %s", version, state, row.Status, got)
			}
			if row.ResponsePayload != nil && *row.ResponsePayload != d.Response {
				t.Errorf("%s, %s: response %q", version, state, *row.ResponsePayload)
			}
			if row.RequestPayload == nil || row.Trigger == nil || row.CreationTime == nil {
				t.Errorf("%s, %s: %+v", version, state, row)
			}
		}
	}
}

// 3.0 keeps the receiver's own answer whatever it is, and the time of every finished try.
func TestStatesOfARowOf30(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status             int
		response           string
		delivery, answered bool
	}{
		{status: 200, response: "ok", delivery: true, answered: true},
		{status: 503, response: "<html>out of order</html>", delivery: true, answered: true},
		{status: 0, response: "Connection refused (hooks.example:443)", delivery: true},
		{status: 0},
	} {
		d := simulator.Delivery{ID: 1, WebhookID: 7, CreatedOn: event(), Sent: tc.delivery, Status: tc.status, Response: tc.response}
		if tc.delivery {
			d.DeliveredOn = event()
		}
		row := readLog(t, logOf(simulator.Options{Version: simulator.V30}, d), "").Response[0]
		if (row.Delivery != nil) != tc.delivery || (row.ResponseHeaders != nil) != tc.answered || (row.ResponsePayload != nil) != tc.delivery {
			t.Errorf("%+v: %+v", tc, row)
		}
		if row.Trigger != nil {
			t.Errorf("%+v: trigger %d", tc, *row.Trigger)
		}
	}
}
