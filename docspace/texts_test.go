package docspace

import (
	"io"
	"strings"
	"testing"
)

// These are what an operator reads in the log when a portal, or what stands before it, answers
// something else.
func TestRefusalsTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	webhooks := func(r io.Reader) error { _, err := decodeWebhooks(r); return err }
	triggers := func(r io.Reader) error { _, err := decodeTriggers(r); return err }
	settings := func(r io.Reader) error { _, err := decodeSettings(r); return err }
	log := func(r io.Reader) error { _, err := decodeLog(r, anyPage()); return err }
	for _, tt := range []struct {
		body   string
		decode func(io.Reader) error
		want   string
	}{
		{``, webhooks, `unexpected answer: empty body`},
		{``, settings, `unexpected answer: empty body`},
		{`<html>`, webhooks, `unexpected answer: not JSON at byte 1`},
		{`{"response":[],}`, webhooks, `unexpected answer: not JSON at byte 15`},
		{`<html>`, settings, `unexpected answer: not JSON at byte 1`},
		{`5`, webhooks, `unexpected answer: neither an envelope nor a list`},
		{`{}`, webhooks, `unexpected answer: no response in it`},
		{`{"statusCode":200}`, settings, `unexpected answer: no response in it`},
		{`{"response":5}`, webhooks, `unexpected answer: response is not a list`},
		{`[] []`, webhooks, `unexpected answer: more than one JSON value`},
		{`{} {}`, triggers, `unexpected answer: more than one JSON value`},
		{`[5]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: not an object`},
		{`[{}]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: no integer id`},
		{`[{"configs":{"name":5}}]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: wrong type of field "name"`},
		{`[{"configs":"x"}]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: wrong type of field "configs"`},
		{`[{"configs":{"id":{}}}]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: not a number`},
		{`["a"]`, triggers, `no trigger can be read: unexpected answer: not an object`},
		{`[{"name":5}]`, webhooks, `no webhook in the list can be read: element 0: unexpected answer: wrong type of field "name"`},
		{`[{"createdOn":5}]`, webhooks, `no webhook in the list can be read: element 0: date: unexpected answer`},
		{`[{"createdOn":"5"}]`, webhooks, `no webhook in the list can be read: element 0: date: unexpected answer`},
		{`[{"createdOn":"2026-01-15T10:00:00+5"}]`, webhooks, `no webhook in the list can be read: element 0: offset of a date: unexpected answer`},
		{`[{"triggers":{}}]`, webhooks, `no webhook in the list can be read: element 0: triggers: unexpected answer`},
		{`[{"triggers":[[]]}]`, webhooks, `no webhook in the list can be read: element 0: triggers: array in an array: unexpected answer`},
		{`5`, triggers, `unexpected answer: triggers are neither an object nor a list`},
		{`[{"name":5}]`, triggers, `no trigger can be read: unexpected answer: wrong type of field "name"`},
		{`{"a":true}`, triggers, `no trigger can be read: unexpected answer: not a number`},
		{`5`, settings, `unexpected answer: settings are not an object`},
		{`{"version":5}`, settings, `unexpected answer: wrong type of field "version"`},
		{``, log, `unexpected answer: empty body`},
		{`{"total":5}`, log, `unexpected answer: no response in it`},
		{`{"response":{}}`, log, `unexpected answer: response is not a list`},
		{`[5]`, log, `no row of the log can be read: unexpected answer: not an object`},
		{`[{"id":0}]`, log, `no row of the log can be read: unexpected answer: no positive id`},
		{`[{"id":7,"status":"x"}]`, log, `no row of the log can be read: unexpected answer: no integer status`},
		{`[{"id":7,"trigger":"x"}]`, log, `no row of the log can be read: unexpected answer: no integer trigger`},
		{`[{"id":7,"attempts":"x"}]`, log, `no row of the log can be read: unexpected answer: wrong type of field "attempts"`},
		{`[{"id":7,"responsePayload":5}]`, log, `no row of the log can be read: unexpected answer: wrong type of field "responsePayload"`},
		{`[{"id":7,"delivery":"x"}]`, log, `no row of the log can be read: date: unexpected answer`},
		{`{"response":[`, webhooks, `unexpected EOF`},
		{`{"response":{`, settings, `unexpected EOF`},
	} {
		err := tt.decode(strings.NewReader(tt.body))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v\nwant %s", tt.body, err, tt.want)
		}
	}
	if got, want := errTooLarge.Error(), "answer is larger than the limit"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := errKey.Error(), "API key cannot be read"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := errLocation.Error(), "redirect to nowhere"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
