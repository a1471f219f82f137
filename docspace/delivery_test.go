package docspace

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// readRow reads a row of the log that has these fields besides its id, which is 7.
func readRow(tb testing.TB, fields string) Delivery {
	tb.Helper()
	page, err := decodeLog(strings.NewReader(`[{"id":7,`+fields+`}]`), anyPage())
	if err != nil {
		tb.Fatal(err)
	}
	return page.Deliveries[0]
}

// outcome is what the states of the log are about.
type outcome struct {
	Outcome  Outcome
	Code     int
	Reason   FailureReason
	Attempts int
}

func outcomeOf(d Delivery) outcome { return outcome{d.Outcome, d.Code, d.Reason, d.Attempts} }

const (
	sentRow      = `"requestHeaders":"{}",`
	deliveredRow = `"delivery":"2026-01-15T09:00:01Z",`
	refusedText  = `"responsePayload":"Connection refused (hooks.example:443)",`
	timeoutText  = `"responsePayload":"The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",`
	answer500    = `"responsePayload":"Response status code does not indicate success: 500 (Internal Server Error).",`
)

// The states A to E of the API reference, section 6.2.
func TestStatesOfARow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, fields string
		want         outcome
	}{
		{"A, nothing is there", `"status":0`, outcome{}},
		{"A, status missing", `"trigger":1`, outcome{}},
		{"A, status a string", `"status":"0"`, outcome{}},
		{"A, with the payload that will be sent", `"status":0,"requestPayload":"{}"`, outcome{}},
		{"A, empty dates", `"status":0,"delivery":"0001-01-01T00:00:00","requestHeaders":null`, outcome{}},
		{"B", sentRow + refusedText + `"status":0`, outcome{Failed, 0, FailureConnection, 1}},
		{"B, status missing", sentRow + refusedText + `"trigger":1`, outcome{Failed, 0, FailureConnection, 1}},
		{"B, without a text", sentRow + `"status":0`, outcome{Failed, 0, FailureOther, 1}},
		{"B, the text alone tells", refusedText + `"status":0`, outcome{Failed, 0, FailureConnection, 1}},
		{"B, an empty text", `"responsePayload":"","status":0`, outcome{Failed, 0, FailureOther, 1}},
		{"B, headers as an object", `"requestHeaders":{"Accept":["*/*"]},"status":0`, outcome{Failed, 0, FailureOther, 1}},
		{"B of 3.0, with a date of delivery", deliveredRow + `"status":0`, outcome{Failed, 0, FailureOther, 1}},
		{"B of 3.0, with all", sentRow + deliveredRow + refusedText + `"status":0`, outcome{Failed, 0, FailureConnection, 1}},
		{"C", sentRow + `"responsePayload":"Response status code does not indicate success: 404 (Not Found).","status":404`, outcome{Failed, 404, FailureClientError, 1}},
		{"C, status a string", sentRow + `"status":"404"`, outcome{Failed, 404, FailureClientError, 1}},
		{"C, the status goes before the text", sentRow + answer500 + `"status":429`, outcome{Failed, 429, FailureRateLimited, 1}},
		{"C, a text about a timeout", sentRow + timeoutText + `"status":504`, outcome{Failed, 504, FailureServerError, 1}},
		{"C, 500", sentRow + answer500 + `"status":500`, outcome{Failed, 500, FailureServerError, 1}},
		{"C, 500 without a reason phrase", sentRow + `"responsePayload":"Response status code does not indicate success: 500.","status":500`, outcome{Failed, 500, FailureServerError, 1}},
		{"C of 3.0, 500 with the receiver's body", sentRow + deliveredRow + `"responsePayload":"oops","status":500`, outcome{Failed, 500, FailureServerError, 1}},
		{"C of 3.0, 500 with the date alone", deliveredRow + `"status":500`, outcome{Failed, 500, FailureServerError, 1}},
		{"C of 3.0, with a date", sentRow + deliveredRow + `"status":302`, outcome{Failed, 302, FailureRedirect, 1}},
		{"D, timeout", sentRow + timeoutText + `"status":500`, outcome{Failed, 0, FailureTimeout, 1}},
		{"D, timeout before there were headers", timeoutText + `"status":500`, outcome{Failed, 0, FailureTimeout, 1}},
		{"D, shutdown", sentRow + `"responsePayload":"A task was canceled.","status":500`, outcome{Failed, 0, FailureOther, 1}},
		{"D, without a text", sentRow + `"status":500`, outcome{Failed, 0, FailureOther, 1}},
		{"D, with nothing", `"status":500`, outcome{Failed, 0, FailureOther, 1}},
		{"D, an empty text", sentRow + `"responsePayload":"","status":500`, outcome{Failed, 0, FailureOther, 1}},
		{"D, a text that quotes a status", sentRow + `"responsePayload":"x Response status code does not indicate success: 503 (x).","status":500`, outcome{Failed, 0, FailureOther, 1}},
		{"E", sentRow + deliveredRow + `"responsePayload":"ok","status":200`, outcome{Accepted, 200, "", 1}},
		{"E, empty answer", sentRow + deliveredRow + `"responsePayload":"","status":204`, outcome{Accepted, 204, "", 1}},
		{"E, last code", sentRow + deliveredRow + `"status":299`, outcome{Accepted, 299, "", 1}},
		{"E, without a date", sentRow + `"status":200`, outcome{Accepted, 200, "", 1}},
		{"E, with nothing", `"status":200`, outcome{Accepted, 200, "", 1}},
		{"E, an answer that looks like an error", sentRow + deliveredRow + refusedText + `"status":200`, outcome{Accepted, 200, "", 1}},
		{"199", sentRow + `"status":199`, outcome{Failed, 199, FailureOther, 1}},
		{"100", sentRow + `"status":100`, outcome{Failed, 100, FailureOther, 1}},
		{"300", sentRow + `"status":300`, outcome{Failed, 300, FailureRedirect, 1}},
		{"600", sentRow + `"status":600`, outcome{Failed, 600, FailureOther, 1}},
		{"999", sentRow + `"status":999`, outcome{Failed, 999, FailureOther, 1}},
		{"negative", sentRow + `"status":-1`, outcome{Failed, -1, FailureOther, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := outcomeOf(readRow(t, tt.fields)); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestWhatANewerServerSaysOfAttemptsGoesBeforeTheStates(t *testing.T) {
	t.Parallel()
	const next, code503 = `"nextAttemptOn":"2026-01-15T09:05:00Z",`, `"responsePayload":"Response status code does not indicate success: 503 (x).",`
	for _, tt := range []struct {
		name, fields string
		want         outcome
	}{
		{"due", next + `"attempts":0,"status":0`, outcome{}},
		{"due, attempts missing", next + `"status":0`, outcome{}},
		{"retrying after no answer", sentRow + refusedText + next + `"attempts":1,"status":0`, outcome{}},
		{"retrying after an answer", sentRow + code503 + next + `"attempts":3,"status":503`, outcome{}},
		{"retrying after a timeout", sentRow + timeoutText + next + `"attempts":3,"status":500`, outcome{}},
		{"given up after no answer", sentRow + refusedText + `"attempts":7,"status":0`, outcome{Failed, 0, FailureConnection, 7}},
		{"given up after an answer", sentRow + code503 + `"attempts":7,"status":503`, outcome{Failed, 503, FailureServerError, 7}},
		{"given up after a timeout", sentRow + timeoutText + `"attempts":7,"status":500`, outcome{Failed, 0, FailureTimeout, 7}},
		{"given up, and only the attempts tell", `"attempts":7,"status":0`, outcome{Failed, 0, FailureOther, 7}},
		{"given up, next attempt in year 1", `"nextAttemptOn":"0001-01-01T00:00:00","attempts":7,"status":0`, outcome{Failed, 0, FailureOther, 7}},
		{"called off", `"attempts":0,"status":0`, outcome{Failed, 0, FailureOther, 0}},
		{"called off, next attempt null", `"nextAttemptOn":null,"attempts":0,"status":0`, outcome{Failed, 0, FailureOther, 0}},
		{"called off, and why", `"responsePayload":"Name or service not known (hooks.example:443)","attempts":0,"status":0`, outcome{Failed, 0, FailureDNS, 0}},
		{"called off by a made-up status", `"responsePayload":"Invalid URI: The hostname could not be parsed.","attempts":0,"status":500`, outcome{Failed, 0, FailureOther, 0}},
		{"accepted at once", sentRow + deliveredRow + `"attempts":1,"status":200`, outcome{Accepted, 200, "", 1}},
		{"accepted in the end", sentRow + deliveredRow + `"attempts":4,"status":200`, outcome{Accepted, 200, "", 4}},
		{"more attempts than the payload has retries", `"requestPayload":"{\"webhook\":{\"retryCount\":1}}",` + sentRow + `"attempts":4,"status":404`, outcome{Failed, 404, FailureClientError, 4}},
		{"old row that was accepted", sentRow + deliveredRow + `"attempts":0,"status":200`, outcome{Accepted, 200, "", 1}},
		{"old row that failed", sentRow + code503 + `"attempts":0,"status":503`, outcome{Failed, 503, FailureServerError, 1}},
		{"old row that got no answer", sentRow + refusedText + `"attempts":0,"status":0`, outcome{Failed, 0, FailureConnection, 1}},
		{"old row with retries", `"requestPayload":"{\"webhook\":{\"retryCount\":5}}",` + sentRow + `"attempts":0,"status":404`, outcome{Failed, 404, FailureClientError, 6}},
		{"old row of 3.0", deliveredRow + `"attempts":0,"status":0`, outcome{Failed, 0, FailureOther, 1}},
		{"attempts null", `"attempts":null,"status":0`, outcome{}},
		{"attempts negative", `"attempts":-1,"status":0`, outcome{Failed, 0, FailureOther, 0}},
		{"attempts negative, yet sent", sentRow + `"attempts":-1,"status":404`, outcome{Failed, 404, FailureClientError, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := outcomeOf(readRow(t, tt.fields)); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestPayloadTellsTheWebhookAndTheRetries(t *testing.T) {
	t.Parallel()
	text := strconv.Quote
	event := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	const maxID = 1<<63 - 1
	for _, tt := range []struct {
		name, payload string
		webhook       int64
		attempts      int
		event         time.Time
	}{
		{"all of it", text(`{"event":{"createOn":"2026-01-15T10:00:00Z"},"payload":{},"webhook":{"id":7,"retryCount":5}}`), 7, 6, event},
		{"no retries", text(`{"event":{"createOn":"2026-01-15T10:00:00Z"},"webhook":{"id":7}}`), 7, 1, event},
		{"webhook only", text(`{"webhook":{"id":7}}`), 7, 1, time.Time{}},
		{"webhook id as a string", text(`{"webhook":{"id":"7"}}`), 7, 1, time.Time{}},
		{"retries as a string", text(`{"webhook":{"id":7,"retryCount":"2"}}`), 7, 3, time.Time{}},
		{"biggest webhook id", text(`{"webhook":{"id":9223372036854775807}}`), maxID, 1, time.Time{}},
		{"webhook id too big", text(`{"webhook":{"id":9223372036854775808}}`), 0, 1, time.Time{}},
		{"webhook id much too big", text(`{"webhook":{"id":99999999999999999999}}`), 0, 1, time.Time{}},
		{"webhook id negative", text(`{"webhook":{"id":-7}}`), 0, 1, time.Time{}},
		{"webhook id a word", text(`{"webhook":{"id":"seven"}}`), 0, 1, time.Time{}},
		{"retries negative", text(`{"webhook":{"id":7,"retryCount":-2}}`), 7, 1, time.Time{}},
		{"retries a fraction", text(`{"webhook":{"id":7,"retryCount":0.5}}`), 7, 1, time.Time{}},
		{"more retries than can be", text(`{"webhook":{"id":7,"retryCount":99999999999}}`), 7, 1, time.Time{}},
		{"nulls", text(`{"event":{"createOn":null},"webhook":{"id":null,"retryCount":null}}`), 0, 1, time.Time{}},
		{"null parts", text(`{"event":null,"payload":null,"webhook":null}`), 0, 1, time.Time{}},
		{"event with a fraction and an offset", text(`{"event":{"createOn":"2026-01-15T11:00:00.0+01:00"}}`), 0, 1, event},
		{"event without Z", text(`{"event":{"createOn":"2026-01-15T10:00:00"},"webhook":{"id":7}}`), 7, 1, time.Time{}},
		{"event in year 1", text(`{"event":{"createOn":"0001-01-01T00:00:00Z"},"webhook":{"id":7}}`), 7, 1, time.Time{}},
		{"a webhook within the payload", text(`{"payload":{"webhook":{"id":8,"retryCount":3}},"webhook":{"id":7}}`), 7, 1, time.Time{}},
		{"3.0, the payload alone", text(`{"id":8,"title":"x"}`), 0, 1, time.Time{}},
		{"cut", text(`{"event":{"createOn":"2026-01-15T10:00:00Z"},"payload":{"text":"xxxx`), 0, 1, time.Time{}},
		{"cut behind the webhook", text(`{"event":{},"webhook":{"id":7,"retryCount":5}`), 0, 1, time.Time{}},
		{"empty", `""`, 0, 1, time.Time{}},
		{"null", `null`, 0, 1, time.Time{}},
		{"null in it", `"null"`, 0, 1, time.Time{}},
		{"a number", `5`, 0, 1, time.Time{}},
		{"a number in it", `"5"`, 0, 1, time.Time{}},
		{"a list in it", `"[{\"webhook\":{\"id\":7}}]"`, 0, 1, time.Time{}},
		{"true", `true`, 0, 1, time.Time{}},
		{"an object", `{"webhook":{"id":7}}`, 0, 1, time.Time{}},
		{"a list", `[7]`, 0, 1, time.Time{}},
		{"not JSON", `"<xml/>"`, 0, 1, time.Time{}},
		{"more than one value", text(`{"webhook":{"id":7}} {}`), 0, 1, time.Time{}},
		{"nested too deep", text(`{"webhook":{"id":7},"payload":` + strings.Repeat("[", 20000)), 0, 1, time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := readRow(t, sentRow+`"status":200,"requestPayload":`+tt.payload)
			if d.WebhookID != tt.webhook || d.Attempts != tt.attempts || !d.EventCreatedOn.Equal(tt.event) {
				t.Errorf("webhook %d, %d attempts, event %v; want %d, %d and %v",
					d.WebhookID, d.Attempts, d.EventCreatedOn, tt.webhook, tt.attempts, tt.event)
			}
		})
	}
}

// failedRows have a text or status for each reason, as released servers write them.
func TestEveryReasonIsReachedByARow(t *testing.T) {
	t.Parallel()
	reached := map[FailureReason]bool{}
	check := func(fields string, code int, want FailureReason) {
		t.Helper()
		reached[want] = true
		if got := outcomeOf(readRow(t, sentRow+fields)); got != (outcome{Failed, code, want, 1}) {
			t.Errorf("%s: %+v, want %s", fields, got, want)
		}
	}
	for text, want := range map[string]FailureReason{
		"The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.": FailureTimeout,
		"Connection timed out (hooks.example:443)":                                                   FailureTimeout,
		"Name or service not known (hooks.example:443)":                                              FailureDNS,
		"Resource temporarily unavailable (hooks.example:443)":                                       FailureDNS,
		"No such host is known. (hooks.example:443)":                                                 FailureDNS,
		"The SSL connection could not be established, see inner exception.":                          FailureTLS,
		"Connection refused (hooks.example:443)":                                                     FailureConnection,
		"Connection reset by peer (hooks.example:443)":                                               FailureConnection,
		"The response ended prematurely. (ResponseEnded)":                                            FailureConnection,
		"An error occurred while sending the request.":                                               FailureConnection,
		"A task was canceled.":                                                                       FailureOther,
		"Invalid URI: The hostname could not be parsed.":                                             FailureOther,
		"Object reference not set to an instance of an object.":                                      FailureOther,
		"": FailureOther,
	} {
		for _, status := range []int{0, 500} { // states B and D
			check(fmt.Sprintf(`"responsePayload":%q,"status":%d`, text, status), 0, want)
		}
	}
	for code, want := range map[int]FailureReason{
		301: FailureRedirect, 302: FailureRedirect, 308: FailureRedirect, 401: FailureUnauthorized, 403: FailureUnauthorized,
		429: FailureRateLimited, 400: FailureClientError, 404: FailureClientError, 410: FailureClientError,
		500: FailureServerError, 502: FailureServerError, 503: FailureServerError, 599: FailureServerError, 999: FailureOther,
	} {
		check(fmt.Sprintf(`"responsePayload":"Response status code does not indicate success: %[1]d (x).","status":%[1]d`, code), code, want)
	}
	for _, reason := range FailureReasons() {
		if !reached[reason] {
			t.Errorf("%s is not reached", reason)
		}
	}
}

// Payloads hold what people wrote, and headers the signature.
func TestNothingOfAPayloadIsKept(t *testing.T) {
	t.Parallel()
	const planted = "hunter2"
	payload := strconv.Quote(`{"hunter2":1,"event":{"createOn":"hunter2","trigger":"hunter2"},"payload":{"hunter2":"hunter2"},` +
		`"webhook":{"id":"hunter2","name":"hunter2","url":"https://hunter2","retryCount":"hunter2"}}`)
	row := `{"id":9,"requestHeaders":"{\"hunter2\":1}","responseHeaders":"hunter2","requestPayload":` + payload + `,"responsePayload":"%s","status":%d,%s}`
	for _, response := range []string{planted, "Connection refused (hunter2)", "Received an invalid status line: 'hunter2'.", statusPrefix + "500 (hunter2)."} {
		for _, status := range []int{0, 200, 404, 500, 999} {
			for _, more := range []string{`"x":"hunter2"`, `"attempts":"hunter2"`, `"delivery":"hunter2"`, `"configName":["hunter2"]`} {
				body := fmt.Sprintf(`[{"id":10},`+row+`]`, response, status, more)
				page, err := decodeLog(strings.NewReader(body), anyPage())
				if err != nil || page.Len() != 2 {
					t.Fatalf("%d rows, error %v", page.Len(), err)
				}
				if text := fmt.Sprintf("%+v", page); strings.Contains(text, planted) {
					t.Errorf("%s\nis kept in %s", body, text)
				}
				for _, cut := range []int{len(body) - 3, len(body) - 20} {
					if _, err := decodeLog(strings.NewReader(body[:cut]+"!"), anyPage()); err == nil || strings.Contains(err.Error(), planted) {
						t.Errorf("error %v, want one that quotes nothing", err)
					}
				}
			}
		}
	}
}
