package docspace

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// logRefusal is all that errors about a log say.
var logRefusal = regexp.MustCompile(`^(no row of the log can be read: )?(unexpected EOF|((offset of a )?date: )?unexpected answer` +
	`(: (empty body|not JSON at byte \d+|neither an envelope nor a list|no response in it|response is not a list|` +
	`more than one JSON value|not an object|not a number|no positive id|no integer (status|trigger)|wrong type of field "[a-zA-Z]+"))?)$`)

func checkLogRefusal(t *testing.T, err error) {
	t.Helper()
	checkRefusal(t, err)
	if text := err.Error(); !logRefusal.MatchString(text) {
		t.Errorf("%q says more than it may", text)
	}
}

func FuzzDecodeLog(f *testing.F) {
	for _, file := range []string{"log_3.0.json", "log_3.1.json", "log_3.6.json", "log_3.7.json", "log_next.json"} {
		f.Add(fixture(f, file))
	}
	for _, row := range badRows {
		f.Add(`{"response":[{"id":9},` + row + `],"total":2}`)
	}
	zones := []*time.Location{time.UTC, zone(f, "Europe/London"), zone(f, "America/New_York"), zone(f, "Asia/Kolkata")}
	f.Fuzz(func(t *testing.T, body string) {
		page, err := decodeLog(strings.NewReader(body), anyPage())
		if err != nil {
			checkLogRefusal(t, err)
			if page.Deliveries != nil || page.Skipped != nil || page.Total != 0 {
				t.Errorf("got %+v beside the error", page)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Error("accepted what is not JSON")
		}
		for _, err := range page.Skipped {
			checkLogRefusal(t, err)
			if !errors.Is(err, errDecode) {
				t.Errorf("skipped with %v, want an error of decoding", err)
			}
		}
		if page.Total < 0 || len(page.Deliveries) == 0 && len(page.Skipped) > 0 {
			t.Errorf("total %d, %d rows, %d skipped", page.Total, len(page.Deliveries), len(page.Skipped))
		}
		for i := range page.Deliveries {
			d := &page.Deliveries[i]
			checkDelivery(t, d, body)
			if i > 0 && d.ID > page.Deliveries[i-1].ID {
				t.Error("the rows are not sorted")
			}
		}
		for _, zone := range zones {
			clock := NewLogClock(zone, page.Deliveries)
			for i := range page.Deliveries {
				d := &page.Deliveries[i]
				for _, date := range []Date{d.CreatedOn, d.DeliveredOn, d.NextAttemptOn} {
					if date.IsZero() && !clock.At(date).IsZero() {
						t.Errorf("never is %v", clock.At(date))
					}
				}
			}
		}
	})
}

// checkDelivery checks what the counters rely on of each row.
func checkDelivery(t *testing.T, d *Delivery, body string) {
	t.Helper()
	if d.ID <= 0 || d.WebhookID < 0 || d.Attempts < 0 {
		t.Errorf("%+v has a number below its least", d)
	}
	if !utf8.ValidString(d.ConfigName) {
		t.Errorf("name %q is not UTF-8", d.ConfigName)
	}
	if d.Code != 0 && !strings.Contains(body, strconv.Itoa(d.Code)) {
		t.Errorf("code %d was not sent", d.Code)
	}
	if (d.Reason == "") == (d.Outcome == Failed) || d.Reason != "" && !slices.Contains(FailureReasons(), d.Reason) {
		t.Errorf("outcome %d for the reason %q", d.Outcome, d.Reason)
	}
	accepted := d.Code >= 200 && d.Code <= 299
	if accepted != (d.Outcome == Accepted) || d.Outcome == Pending && (d.Code != 0 || d.Attempts != 0) {
		t.Errorf("outcome %d with code %d after %d attempts", d.Outcome, d.Code, d.Attempts)
	}
	if !d.NextAttemptOn.IsZero() && d.Outcome != Pending {
		t.Errorf("outcome %d, and another attempt is to come", d.Outcome)
	}
}
