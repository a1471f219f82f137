package docspace

import (
	"encoding/json"
	"errors"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// checkRefusal checks what the rest of the exporter relies on of each error of a decoder.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	if r := classify(err); r != ReasonDecode && r != ReasonConnection {
		t.Errorf("%v is %s, want decode or connection", err, r)
	}
	if text := err.Error(); len(text) > 200 || strings.ContainsAny(text, "\r\n") {
		t.Errorf("the text is not one short line: %q", text)
	}
}

func FuzzDecodeWebhooks(f *testing.F) {
	for _, file := range []string{"webhooks_flat.json", "webhooks_3.0.json", "webhooks_3.1.json", "webhooks_3.7.json"} {
		f.Add(fixture(f, file))
	}
	for _, element := range badElements {
		f.Add(`{"response":[{"id":1},` + element + `]}`)
	}
	names := ReleasedTriggerNames()
	f.Fuzz(func(t *testing.T, body string) {
		list, err := decodeWebhooks(strings.NewReader(body))
		if err != nil {
			checkRefusal(t, err)
			if list.Webhooks != nil || list.Skipped != nil {
				t.Errorf("got %+v beside the error", list)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Error("accepted what is not JSON")
		}
		for _, err := range list.Skipped {
			checkRefusal(t, err)
			if !errors.Is(err, errDecode) {
				t.Errorf("skipped with %v, want an error of decoding", err)
			}
		}
		for i := range list.Webhooks {
			w := &list.Webhooks[i]
			if !utf8.ValidString(w.Name) {
				t.Errorf("name %q is not UTF-8", w.Name)
			}
			for _, name := range w.Triggers.Names(names) {
				if name == "" || !utf8.ValidString(name) {
					t.Errorf("trigger %q is no label value", name)
				}
			}
		}
		if len(list.Webhooks) == 0 && len(list.Skipped) > 0 {
			t.Error("all elements skipped, and no error")
		}
	})
}

func FuzzDecodeTriggers(f *testing.F) {
	f.Add(fixture(f, "triggers_3.1.json"))
	f.Add(fixture(f, "triggers_3.7.json"))
	f.Add(`{"agent.created":-2147483648,"agent.updated":0,"*":"0","x":"y"}`)
	f.Add(`[{"name":"a","id":1},{"name":"a","id":"2"},{"name":"bit_3","id":4},null]`)
	f.Fuzz(func(t *testing.T, body string) {
		list, err := decodeTriggers(strings.NewReader(body))
		if err != nil {
			checkRefusal(t, err)
			return
		}
		for i, tr := range list.Triggers {
			if tr.Name == "" || !utf8.ValidString(tr.Name) {
				t.Errorf("name %q is no label value", tr.Name)
			}
			if tr.Name != AllTriggers && bits.OnesCount64(tr.Mask) != 1 {
				t.Errorf("%q has mask %d, want one bit", tr.Name, tr.Mask)
			}
			if i > 0 && tr.Mask < list.Triggers[i-1].Mask {
				t.Error("the list is not sorted")
			}
		}
		names, seen := NamesOf(list.Triggers), map[string]bool{}
		for bit := range names {
			name := names.Name(bit)
			if seen[name] || name == AllTriggers {
				t.Errorf("name %q of bit %d is not its own", name, bit)
			}
			seen[name] = true
		}
	})
}

func FuzzDecodeSettings(f *testing.F) {
	for _, file := range []string{"settings_3.1.json", "settings_3.7.json", "settings_anonymous.json"} {
		f.Add(fixture(f, file))
	}
	f.Add(`{"response":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		s, err := decodeSettings(strings.NewReader(body))
		if err != nil {
			checkRefusal(t, err)
			if s != (Settings{}) {
				t.Errorf("got %+v beside the error", s)
			}
			return
		}
		for _, text := range []string{s.Version, s.Alias, s.TimeZone} {
			if !utf8.ValidString(text) {
				t.Errorf("%q is no label value", text)
			}
		}
		if s.Before(0, 0) && !strings.HasPrefix(s.Version, "-") && !strings.Contains(s.Version, ".-") {
			t.Errorf("version %q is older than 0.0", s.Version)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{
		"2026-01-15T11:00:00+00:00", "2026-07-15T12:00:00.1234567-05:30", "2026-01-15T10:00:00Z", "2026-03-29T02:30:00+00:00",
		"2026-10-25T02:30:00+00:00", "2026-03-08T02:59:59+00:00", "2026-01-15T10:00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z",
	} {
		for i := range 4 {
			f.Add(s, uint8(i))
		}
	}
	zones := []*time.Location{time.UTC, zone(f, "Europe/Berlin"), zone(f, "America/New_York"), zone(f, "Asia/Kolkata")}
	f.Fuzz(func(t *testing.T, s string, z uint8) {
		d, err := ParseDate(s)
		if err != nil {
			if classify(err) != ReasonDecode {
				t.Errorf("%v is %s", err, classify(err))
			}
			return
		}
		at := d.In(zones[int(z)%len(zones)])
		if d.IsZero() {
			if !at.IsZero() {
				t.Errorf("%q means never and is %v", s, at)
			}
			return
		}
		// Seconds have passed since midnight on the wall clock that was printed, and no offset counts.
		wall := time.UTC
		if strings.LastIndexAny(s, "+-") > strings.Index(s, "T") {
			wall = zones[int(z)%len(zones)]
		}
		digits := at.In(wall).Format(netDateLayout)
		if printed := s[:min(len(s), len(netDateLayout))]; digits != printed && !inGap(printed, wall) && s[12] != ':' {
			t.Errorf("%q is %v, whose digits in %v are %s", s, at, wall, digits)
		}
	})
}

// inGap tells whether the wall clock of a zone never showed the digits: no instant around them does.
func inGap(digits string, zone *time.Location) bool {
	wall, err := time.Parse(netDateLayout, digits)
	if err != nil {
		return false
	}
	for offset := -15 * 60; offset <= 15*60; offset += 15 {
		if wall.Add(time.Duration(offset)*time.Minute).In(zone).Format(netDateLayout) == digits {
			return false
		}
	}
	return true
}

func FuzzTriggerSet(f *testing.F) {
	for _, s := range []string{
		`640`, `0`, `-2147483648`, `18446744073709551615`, `"640"`, `"+4294967296"`, `"file.created,*"`, `["file.created",128,null]`, `null`, `[[1]]`,
	} {
		f.Add(s)
	}
	names := ReleasedTriggerNames()
	f.Fuzz(func(t *testing.T, text string) {
		var set TriggerSet
		if err := json.Unmarshal([]byte(text), &set); err != nil {
			return
		}
		got := set.Names(names)
		if slices.Contains(got, AllTriggers) && len(got) != 1 {
			t.Errorf("%s is %q: all and some", text, got)
		}
		for i, name := range got {
			if name == "" || slices.Contains(got[:i], name) {
				t.Errorf("%s is %q: a name is empty or there twice", text, got)
			}
		}
		if (set.String() == "") != (got == nil) {
			t.Errorf("%s is spelt %q and has the names %q", text, set.String(), got)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var second TriggerSet
		if err := json.Unmarshal(again, &second); err != nil {
			t.Fatal(err)
		}
		if repeated := second.Names(names); !strings.ContainsAny(strings.Join(got, ""), "0123456789") && !slices.Equal(repeated, got) {
			t.Errorf("%s is %q, and that is %q", text, got, repeated)
		}
	})
}

func FuzzClassifyFailure(f *testing.F) {
	for _, p := range failureTexts {
		f.Add(p.phrase + " (hooks.example:443)")
	}
	f.Add("Response status code does not indicate success: 503 (Service Unavailable).")
	f.Add("Received an invalid status line: 'SSH-2.0'.")
	known := []FailureReason{
		FailureRedirect, FailureUnauthorized, FailureRateLimited, FailureClientError, FailureServerError,
		FailureTimeout, FailureDNS, FailureConnection, FailureTLS, FailureOther,
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := ClassifyFailure(text)
		if !slices.Contains(known, got) {
			t.Errorf("%q is %q, which is no label value", text, got)
		}
		if other := ClassifyFailure(text + " (Connection refused:443)"); other != got && !strings.HasPrefix(text, statusPrefix) {
			t.Errorf("%q is %s, and %s with a host name behind it", text, got, other)
		}
	})
}

// Whatever is in a file, it is read or refused, in lines that each say where.
func FuzzLoadFile(f *testing.F) {
	for _, content := range []string{
		"", with(), with("    labels: {team: crm}"), "defaults: &d {timeout: 5s}\nportals: {a: *d}", "portals: &p\n  a: *p", "a: &a [*a]",
		"defaults:\n  http_client_config: {http_headers: {X: {values: [a]}}, proxy_connect_header: {Y: [b]}}\n", "? [a]\n: b", "portals: {? {a: b} : c}", "!!binary x: y",
	} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		file := fileIn(t, content)
		v, err := file.Load()
		if err == nil {
			for _, p := range v.List() {
				if _, err := parsePortalURL(p.URL); err != nil || p.Name == "" || p.Settings.Timeout <= 0 {
					t.Errorf("portal %+v, %v", p, err)
				}
			}
			return
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if !strings.HasPrefix(line, file.Path+":") {
				t.Errorf("line %q", line)
			}
		}
	})
}
