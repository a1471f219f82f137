package docspace

import (
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// numbered returns n texts in which %d is the number, separated by commas.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Not parallel: it measures what is allocated.
func TestDecoders_BoundWhatAResponseCosts(t *testing.T) {
	webhooks, log := listDecoders["webhooks"].decode, listDecoders["log"].decode
	const mib = 1 << 20
	for _, tt := range []struct {
		name, body string
		decode     func(io.Reader) error
		want       Reason // empty when it is read
		allocated  uint64 // at most
	}{
		{"a string of 32 MiB in a list", `[{"id":1,"name":"` + strings.Repeat("x", 32*mib) + `"}]`, webhooks, ReasonTooLarge, 2 * mib},
		{"a string of 32 MiB in a row", `[{"id":1,"x":"` + strings.Repeat("x", 32*mib) + `"}]`, log, ReasonTooLarge, 12 * mib},
		{"32 MiB of white space", `[{"id":1}` + strings.Repeat(" ", 32*mib), webhooks, ReasonTooLarge, 2 * mib},
		{"32 MiB of values in the envelope", `{` + strings.Repeat(`"x":"`+strings.Repeat("x", 128<<10)+`",`, 256) + `"response":[]}`, webhooks, "", 2 * mib},
		{"elements without end", `[{"id":1}` + strings.Repeat(",0", 4*mib) + `]`, webhooks, ReasonTooLarge, 24 * mib},
		{"rows without end", `[{"id":1}` + strings.Repeat(`,{"id":2}`, mib) + `]`, log, ReasonTooLarge, 4 * mib},
		{"rows that cannot be read without end", `[{"id":1}` + strings.Repeat(`,0`, mib) + `]`, log, ReasonTooLarge, 4 * mib},
		{"all bits without end", `[` + numbered(100_000, `{"id":%d,"triggers":-9223372036854775809}`) + `]`, webhooks, ReasonTooLarge, 24 * mib},
		{"64 bits each", `[` + numbered(10_000, `{"id":%d,"triggers":18446744073709551615}`) + `]`, webhooks, ReasonTooLarge, 4 * mib},
		{"256 names each", `[` + numbered(1_000, `{"id":%d,"triggers":"`+numbered(256, "t%d")+`"}`) + `]`, webhooks, ReasonTooLarge, 24 * mib},
		{"200 KiB of names", `[{"id":1,"triggers":"` + numbered(30_000, "t%d") + `"}]`, webhooks, "", 4 * mib},
		{"200 KiB of names in an array", `[{"id":1,"triggers":[` + numbered(22_000, `"t%d"`) + `]}]`, webhooks, "", 4 * mib},
		{"200 KiB of empty items", `[{"id":1,"triggers":[` + strings.Repeat(`"",`, 65_000) + `1]}]`, webhooks, "", 8 * mib},
		{"names that look like numbers", `[{"id":1,"triggers":"` + strings.Repeat("x9,", 65_000) + `"}]`, webhooks, "", 4 * mib},
		{"many triggers in a list", `[` + numbered(8_000, `{"name":"t%d","id":1}`) + `]`, wholeDecoders["triggers"], ReasonTooLarge, 4 * mib},
		{"many triggers in an object", `{` + numbered(20_000, `"t%d":1`) + `}`, wholeDecoders["triggers"], ReasonTooLarge, 8 * mib},
		{"settings of 32 MiB", `{"version":"` + strings.Repeat("x", 32*mib) + `"}`, wholeDecoders["settings"], ReasonTooLarge, 2 * mib},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := tt.decode(strings.NewReader(tt.body))
			runtime.ReadMemStats(&after)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || classify(err) != tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			allocated := after.TotalAlloc - before.TotalAlloc
			if allocated > tt.allocated {
				t.Errorf("%d bytes allocated, want at most %d", allocated, tt.allocated)
			}
		})
	}
}

func TestWebhooks_LimitsOfTheList(t *testing.T) {
	t.Parallel()
	names := func(n int) string { return `"` + numbered(n, "t%d") + `"` }
	for _, tt := range []struct {
		name, elements string
		want           Reason // empty when it is read
	}{
		{"10,000 webhooks", numbered(10_000, `{"id":%d}`), ""},
		{"10,001 webhooks", numbered(10_001, `{"id":%d}`), ReasonTooLarge},
		{"10,000 elements with skipped ones", `{"id":1}` + strings.Repeat(",0", 9_999), ""},
		{"10,001 elements with skipped ones", `{"id":1}` + strings.Repeat(",0", 10_000), ReasonTooLarge},
		{"50,000 pairs", numbered(10_000, `{"id":%d,"triggers":31}`), ""},
		{"50,001 pairs", `{"id":1,"triggers":63},` + numbered(9_999, `{"id":%d,"triggers":31}`), ReasonTooLarge},
		{"50,000 pairs by name", numbered(500, `{"id":%d,"triggers":`+names(100)+`}`), ""},
		{"10,000 webhooks with 1.6 KB of text each", numbered(10_000, `{"id":%d,"uri":"https://`+strings.Repeat("u", 1592)+`"}`), ""},
		{"10,000 webhooks with 1.7 KB of text each", numbered(10_000, `{"id":%d,"uri":"https://`+strings.Repeat("u", 1692)+`"}`), ReasonTooLarge},
		{"50,100 pairs by name", numbered(501, `{"id":%d,"triggers":`+names(100)+`}`), ReasonTooLarge},
		{"all triggers are one pair", numbered(782, `{"id":%d,"triggers":[0,-1]}`) + `,` + numbered(9_218, `{"id":%d,"triggers":0}`), ""},
		{"triggers that were not sent are one pair", numbered(9_999, `{"id":%d}`) + `,{"id":1,"triggers":` + names(256) + `}`, ""},
		{"elements without pairs left", numbered(1_000, `{"id":%d,"triggers":"*"}`) + `,` + numbered(9_000, `{"id":%d,"triggers":63}`), ReasonTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(`{"response":[` + tt.elements + `]}`))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || classify(err) != tt.want || list.Webhooks != nil) {
				t.Errorf("%d webhooks, error %v, want %q", len(list.Webhooks), err, tt.want)
			}
		})
	}
}

func TestLog_LimitOfThePage(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]bool{101: true, 1_000: true, 1_001: false} {
		for _, format := range []string{`{"id":1%d}`, `{"noid":%d}`} {
			page, err := decodeLog(strings.NewReader(`[{"id":1},`+numbered(rows-1, format)+`]`), LogQuery{Count: MaxLogPage})
			if want && (err != nil || page.Len() != rows) || !want && (err == nil || classify(err) != ReasonTooLarge) {
				t.Errorf("%d rows: %d of them, error %v", rows, page.Len(), err)
			}
		}
	}
}

func TestTriggers_LimitOfTheList(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]bool{256: true, 257: false} {
		for _, body := range []string{
			`[` + numbered(n, `{"name":"t%d","id":1}`) + `]`, `{` + numbered(n, `"t%d":1`) + `}`,
			`[{"name":"a","id":1}` + strings.Repeat(",0", n-1) + `]`, `{"a":1,` + numbered(n-1, `"t%d":true`) + `}`,
		} {
			list, err := decodeTriggers(strings.NewReader(body))
			if want && (err != nil || len(list.Triggers)+len(list.Skipped) != n) || !want && (err == nil || classify(err) != ReasonTooLarge) {
				t.Errorf("%.30s: %d triggers, error %v", body, len(list.Triggers), err)
			}
		}
	}
}

func TestTriggerSet_TheFirst256Count(t *testing.T) {
	t.Parallel()
	first := strings.Split(numbered(256, "t%d"), ",")
	for _, tt := range []struct {
		name, json string
		want       []string
		dropped    bool
	}{
		{"256 names", `"` + numbered(256, "t%d") + `"`, first, false},
		{"257 names", `"` + numbered(257, "t%d") + `"`, first, true},
		{"257 names in an array", `[` + numbered(257, `"t%d"`) + `]`, first, true},
		{"names in strings of an array", `["` + numbered(300, "t%d") + `","` + numbered(300, "t%d") + `"]`, first, true},
		{"one name 1,000 times", `"` + strings.Repeat("a,", 1_000) + `b"`, []string{"a", "b"}, false},
		{"names that come again at the limit", `"` + numbered(256, "t%d") + "," + numbered(256, "t%d") + `"`, first, false},
		{"a mask beyond the limit", `["` + numbered(256, "t%d") + `",1]`, first, true},
		{"bits up to the limit", `["` + numbered(254, "t%d") + `",7]`, append([]string{"bit_0", "bit_1"}, first[:254]...), true},
		{"bits that come again at the limit", `[1,"` + numbered(255, "t%d") + `",1]`, append([]string{"bit_0"}, first[:255]...), false},
		{"a star beyond the limit", `"` + numbered(300, "t%d") + `,*"`, []string{"*"}, false},
		{"a zero beyond the limit", `["` + numbered(300, "t%d") + `",0]`, []string{"*"}, false},
		{"1,024 times the same in an array", `[` + strings.Repeat("1,", 1_023) + `2]`, []string{"bit_0", "bit_1"}, false},
		{"more often in an array", `[` + strings.Repeat("1,", 1_024) + `2]`, []string{"bit_0"}, true},
		{"more often in a string", `"` + strings.Repeat("a,", 1_024) + `b"`, []string{"a"}, true},
		{"nothing beyond the limit", `["` + numbered(256, "t%d") + `",null,"",","]`, first, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeWebhooks(strings.NewReader(`[0,{"id":7,"triggers":` + tt.json + `}]`))
			if err != nil || len(list.Webhooks) != 1 {
				t.Fatalf("%d webhooks, error %v", len(list.Webhooks), err)
			}
			set := list.Webhooks[0].Triggers
			if got := set.Names(&TriggerNames{}); !slices.Equal(got, tt.want) {
				t.Errorf("%d names %q, want %d", len(got), got, len(tt.want))
			}
			if got := set.String(); got != strings.Join(tt.want, ",") {
				t.Errorf("spelt %q", got)
			}
			if events := set.Events(ReleasedTriggerNames()); len(events) > maxSetSize {
				t.Errorf("%d events", len(events))
			}
			shortened := fmt.Sprint(list.Shortened)
			if tt.dropped != (len(list.Shortened) == 1) || tt.dropped && shortened != "[element 1: only the first 256 triggers count]" {
				t.Errorf("shortened: %s, want one error: %t", shortened, tt.dropped)
			}
		})
	}
}

func TestNames_AreCut(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		strings.Repeat("x", 256):                  strings.Repeat("x", 256),
		strings.Repeat("x", 257):                  strings.Repeat("x", 256),
		strings.Repeat("é", 257):                  strings.Repeat("é", 256),
		strings.Repeat("🎉", 20_000):               strings.Repeat("🎉", 256),
		strings.Repeat("\xff", 257):               strings.Repeat("\uFFFD", 256),
		"x" + strings.Repeat("é", 128):            "x" + strings.Repeat("é", 128), // more bytes than 256, not characters
		strings.Repeat("x", 255) + "\u00e9" + "x": strings.Repeat("x", 255) + "é",
	} {
		for place, read := range map[string]func(string) string{
			"webhook": func(name string) string {
				return readWebhook(t, `"name":`+name).Name
			},
			"row": func(name string) string { return readRow(t, `"configName":`+name).ConfigName },
			"trigger of a webhook": func(name string) string {
				return readWebhook(t, `"triggers":`+name).Triggers.Names(&TriggerNames{})[0]
			},
			"trigger of a webhook in an array": func(name string) string {
				return readWebhook(t, `"triggers":[`+name+`]`).Triggers.Names(&TriggerNames{})[0]
			},
			"trigger in a list":    func(name string) string { return readTrigger(t, `[{"id":1,"name":`+name+`}]`).Name },
			"trigger in an object": func(name string) string { return readTrigger(t, `{`+name+`:1}`).Name },
			"version":              func(name string) string { return readSettings(t, `{"version":`+name+`}`).Version },
			"alias":                func(name string) string { return readSettings(t, `{"tenantAlias":`+name+`}`).Alias },
			"time zone":            func(name string) string { return readSettings(t, `{"timezone":`+name+`}`).TimeZone },
		} {
			if got := read(`"` + sent + `"`); got != want {
				t.Errorf("%s: %d characters of %.20q, want %d", place, utf8.RuneCountInString(got), got, utf8.RuneCountInString(want))
			}
		}
	}
}

func TestTextsOfAWebhook_AreCut(t *testing.T) {
	t.Parallel()
	for field, limit := range map[string]int{"uri": 4_096, "targetId": 256, "lastFailureContent": 1_024} {
		for sent, want := range map[string]string{
			strings.Repeat("x", limit):         strings.Repeat("x", limit),
			strings.Repeat("x", limit+1):       strings.Repeat("x", limit),
			"x" + strings.Repeat("é", limit):   "x" + strings.Repeat("é", limit/2-1), // a whole number of characters
			strings.Repeat("x", limit-1) + "é": strings.Repeat("x", limit-1),
		} {
			w := readWebhook(t, strconv.Quote(field)+`:"`+sent+`"`)
			got := map[string]string{"uri": w.URI, "targetId": w.TargetID, "lastFailureContent": w.LastFailureContent}[field]
			if got != want {
				t.Errorf("%s: %d bytes of %d, want %d", field, len(got), len(sent), len(want))
			}
		}
	}
}

func TestAttempts_AreBounded(t *testing.T) {
	t.Parallel()
	for sent, want := range map[int64]int{32_767: 32_767, 32_768: math.MaxInt16, math.MaxInt64: math.MaxInt16, -5: 1} {
		if got := readRow(t, fmt.Sprintf(`"requestHeaders":"{}","status":200,"attempts":%d`, sent)).Attempts; got != want {
			t.Errorf("%d attempts, want %d", got, want)
		}
	}
}

func readWebhook(t *testing.T, fields string) Webhook {
	t.Helper()
	list, err := decodeWebhooks(strings.NewReader(`[{"id":7,` + fields + `}]`))
	if err := errors.Join(append(list.Skipped, err)...); err != nil || len(list.Webhooks) != 1 {
		t.Fatalf("%d webhooks, error %v", len(list.Webhooks), err)
	}
	return list.Webhooks[0]
}

func readTrigger(t *testing.T, body string) Trigger {
	t.Helper()
	list, err := decodeTriggers(strings.NewReader(body))
	if err != nil || len(list.Triggers) != 1 {
		t.Fatalf("%d triggers, error %v", len(list.Triggers), err)
	}
	return list.Triggers[0]
}

func readSettings(t *testing.T, body string) Settings {
	t.Helper()
	s, err := decodeSettings(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
