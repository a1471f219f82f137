package docspace

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// anyPage asks for the newest rows.
func anyPage() LogQuery { return LogQuery{Count: MaxLogPage} }

// isEmpty tells a page that nothing came of.
func isEmpty(p LogPage) bool {
	return p.Deliveries == nil && p.Skipped == nil && p.Total == 0 && p.ClockOffset == nil
}

func instant(tb testing.TB, text string) time.Time {
	tb.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

// fixtureRow completes a delivery of a fixture, where all rows were made at one time and of events of
// one time. An empty event is none.
func fixtureRow(tb testing.TB, created, event string, d Delivery) Delivery {
	tb.Helper()
	d.CreatedOn = date(tb, created)
	if event != "" {
		d.EventCreatedOn = instant(tb, event)
	}
	return d
}

func TestLogOf30IsRead(t *testing.T) {
	t.Parallel()
	row := func(d Delivery) Delivery {
		d.ConfigName = "legacy"
		return fixtureRow(t, "2026-01-15T10:00:00", "", d)
	}
	checkFixture(t, "log_3.0.json", 12, []Delivery{
		row(Delivery{ID: 12, DeliveredOn: date(t, "2026-01-15T10:00:01"), Outcome: Accepted, Code: 200, Attempts: 1}),
		row(Delivery{ID: 11, DeliveredOn: date(t, "2026-01-15T10:00:01"), Outcome: Failed, Code: 404, Reason: FailureClientError, Attempts: 1}),
		row(Delivery{ID: 10, DeliveredOn: date(t, "2026-01-15T10:00:02"), Outcome: Failed, Code: 500, Reason: FailureServerError, Attempts: 1}),
		row(Delivery{ID: 9, DeliveredOn: date(t, "2026-01-15T10:00:01"), Outcome: Failed, Code: 302, Reason: FailureRedirect, Attempts: 1}),
		row(Delivery{ID: 8, DeliveredOn: date(t, "2026-01-15T10:00:03"), Outcome: Failed, Reason: FailureConnection, Attempts: 1}),
		row(Delivery{ID: 7}),
	})
}

// The dates are those of the list, and the name of the webhook is missing.
func TestLogOf31IsRead(t *testing.T) {
	t.Parallel()
	row := func(d Delivery) Delivery {
		return fixtureRow(t, "2026-01-15T11:00:00+00:00", "2026-01-15T10:00:00Z", d)
	}
	checkFixture(t, "log_3.1.json", 902, []Delivery{
		row(Delivery{ID: 902, WebhookID: 7, Trigger: 1 << 7, DeliveredOn: date(t, "2026-01-15T11:00:07+00:00"), Outcome: Accepted, Code: 200, Attempts: 3}),
		row(Delivery{ID: 901, WebhookID: 7, Trigger: 1 << 9, Outcome: Failed, Reason: FailureConnection, Attempts: 6}),
		row(Delivery{ID: 900, WebhookID: 3, Trigger: 1 << 7, Outcome: Failed, Code: 503, Reason: FailureServerError, Attempts: 6}),
		row(Delivery{ID: 899, WebhookID: 7, Trigger: 1 << 7, Outcome: Failed, Reason: FailureTimeout, Attempts: 1}),
		row(Delivery{ID: 898, WebhookID: 7, Trigger: 1}),
	})
}

func TestLogOf36IsRead(t *testing.T) {
	t.Parallel()
	row := func(d Delivery) Delivery {
		d.WebhookID, d.ConfigName, d.Trigger = 7, "crm", 1<<22
		return fixtureRow(t, "2026-01-15T09:00:00Z", "2026-01-15T10:00:00Z", d)
	}
	renamed := row(Delivery{ID: 1200})
	renamed.WebhookID, renamed.ConfigName = 13, "alles ü 🎉"
	checkFixture(t, "log_3.6.json", 88, []Delivery{
		row(Delivery{ID: 1205, DeliveredOn: date(t, "2026-01-15T09:00:01Z"), Outcome: Accepted, Code: 204, Attempts: 1}),
		row(Delivery{ID: 1204, Outcome: Failed, Reason: FailureDNS, Attempts: 6}),
		row(Delivery{ID: 1203, Outcome: Failed, Reason: FailureTLS, Attempts: 6}),
		row(Delivery{ID: 1202, Outcome: Failed, Reason: FailureOther, Attempts: 1}),
		row(Delivery{ID: 1201, Outcome: Failed, Code: 500, Reason: FailureServerError, Attempts: 6}),
		renamed,
	})
}

// Triggers have more than 32 bits, redirects are failures, one payload was cut and one row repeats an
// event of the month before.
func TestLogOf37IsRead(t *testing.T) {
	t.Parallel()
	row := func(d Delivery) Delivery {
		d.WebhookID, d.ConfigName = 7, "crm"
		return fixtureRow(t, "2026-07-15T04:30:00Z", "2026-07-15T10:00:00Z", d)
	}
	cut := row(Delivery{ID: 1304, Trigger: 1 << 7, DeliveredOn: date(t, "2026-07-15T04:30:01Z"), Outcome: Accepted, Code: 200, Attempts: 1})
	cut.WebhookID, cut.EventCreatedOn = 0, time.Time{}
	repeated := row(Delivery{ID: 1300, Trigger: 1 << 7, DeliveredOn: date(t, "2026-07-15T04:30:02Z"), Outcome: Accepted, Code: 200, Attempts: 1})
	repeated.EventCreatedOn = instant(t, "2026-07-01T08:15:30Z")
	checkFixture(t, "log_3.7.json", 1306, []Delivery{
		row(Delivery{ID: 1306, Trigger: 1 << 35, DeliveredOn: date(t, "2026-07-15T04:30:02Z"), Outcome: Accepted, Code: 200, Attempts: 1}),
		row(Delivery{ID: 1305, Trigger: 1 << 31, Outcome: Failed, Code: 302, Reason: FailureRedirect, Attempts: 6}),
		cut,
		row(Delivery{ID: 1303, Trigger: 1 << 7, Outcome: Failed, Code: 401, Reason: FailureUnauthorized, Attempts: 6}),
		row(Delivery{ID: 1302, Trigger: 1 << 7, Outcome: Failed, Code: 429, Reason: FailureRateLimited, Attempts: 6}),
		row(Delivery{ID: 1301, Trigger: 1 << 7, Outcome: Failed, Reason: FailureTimeout, Attempts: 6}),
		repeated,
	})
}

// What servers newer than any release say of attempts goes before what rows look like, but not in
// rows that were there before the server was upgraded.
func TestLogOfANewerServerIsRead(t *testing.T) {
	t.Parallel()
	row := func(d Delivery) Delivery {
		d.WebhookID, d.ConfigName, d.Trigger = 7, "crm", 1<<7
		return fixtureRow(t, "2026-07-15T08:00:00Z", "2026-07-15T10:00:00Z", d)
	}
	checkFixture(t, "log_next.json", 2008, []Delivery{
		row(Delivery{ID: 2008, NextAttemptOn: date(t, "2026-07-15T08:00:05Z")}),
		row(Delivery{ID: 2007, NextAttemptOn: date(t, "2026-07-15T08:06:10Z")}), // retrying
		row(Delivery{ID: 2006, DeliveredOn: date(t, "2026-07-15T08:06:01Z"), Outcome: Accepted, Code: 200, Attempts: 3}),
		row(Delivery{ID: 2005, Outcome: Failed, Code: 503, Reason: FailureServerError, Attempts: 7}),
		row(Delivery{ID: 2004, Outcome: Failed, Reason: FailureConnection, Attempts: 7}),
		row(Delivery{ID: 2003, Outcome: Failed, Reason: FailureOther}), // called off
		row(Delivery{ID: 2002, DeliveredOn: date(t, "2026-07-15T08:00:02Z"), Outcome: Accepted, Code: 200, Attempts: 2}),
		row(Delivery{ID: 2001, Outcome: Failed, Reason: FailureConnection, Attempts: 6}),
	})
}

func checkFixture(t *testing.T, file string, total int, want []Delivery) {
	t.Helper()
	page, err := decodeLog(strings.NewReader(fixture(t, file)), anyPage())
	if err != nil || len(page.Skipped) > 0 {
		t.Fatalf("error %v, skipped %v", err, page.Skipped)
	}
	for i := range max(len(page.Deliveries), len(want)) {
		switch {
		case i >= len(want) || i >= len(page.Deliveries):
			t.Fatalf("%d rows, want %d", len(page.Deliveries), len(want))
		case page.Deliveries[i] != want[i]:
			t.Errorf("got  %+v\nwant %+v", page.Deliveries[i], want[i])
		}
	}
	if page.Total != total {
		t.Errorf("total %d, want %d", page.Total, total)
	}
	text := fmt.Sprintf("%+v", page)
	for _, planted := range []string{"grace.hopper", "5EC12E7", "Salary", "token=abc", "nginx"} {
		if strings.Contains(text, planted) {
			t.Errorf("%q is kept", planted)
		}
	}
}

func TestLogIsReadLeniently(t *testing.T) {
	t.Parallel()
	one := []Delivery{{ID: 7}}
	for _, tt := range []struct {
		name, body string
		want       []Delivery
	}{
		{"empty list", `{"response":[],"count":1,"total":0}`, nil},
		{"empty bare list", `[]`, nil},
		{"bare list", `[{"id":7}]`, one},
		{"id as a string", `[{"id":"7"}]`, one},
		{"biggest id", `[{"id":9223372036854775807}]`, []Delivery{{ID: math.MaxInt64}}},
		{"nulls", `[{"id":7,"configName":null,"trigger":null,"creationTime":null,"delivery":null,"nextAttemptOn":null,"status":null,
			"attempts":null,"requestHeaders":null,"requestPayload":null,"responseHeaders":null,"responsePayload":null}]`, one},
		{"empty texts", `[{"id":7,"configName":"","trigger":"","creationTime":"","delivery":"","nextAttemptOn":"","status":"","requestPayload":""}]`, one},
		{"unknown fields", `[{"id":7,"method":null,"route":"x","config":{"id":8},"history":[{"attempts":2}]}]`, one},
		{"rows in rising order", `[{"id":5},{"id":6},{"id":7}]`, []Delivery{{ID: 7}, {ID: 6}, {ID: 5}}},
		{"rows in no order", `[{"id":6},{"id":10},{"id":9}]`, []Delivery{{ID: 10}, {ID: 9}, {ID: 6}}},
		{"response between other keys", `{"links":[{"href":"x"}],"response":[{"id":7}],"count":{"a":[1]}}`, one},
		{"broken UTF-8", "[{\"id\":7,\"configName\":\"a\xffb\"}]", []Delivery{{ID: 7, ConfigName: "a\uFFFDb"}}},
		{"half a surrogate pair", `[{"id":7,"configName":"a\ud800b"}]`, []Delivery{{ID: 7, ConfigName: "a\uFFFDb"}}},
		{"one bit", `[{"id":7,"trigger":128}]`, []Delivery{{ID: 7, Trigger: 128}}},
		{"trigger as a string", `[{"id":7,"trigger":"128"}]`, []Delivery{{ID: 7, Trigger: 128}}},
		{"trigger above 32 bits", `[{"id":7,"trigger":34359738368}]`, []Delivery{{ID: 7, Trigger: 1 << 35}}},
		{"last bit", `[{"id":7,"trigger":9223372036854775808}]`, []Delivery{{ID: 7, Trigger: 1 << 63}}},
		{"last bit, signed", `[{"id":7,"trigger":-9223372036854775808}]`, []Delivery{{ID: 7, Trigger: 1 << 63}}},
		{"trigger of an early 3.7", `[{"id":7,"trigger":-2147483648}]`, []Delivery{{ID: 7, Trigger: 1 << 31}}},
		{
			"nothing of one row gets into the next",
			`[{"id":9,"configName":"crm","trigger":1,"requestHeaders":"{}","responsePayload":"x","status":999,"attempts":2},{"id":7}]`,
			[]Delivery{{ID: 9, ConfigName: "crm", Trigger: 1, Outcome: Failed, Code: 999, Reason: FailureOther, Attempts: 2}, {ID: 7}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page, err := decodeLog(strings.NewReader(tt.body), anyPage())
			if err != nil || len(page.Skipped) > 0 {
				t.Fatalf("error %v, skipped %v", err, page.Skipped)
			}
			if !reflect.DeepEqual(page.Deliveries, tt.want) {
				t.Errorf("got  %+v\nwant %+v", page.Deliveries, tt.want)
			}
			if page.Len() != len(tt.want) {
				t.Errorf("length %d, want %d", page.Len(), len(tt.want))
			}
		})
	}
}

func TestTotalIsWhatTheEnvelopeSaysAndTheCountIsNot(t *testing.T) {
	t.Parallel()
	for total, want := range map[string]int{
		`902`: 902, `0`: 0, `1`: 1, `-1`: 0, `null`: 0, `"902"`: 0, `902.5`: 0, `9e9`: 0, `true`: 0, `{"a":1}`: 0, `[902]`: 0,
		`2147483647`: math.MaxInt32, `99999999999999999999`: 0, `-99999999999999999999`: 0,
	} {
		for _, body := range []string{`{"count":1,"total":%s,"response":[{"id":7},{"id":6}]}`, `{"response":[{"id":7},{"id":6}],"total":%s,"count":1}`} {
			page, err := decodeLog(strings.NewReader(fmt.Sprintf(body, total)), anyPage())
			if err != nil || page.Total != want || page.Len() != 2 {
				t.Errorf("%s: total %d of %d rows, error %v; want %d of 2", total, page.Total, page.Len(), err, want)
			}
		}
	}
	for _, body := range []string{`{"response":[{"id":7}],"count":1}`, `[{"id":7}]`, `[{"id":7,"total":5}]`} {
		if page, err := decodeLog(strings.NewReader(body), anyPage()); err != nil || page.Total != 0 {
			t.Errorf("%s: total %d, error %v; want 0", body, page.Total, err)
		}
	}
}

// badRows hold one secret each, which no error may quote.
var badRows = map[string]string{
	"null":                   `null`,
	"a number":               `5`,
	"a string":               `"hunter2"`,
	"a list":                 `["hunter2"]`,
	"empty":                  `{}`,
	"no id":                  `{"configName":"hunter2","status":200}`,
	"id null":                `{"id":null,"configName":"hunter2"}`,
	"id empty":               `{"id":"","configName":"hunter2"}`,
	"id a word":              `{"id":"hunter2"}`,
	"id zero":                `{"id":0}`,
	"id negative":            `{"id":-5}`,
	"id an object":           `{"id":{"hunter2":1}}`,
	"id true":                `{"id":true}`,
	"id a fraction":          `{"id":7.5}`,
	"id too big":             `{"id":9223372036854775808}`,
	"name an object":         `{"id":6,"configName":{"hunter2":1}}`,
	"trigger a word":         `{"id":6,"trigger":"hunter2"}`,
	"trigger a list":         `{"id":6,"trigger":["hunter2"]}`,
	"trigger too big":        `{"id":6,"trigger":18446744073709551616}`,
	"status a word":          `{"id":6,"status":"hunter2"}`,
	"status an object":       `{"id":6,"status":{"hunter2":1}}`,
	"status a fraction":      `{"id":6,"status":200.5}`,
	"status too big":         `{"id":6,"status":4294967296}`,
	"attempts a word":        `{"id":6,"attempts":"hunter2"}`,
	"attempts a fraction":    `{"id":6,"attempts":1.5}`,
	"date a word":            `{"id":6,"creationTime":"hunter2"}`,
	"date a number":          `{"id":6,"delivery":1768471200}`,
	"next date a word":       `{"id":6,"nextAttemptOn":"hunter2"}`,
	"response a number":      `{"id":6,"responsePayload":5}`,
	"response an object":     `{"id":6,"responsePayload":{"hunter2":1}}`,
	"row nested too shallow": `{"configs":{"id":6,"name":"hunter2"}}`,
}

func TestRowThatCannotBeReadIsSkippedAndTheRestServed(t *testing.T) {
	t.Parallel()
	for name, row := range badRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := decodeLog(strings.NewReader(`{"response":[{"id":9},`+row+`,{"id":8}],"total":3}`), anyPage())
			if err != nil {
				t.Fatal(err)
			}
			if want := []Delivery{{ID: 9}, {ID: 8}}; !reflect.DeepEqual(page.Deliveries, want) {
				t.Errorf("rows %+v, want 9 and 8", page.Deliveries)
			}
			if len(page.Skipped) != 1 || page.Len() != 3 || page.Total != 3 {
				t.Fatalf("skipped %v, length %d, total %d; want one of 3", page.Skipped, page.Len(), page.Total)
			}
			if text := page.Skipped[0].Error(); !errors.Is(page.Skipped[0], errDecode) || strings.Contains(text, "hunter2") || strings.Contains(text, "\n") {
				t.Errorf("skipped with %q, want one line about decoding that quotes nothing", text)
			}
		})
	}
}

// Rows are also asked for one at a time: a bad one must not keep all others from being counted.
func TestOnlyTheNewestRowsHaveToBeReadable(t *testing.T) {
	t.Parallel()
	for name, row := range badRows {
		for _, body := range []string{"[" + row + "]", `{"response":[` + row + "," + row + `],"total":2}`} {
			for _, q := range []LogQuery{{Count: MaxLogPage}, {Count: 1}, {Count: MaxLogPage, ConfigID: 7}} {
				page, err := decodeLog(strings.NewReader(body), q)
				if err == nil || classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s, %+v: got %+v, %v; want an error of decoding that quotes nothing", name, q, page, err)
				}
				if !isEmpty(page) {
					t.Errorf("%s, %+v: got %+v beside the error", name, q, page)
				}
			}
			for _, q := range []LogQuery{{RowID: 6, Count: 1}, {RowID: 6, ConfigID: 7, Count: 1}, {Start: 100, Count: MaxLogPage}} {
				page, err := decodeLog(strings.NewReader(body), q)
				if err != nil || len(page.Deliveries) != 0 || len(page.Skipped) == 0 {
					t.Errorf("%s, %+v: got %+v, %v; want all skipped", name, q, page, err)
				}
			}
		}
	}
}

func TestAnswersThatAreNoLogAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, " \r\n\t", `<!DOCTYPE html><title>hunter2</title>`, `hunter2`, `"hunter2"`, `5`, `null`, `{}`,
		`{"count":1,"total":5,"status":0,"statusCode":200}`, `{"error":{"message":"hunter2"},"status":1,"statusCode":500}`,
		`{"response":null,"count":1}`, `{"response":{"hunter2":[1]}}`, `{"response":"hunter2"}`, `{"response":[]} {"response":[]}`,
		`{"response":[]}hunter2`, `{"response":[{"id":1},hunter2]}`, `{"response":[{"id":1}{"id":2}]}`, `{"response":[{"id":1},]}`,
		`{"total":hunter2,"response":[]}`, `{"response":[{"id":1}}}`, `[` + strings.Repeat("[", 20000),
		// what a newer server answers to a count that it does not like
		`{"response":{"title":"hunter2","status":400,"errors":{"count":["hunter2"]}},"count":1,"status":1,"statusCode":400}`,
	} {
		page, err := decodeLog(strings.NewReader(body), LogQuery{RowID: 1, Count: 1})
		if err == nil || classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") || !isEmpty(page) {
			t.Errorf("%.80s: got %+v, %v; want an error of decoding that quotes nothing", body, page, err)
		}
	}
}

func TestLogCutAnywhereIsAConnectionFailure(t *testing.T) {
	t.Parallel()
	body := strings.TrimSpace(fixture(t, "log_3.1.json"))
	for cut := 1; cut < len(body); cut++ {
		page, err := decodeLog(strings.NewReader(body[:cut]), anyPage())
		if !errors.Is(err, io.ErrUnexpectedEOF) || classify(err) != ReasonConnection || !isEmpty(page) {
			t.Errorf("cut after %q: got %+v, %v; want %v", body[max(0, cut-20):cut], page, err, io.ErrUnexpectedEOF)
		}
	}
	for _, start := range []string{``, `[`, `[{"id":1},`, `{"response":[{"id":1}],"total":`, `{"response":[]}`} {
		r := io.MultiReader(strings.NewReader(start), iotest.ErrReader(errTooLarge))
		if _, err := decodeLog(r, anyPage()); !errors.Is(err, errTooLarge) || classify(err) != ReasonTooLarge {
			t.Errorf("after %q: error %v, want %v", start, err, errTooLarge)
		}
	}
}

// What the portal keeps of a body is up to 64 KiB, in which every character can be an escape.
func TestPayloadsOfFullLengthAreRead(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat(`\u0022`, 65_535) + `"`
	event := `{"event":{"createOn":"2026-01-15T10:00:00Z"},"payload":{"text":"`
	for body, webhook := range map[string]int64{
		event + strings.Repeat("x", 65_000) + `"},"webhook":{"id":7}}`: 7,
		event + strings.Repeat("x", 65_535):                            0, // cut
	} {
		row := fmt.Sprintf(`{"id":7,"requestHeaders":%[1]s,"requestPayload":%[2]s,"responsePayload":%[1]s,"status":200}`, long, strconv.Quote(body))
		page, err := decodeLog(iotest.OneByteReader(strings.NewReader("["+row+","+row+"]")), anyPage())
		if err != nil || page.Len() != 2 {
			t.Fatalf("%d rows, error %v", page.Len(), err)
		}
		if d := page.Deliveries[1]; d.WebhookID != webhook || d.Outcome != Accepted {
			t.Errorf("got %+v, want an accepted delivery of webhook %d", d, webhook)
		}
	}
}

// The text of an error may be long, and what tells its reason is at its beginning.
func TestOnlyTheBeginningOfAResponseIsKept(t *testing.T) {
	t.Parallel()
	var text errorText
	if err := text.UnmarshalText([]byte(strings.Repeat("é", 65_535))); err != nil || len(text.text) != maxErrorText || !text.present {
		t.Errorf("%d bytes, error %v; want %d", len(text.text), err, maxErrorText)
	}
	for response, want := range map[string]FailureReason{
		"Connection refused (" + strings.Repeat("x", 65_535) + ")":                                         FailureConnection,
		strings.Repeat("x", 65_535) + "Connection refused":                                                 FailureOther,
		statusPrefix + "503 (" + strings.Repeat("x", 65_535) + ").":                                        FailureServerError,
		"The request was canceled due to the configured HttpClient.Timeout" + strings.Repeat(" x", 30_000): FailureTimeout,
	} {
		d := readRow(t, fmt.Sprintf(`"requestHeaders":"{}","status":0,"responsePayload":%q`, response))
		if d.Outcome != Failed || d.Reason != want {
			t.Errorf("%.40s...: %+v, want %s", response, d, want)
		}
	}
}
