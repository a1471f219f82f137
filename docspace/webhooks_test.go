package docspace

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

func date(tb testing.TB, printed string) Date {
	tb.Helper()
	d, err := ParseDate(printed)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func triggerSet(tb testing.TB, text string) TriggerSet {
	tb.Helper()
	var set TriggerSet
	if err := set.UnmarshalJSON([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestWebhooksOfEachReleaseAreRead(t *testing.T) {
	t.Parallel()
	want := map[string][]Webhook{
		"webhooks_3.0.json": {
			{ID: 3, Name: "legacy", URI: "http://hooks.example/in", Enabled: true},
			{ID: 4, URI: "https://hooks.example/other", SSL: true},
		},
		"webhooks_3.1.json": {{
			ID: 7, Name: "crm", URI: "https://hooks.example/in?token=abc", Enabled: true, SSL: true,
			Triggers: NewTriggerSet(1<<7 | 1<<9), TargetID: "1291",
			CreatedOn:          date(t, "2026-01-02T09:15:00+00:00"),
			LastSuccessOn:      date(t, "2026-01-15T11:00:00+00:00"),
			LastFailureOn:      date(t, "2026-01-14T08:00:05+00:00"),
			LastFailureContent: "Connection refused (hooks.example:443)",
		}, {
			ID: 3, Name: "legacy", URI: "http://hooks.example/in", Triggers: NewTriggerSet(0),
			LastFailureOn:      date(t, "2026-01-10T07:30:00+00:00"),
			LastFailureContent: "Response status code does not indicate success: 503 (Service Unavailable).",
		}},
		"webhooks_3.7.json": {{
			ID: 12, Name: "agents", URI: "https://hooks.example/agents", Enabled: true, SSL: true,
			Triggers:      NewTriggerSet(1 | 1<<31 | 1<<35),
			CreatedOn:     date(t, "2026-07-01T00:00:00+00:00"),
			LastSuccessOn: date(t, "2026-07-15T12:00:00+00:00"),
		}, {
			ID: 13, Name: "alles ü 🎉", URI: "https://hooks.example/all", SSL: true, Triggers: NewTriggerSet(0), TargetID: "88",
			CreatedOn:          date(t, "2026-06-30T23:59:59.1234567+00:00"),
			LastFailureOn:      date(t, "2026-07-15T12:01:40+00:00"),
			LastFailureContent: "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
		}},
		"webhooks_flat.json": {{ // the vendor's own sample
			ID: 7, Name: "crm", URI: "https://hooks.example/in", Enabled: true, SSL: true,
			Triggers:      triggerSet(t, `"file.created,file.updated"`),
			LastSuccessOn: date(t, "2026-01-15T10:00:00Z"),
		}, {
			ID: 8, Name: "all", URI: "https://hooks.example/all", Triggers: triggerSet(t, `"*"`),
			LastFailureOn: date(t, "2026-01-14T08:00:05.5Z"),
		}},
	}
	for file, webhooks := range want {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(fixture(t, file)))
			if err != nil || len(list.Skipped) > 0 {
				t.Fatalf("error %v, skipped %v", err, list.Skipped)
			}
			if !reflect.DeepEqual(list.Webhooks, webhooks) {
				t.Errorf("got  %+v\nwant %+v", list.Webhooks, webhooks)
			}
			if strings.Contains(fmt.Sprintf("%+v", list), "Pa55-phrase") {
				t.Error("the signing secret is kept")
			}
		})
	}
}

func TestWebhooksAreReadLeniently(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       []Webhook
	}{
		{"empty list", `{"response":[],"count":1}`, nil},
		{"empty bare list", `[]`, nil},
		{"bare list", `[{"configs":{"id":7}}]`, []Webhook{{ID: 7}}},
		{"nothing but an id", `{"response":[{"configs":{"id":7}}]}`, []Webhook{{ID: 7}}},
		{"flat in an envelope", `{"response":[{"id":7,"enabled":true}]}`, []Webhook{{ID: 7, Enabled: true}}},
		{"configs before flat", `[{"id":1,"name":"outer","configs":{"id":7,"name":"inner"}}]`, []Webhook{{ID: 7, Name: "inner"}}},
		{"configs null", `[{"configs":null,"id":7}]`, []Webhook{{ID: 7}}},
		{"id as a string", `[{"configs":{"id":"7"}}]`, []Webhook{{ID: 7}}},
		{"biggest id", `[{"id":9223372036854775807}]`, []Webhook{{ID: 1<<63 - 1}}},
		{"nulls", `[{"configs":{"id":7,"name":null,"uri":null,"enabled":null,"ssl":null,"triggers":null,"targetId":null,
			"createdOn":null,"lastSuccessOn":null,"lastFailureOn":null,"lastFailureContent":null},"status":null}]`, []Webhook{{ID: 7}}},
		{"unknown fields", `[{"configs":{"id":7,"attempts":[{"a":{}}],"createdBy":{"id":"x"}},"status":200,"next":{}}]`, []Webhook{{ID: 7}}},
		{"response between other keys", `{"links":[{"href":"x"}],"response":[{"id":7}],"total":{"a":[1]}}`, []Webhook{{ID: 7}}},
		{"one id twice", `[{"id":7,"name":"a"},{"id":7,"name":"b"}]`, []Webhook{{ID: 7, Name: "a"}, {ID: 7, Name: "b"}}},
		{"broken UTF-8", "[{\"id\":7,\"name\":\"a\xffb\"}]", []Webhook{{ID: 7, Name: "a\uFFFDb"}}},
		{"half a surrogate pair", `[{"id":7,"name":"a\ud800b"}]`, []Webhook{{ID: 7, Name: "a\uFFFDb"}}},
		{"white space around", " \n{ \"response\" : [ ] } \n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(tt.body))
			if err != nil || len(list.Skipped) > 0 {
				t.Fatalf("error %v, skipped %v", err, list.Skipped)
			}
			if !reflect.DeepEqual(list.Webhooks, tt.want) {
				t.Errorf("got  %+v\nwant %+v", list.Webhooks, tt.want)
			}
		})
	}
}

// badElements holds one secret each, which no error may quote.
var badElements = map[string]string{
	"null":               `null`,
	"a number":           `5`,
	"a string":           `"hunter2"`,
	"a list":             `["hunter2"]`,
	"empty":              `{}`,
	"no id":              `{"configs":{"name":"hunter2"}}`,
	"id null":            `{"configs":{"id":null,"name":"hunter2"}}`,
	"id empty":           `{"configs":{"id":"","name":"hunter2"}}`,
	"id a word":          `{"configs":{"id":"hunter2"}}`,
	"id an object":       `{"configs":{"id":{"hunter2":1}}}`,
	"id true":            `{"configs":{"id":true}}`,
	"id a fraction":      `{"configs":{"id":7.5}}`,
	"id too big":         `{"configs":{"id":9223372036854775808}}`,
	"configs a string":   `{"configs":"hunter2"}`,
	"configs a list":     `{"configs":["hunter2"]}`,
	"enabled a string":   `{"configs":{"id":6,"enabled":"hunter2"}}`,
	"name an object":     `{"configs":{"id":6,"name":{"hunter2":1}}}`,
	"target a number":    `{"configs":{"id":6,"targetId":5}}`,
	"triggers an object": `{"configs":{"id":6,"triggers":{"hunter2":1}}}`,
	"triggers nested":    `{"configs":{"id":6,"triggers":[["hunter2"]]}}`,
	"date a word":        `{"configs":{"id":6,"lastSuccessOn":"hunter2"}}`,
	"date a number":      `{"configs":{"id":6,"createdOn":1768471200}}`,
}

func TestElementThatCannotBeReadIsSkippedAndTheRestServed(t *testing.T) {
	t.Parallel()
	for name, element := range badElements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(`{"response":[{"id":1},` + element + `,{"id":2}]}`))
			if err != nil {
				t.Fatal(err)
			}
			if want := []Webhook{{ID: 1}, {ID: 2}}; !reflect.DeepEqual(list.Webhooks, want) {
				t.Errorf("webhooks %+v, want 1 and 2", list.Webhooks)
			}
			if len(list.Skipped) != 1 {
				t.Fatalf("skipped %v, want one", list.Skipped)
			}
			text := list.Skipped[0].Error()
			if !strings.HasPrefix(text, "element 1: ") || strings.Contains(text, "hunter2") || strings.Contains(text, "\n") {
				t.Errorf("skipped with %q, want one line that names element 1 and quotes nothing", text)
			}
			if !errors.Is(list.Skipped[0], errDecode) {
				t.Errorf("skipped with %v, want an error of decoding", list.Skipped[0])
			}
		})
	}
}

func TestListWithoutAnyReadableElementIsRefused(t *testing.T) {
	t.Parallel()
	for name, element := range badElements {
		for _, body := range []string{"[" + element + "]", "[" + element + "," + element + "]"} {
			list, err := decodeWebhooks(strings.NewReader(body))
			if err == nil || classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %+v, %v; want an error of decoding that quotes nothing", name, list, err)
			}
			if list.Webhooks != nil || list.Skipped != nil {
				t.Errorf("%s: got %+v beside the error", name, list)
			}
		}
	}
}

func TestSkippedElementsAreNumberedFromTheFirst(t *testing.T) {
	t.Parallel()
	list, err := decodeWebhooks(strings.NewReader(`[null,{"id":1},null]`))
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Skipped) != 2 || !strings.HasPrefix(list.Skipped[0].Error(), "element 0: ") ||
		!strings.HasPrefix(list.Skipped[1].Error(), "element 2: ") {
		t.Errorf("skipped %v, want elements 0 and 2", list.Skipped)
	}
}

func TestAnswersThatAreNoWebhooksAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       Reason
	}{
		{"nothing", ``, ReasonDecode},
		{"white space", " \r\n\t", ReasonDecode},
		{"HTML", `<!DOCTYPE html><title>hunter2</title>`, ReasonDecode},
		{"plain text", `hunter2`, ReasonDecode},
		{"string", `"hunter2"`, ReasonDecode},
		{"number", `5`, ReasonDecode},
		{"null", `null`, ReasonDecode},
		{"object of another kind", `{}`, ReasonDecode},
		{"envelope without response", `{"count":1,"status":0,"statusCode":200}`, ReasonDecode},
		{"error in a good answer", `{"error":{"message":"hunter2","stack":"at"},"status":1,"statusCode":500}`, ReasonDecode},
		{"response null", `{"response":null,"count":1}`, ReasonDecode},
		{"response an object", `{"response":{"hunter2":[1]}}`, ReasonDecode},
		{"response a string", `{"response":"hunter2"}`, ReasonDecode},
		{"more than one value", `{"response":[]} {"response":[]}`, ReasonDecode},
		{"something behind it", `{"response":[]}hunter2`, ReasonDecode},
		{"an element that is not JSON", `{"response":[{"id":1},hunter2]}`, ReasonDecode},
		{"comma missing", `{"response":[{"id":1}{"id":2}]}`, ReasonDecode},
		{"comma too many", `{"response":[{"id":1},]}`, ReasonDecode},
		{"comma missing behind response", `{"response":[] "hunter2":1}`, ReasonDecode},
		{"closed by the wrong bracket", `{"response":[{"id":1}}}`, ReasonDecode},
		{"key that is no string", `{5:1}`, ReasonDecode},
		{"other value that is not JSON", `{"count":hunter2,"response":[]}`, ReasonDecode},
		{"nested too deep", `[` + strings.Repeat("[", 20000), ReasonDecode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(tt.body))
			if err == nil {
				t.Fatalf("got %+v, want an error", list)
			}
			if got := classify(err); got != tt.want || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("reason %s, want %s; text %q", got, tt.want, err)
			}
			if list.Webhooks != nil || list.Skipped != nil {
				t.Errorf("got %+v beside the error", list)
			}
		})
	}
}

func TestBodyCutAnywhereIsAConnectionFailure(t *testing.T) {
	t.Parallel()
	for _, body := range []string{fixture(t, "webhooks_3.7.json"), fixture(t, "webhooks_flat.json")} {
		body = strings.TrimSpace(body)
		for cut := 1; cut < len(body); cut++ {
			list, err := decodeWebhooks(strings.NewReader(body[:cut]))
			if !errors.Is(err, io.ErrUnexpectedEOF) || classify(err) != ReasonConnection {
				t.Errorf("cut after %q: got %+v, %v; want %v", body[max(0, cut-20):cut], list, err, io.ErrUnexpectedEOF)
			}
		}
	}
}

// All of them count, and the first ones say why.
func TestWebhooks_SkippedElementsDoNotPileUp(t *testing.T) {
	t.Parallel()
	list, err := decodeWebhooks(strings.NewReader("[" + strings.Repeat(`0,`, 900) + `{"id":1}]`))
	if err != nil || len(list.Skipped) != 900 {
		t.Fatalf("error %v, %d skipped, want 900", err, len(list.Skipped))
	}
	for i, err := range list.Skipped {
		if says := strings.HasPrefix(err.Error(), fmt.Sprintf("element %d: ", i)); !errors.Is(err, errDecode) || says != (i < maxReasons) {
			t.Errorf("element %d: error %v", i, err)
		}
	}
}

func TestAnswerThatIsReadWholeIsSmall(t *testing.T) {
	t.Parallel()
	for _, pad := range []int{maxValue - 2, maxValue} {
		body, want := `{`+strings.Repeat(" ", pad)+`}`, pad == maxValue
		_, err := decodeSettings(strings.NewReader(body))
		if errors.Is(err, errTooLarge) != want || want && !strings.Contains(err.Error(), "256 KiB") {
			t.Errorf("%d bytes of settings: error %v", len(body), err)
		}
		if _, err := decodeTriggers(strings.NewReader(body)); errors.Is(err, errTooLarge) != want {
			t.Errorf("%d bytes of triggers: error %v", len(body), err)
		}
	}
}

func TestTroubleOfTheTransportPassesAsItIs(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `[`, `[{"id":1},`, `{"response":`, `{"response":[`, `{"response":[]`, `{"response":[]}`} {
		r := io.MultiReader(strings.NewReader(body), iotest.ErrReader(errTooLarge))
		if _, err := decodeWebhooks(r); !errors.Is(err, errTooLarge) || classify(err) != ReasonTooLarge {
			t.Errorf("after %q: error %v, want %v", body, err, errTooLarge)
		}
		r = io.MultiReader(strings.NewReader(body), iotest.ErrReader(errTooLarge))
		if _, err := decodeTriggers(r); !errors.Is(err, errTooLarge) {
			t.Errorf("triggers after %q: error %v, want %v", body, err, errTooLarge)
		}
	}
}
