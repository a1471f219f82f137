package docspace

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
)

// listDecoders are the decoders of lists, with their maximum size of a value.
var listDecoders = map[string]struct {
	limit  int
	decode func(io.Reader) error
}{
	"webhooks": {maxValue, func(r io.Reader) error { _, err := decodeWebhooks(r); return err }},
	"log":      {maxRow, func(r io.Reader) error { _, err := decodeLog(r, LogQuery{Count: MaxLogPage}); return err }},
}

// wholeDecoders are the decoders of responses that are held whole.
var wholeDecoders = map[string]func(io.Reader) error{
	"settings": func(r io.Reader) error { _, err := decodeSettings(r); return err },
	"triggers": func(r io.Reader) error { _, err := decodeTriggers(r); return err },
	"key":      func(r io.Reader) error { _, err := decodeKey(r); return err },
	"user":     func(r io.Reader) error { _, err := decodeUser(r); return err },
}

// hugeValues are JSON values of about so many bytes.
func hugeValues(size int) map[string]string {
	return map[string]string{
		"string":                     `"` + strings.Repeat("x", size) + `"`,
		"string of escapes":          `"` + strings.Repeat(`\"`, size/2) + `"`,
		"number":                     strings.Repeat("1", size),
		"array":                      "[" + strings.Repeat("1,", size/2) + "1]",
		"object":                     "{" + strings.Repeat(`"":1,`, size/5) + `"":1}`,
		"number after white space":   strings.Repeat(" ", size) + "1",
		"array of white space alone": "[" + strings.Repeat("\n", size) + "]",
	}
}

func TestListDecoder_RefusesHugeValues(t *testing.T) {
	t.Parallel()
	places := map[string]string{
		"unknown field before the list": `{"x":%s,"response":[{"id":1}]}`,
		"unknown field after the list":  `{"response":[{"id":1}],"x":%s}`,
		"unknown field of an element":   `{"response":[{"id":1,"x":%s}]}`,
		"known field of an element":     `{"response":[{"id":1,"trigger":%[1]s,"triggers":%[1]s}]}`,
		"element":                       `{"response":[{"id":1},%s]}`,
		"element of a bare list":        `[%s]`,
		"total":                         `{"total":%s,"response":[{"id":1}]}`,
		"the response":                  `{"response":%s}`,
	}
	for name, d := range listDecoders {
		for place, body := range places {
			for kind, value := range hugeValues(2 * d.limit) {
				if place == "the response" && kind != "string" { // anything else is no list, or an empty one
					continue
				}
				wantRefusedEarly(t, fmt.Sprintf("%s: %s as %s", name, kind, place), fmt.Sprintf(body, value), d.limit)
			}
		}
	}
}

func TestListDecoder_RefusesHugeKeysAndWhiteSpace(t *testing.T) {
	t.Parallel()
	for name, d := range listDecoders {
		key, space := `"`+strings.Repeat("k", 2*d.limit)+`"`, strings.Repeat(" ", 2*d.limit)
		for place, body := range map[string]string{
			"key of the envelope":           `{` + key + `:1,"response":[{"id":1}]}`,
			"key of an element":             `[{"id":1,` + key + `:1}]`,
			"the whole body, a string":      key,
			"the whole body, a number":      strings.Repeat("1", 2*d.limit),
			"before the body":               space + `[{"id":1}]`,
			"after the opening of a list":   `[` + space + `{"id":1}]`,
			"before a comma":                `[{"id":1}` + space + `,{"id":2}]`,
			"after a comma":                 `[{"id":1},` + space + `{"id":2}]`,
			"inside an element":             `[{` + space + `"id":1}]`,
			"before the end of a list":      `[{"id":1}` + space + `]`,
			"after a brace":                 `{` + space + `"response":[{"id":1}]}`,
			"before a colon":                `{"response"` + space + `:[{"id":1}]}`,
			"after a colon":                 `{"response":` + space + `[{"id":1}]}`,
			"before the end of an envelope": `{"response":[{"id":1}]` + space + `}`,
			"after the end":                 `{"response":[{"id":1}]}` + space,
		} {
			wantRefusedEarly(t, name+": "+place, body, d.limit)
		}
	}
}

// wantRefusedEarly checks that a decoder refuses a body, before it has read more of it than a value may have.
func wantRefusedEarly(t *testing.T, name, body string, limit int) {
	t.Helper()
	decoder, _, _ := strings.Cut(name, ":")
	r := strings.NewReader(body)
	if err := listDecoders[decoder].decode(r); !errors.Is(err, errTooLarge) || classify(err) != ReasonTooLarge {
		t.Errorf("%s: error %v, want %v", name, err, errTooLarge)
	}
	if read := len(body) - r.Len(); read > limit+100 {
		t.Errorf("%s: %d bytes were read, want at most %d", name, read, limit)
	}
}

func TestListDecoder_AcceptsValuesUpToTheLimit(t *testing.T) {
	t.Parallel()
	for name, d := range listDecoders {
		for kind, value := range hugeValues(d.limit - 200) {
			for _, body := range []string{`{"x":%s,"response":[{"id":1}]}`, `{"response":[{"id":1,"x":%s}]}`, `{"response":[{"id":1}],"x":%s}`} {
				if err := d.decode(strings.NewReader(fmt.Sprintf(body, value))); err != nil {
					t.Errorf("%s: %s in %s: %v", name, kind, body, err)
				}
			}
		}
		for extra, want := range map[int]bool{0: false, 1: true} {
			body := `[{"id":1}]` + strings.Repeat(" ", d.limit+extra)
			if err := d.decode(strings.NewReader(body)); errors.Is(err, errTooLarge) != want {
				t.Errorf("%s: %d bytes of white space more than the limit: error %v", name, extra, err)
			}
		}
	}
}

func TestListDecoder_AcceptsLargeLists(t *testing.T) {
	t.Parallel()
	element := `{"configs":{"id":1,"name":"crm","targetId":"` + strings.Repeat("x", 4<<10-60) + `"}}`
	list, err := decodeWebhooks(repeated(element, maxWebhooks))
	if err != nil || len(list.Webhooks) != maxWebhooks {
		t.Errorf("%d webhooks of %d bytes, %v; want %d", len(list.Webhooks), len(element), err, maxWebhooks)
	}
	row := `{"id":1,"requestPayload":"` + strings.Repeat("x", 1_200<<10) + `"}`
	const rows = 10
	page, err := decodeLog(repeated(row, rows), LogQuery{Count: MaxLogPage})
	if err != nil || len(page.Deliveries) != rows {
		t.Errorf("%d rows of %d bytes, %v; want %d", len(page.Deliveries), len(row), err, rows)
	}
}

// repeated returns a list of equal elements, which is never held whole.
func repeated(element string, n int) io.Reader {
	readers := []io.Reader{strings.NewReader(`{"response":[` + element)}
	for range n - 1 {
		readers = append(readers, strings.NewReader(","), strings.NewReader(element))
	}
	return io.MultiReader(append(readers, strings.NewReader(`],"count":1}`))...)
}

func TestWholeDecoders_RefuseLargeResponses(t *testing.T) {
	t.Parallel()
	for name, decode := range wholeDecoders {
		for kind, value := range hugeValues(2 * maxValue) {
			for _, body := range []string{`{"response":{"id":1,"x":%s}}`, `{"x":%s}`, `[%s]`, `%s`} {
				body = fmt.Sprintf(body, value)
				r := strings.NewReader(body)
				if err := decode(r); !errors.Is(err, errTooLarge) {
					t.Errorf("%s: %s in %.20s: error %v, want %v", name, kind, body, err, errTooLarge)
				}
				if read := len(body) - r.Len(); read > maxValue+1 {
					t.Errorf("%s: %s in %.20s: %d bytes were read, want at most %d", name, kind, body, read, maxValue)
				}
			}
		}
	}
}

// A run of white space is scanned from its beginning after each Read, which must not happen for each byte.
func TestValueReader_FillsItsBuffer(t *testing.T) {
	t.Parallel()
	body := strings.Repeat(" ", 5_000)
	dec := newDecoder(nil, maxValue)
	v := &valueReader{r: iotest.OneByteReader(strings.NewReader(body)), limit: maxValue, dec: dec}
	p := make([]byte, 4_000)
	if n, err := v.Read(p); n != len(p) || err != nil {
		t.Errorf("%d bytes, %v; want %d", n, err, len(p))
	}
	if n, err := v.Read(p); n != 1_000 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v; want the other 1000 and %v", n, err, io.EOF)
	}
}

func TestDecoders_ReturnEarlyEndsUnchanged(t *testing.T) {
	t.Parallel()
	decoders := maps.Clone(wholeDecoders)
	for name, d := range listDecoders {
		decoders[name] = d.decode
	}
	for name, decode := range decoders {
		for _, body := range []string{`{`, `[`, `{"response":[{"id":1,"triggers":[1`, `{"response":[{"id":1}]`, `{"resp`, `[{"id":1},`, `[{"id":1}`} {
			for end, r := range map[string]io.Reader{
				"end":         strings.NewReader(body),
				"broken body": io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)),
			} {
				if err := decode(r); err != io.ErrUnexpectedEOF { //nolint:errorlint // unchanged is what is wanted
					t.Errorf("%s: %s after %s: error %v, want %v", name, end, body, err, io.ErrUnexpectedEOF)
				}
			}
		}
	}
}
