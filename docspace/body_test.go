package docspace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func readBody(tb testing.TB, encoding, body string, limit int64) (string, error) {
	tb.Helper()
	resp := &http.Response{Header: http.Header{"Content-Encoding": {encoding}}, Body: io.NopCloser(strings.NewReader(body))}
	r, err := newBody(resp, limit)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(r)
	return string(got), err
}

func zip(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func TestBodyIsCappedAfterDecompression(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 1000)
	for encoding, body := range map[string]string{"": text, "identity": text, "gzip": zip(t, text), "GZip": zip(t, text)} {
		for _, limit := range []int64{10000, 10001, 1 << 40, math.MaxInt64} {
			if got, err := readBody(t, encoding, body, limit); err != nil || got != text {
				t.Errorf("%q, limit %d: %d bytes, error %v; want all", encoding, limit, len(got), err)
			}
		}
		for _, limit := range []int64{0, 1, 511, 512, 9999} {
			got, err := readBody(t, encoding, body, limit)
			if !errors.Is(err, errTooLarge) || int64(len(got)) > limit+1 {
				t.Errorf("%q, limit %d: %d bytes, error %v; want %v", encoding, limit, len(got), err, errTooLarge)
			}
		}
	}
}

func TestReadingOnPastTheLimitStaysAnError(t *testing.T) {
	t.Parallel()
	r := &cappedReader{r: iotest.OneByteReader(strings.NewReader("0123456789")), left: 3}
	if got, err := io.ReadAll(r); string(got) != "0123" || !errors.Is(err, errTooLarge) {
		t.Errorf("got %q, %v", got, err)
	}
	if n, err := r.Read(make([]byte, 8)); n != 0 || !errors.Is(err, errTooLarge) {
		t.Errorf("then %d bytes, %v; want none and %v", n, err, errTooLarge)
	}
}

func TestDamagedCompressionIsDecodeAndCutIsConnection(t *testing.T) {
	t.Parallel()
	good := zip(t, `{"response":[]}`)
	damaged := []byte(good)
	damaged[len(damaged)-8] ^= 0xFF // the checksum
	reserved := []byte(good)
	reserved[10] |= 0x06 // a block type that does not exist
	for _, tt := range []struct {
		name, body string
		want       Reason
	}{
		{"not compressed", `{"response":[], "count": 1}`, ReasonDecode},
		{"checksum", string(damaged), ReasonDecode},
		{"block type", string(reserved), ReasonDecode},
		{"cut in the header", good[:5], ReasonConnection},
		{"cut in the data", good[:len(good)-12], ReasonConnection},
		{"cut in the checksum", good[:len(good)-2], ReasonConnection},
		{"empty", "", ReasonConnection},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readBody(t, "gzip", tt.body, 1<<20)
			if err == nil || classify(err) != tt.want {
				t.Errorf("got %q, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestEncodingThatWasNotAskedForIsDecode(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"br", "deflate", "gzip, gzip", "hunter2"} {
		if _, err := readBody(t, encoding, "x", 10); err == nil || classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want one of decoding that quotes nothing", encoding, err)
		}
	}
}

func TestBody_MembersOfGzipAreCappedTogether(t *testing.T) {
	t.Parallel()
	members := zip(t, `{"response":`) + zip(t, ``) + zip(t, `[]}`)
	if got, err := readBody(t, "gzip", members, 1<<10); err != nil || got != `{"response":[]}` {
		t.Errorf("got %q, %v", got, err)
	}
	big := zip(t, strings.Repeat(" ", 1000))
	if got, err := readBody(t, "gzip", strings.Repeat(big, 20), 10_000); !errors.Is(err, errTooLarge) || len(got) > 10_001 {
		t.Errorf("got %d bytes, %v; want %v", len(got), err, errTooLarge)
	}
}

func TestBody_GarbageBehindGzipIsDecode(t *testing.T) {
	t.Parallel()
	for _, garbage := range []string{"hunter2 hunter2", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", `{"response":[]}`} {
		body, err := gzipBody(strings.NewReader(zip(t, `{"response":[]}`)+garbage), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeWebhooks(body); err == nil || classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v, want one of decoding that quotes nothing", garbage, err)
		}
	}
}

// gzipBody returns the body of a response that is compressed.
func gzipBody(body io.Reader, limit int64) (io.Reader, error) {
	return newBody(&http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(body)}, limit)
}

// Members without a byte in them could go on for ever, and so could the end of a body behind an error.
func TestBody_ReadingOfGzipEnds(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	for name, body := range map[string]*endlessBody{
		"members without content": {unit: zip(t, "")},
		"white space":             {unit: zip(t, strings.Repeat(" ", 1<<20))},
		"a list, then no JSON":    {head: zip(t, `{"response":[]}x`), unit: zip(t, " ")},
		"a header of zeroes":      {head: "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x00\xff\xff", unit: "\x00"},
	} {
		r, err := gzipBody(body, limit)
		if err == nil {
			_, err = decodeWebhooks(r)
		}
		if err == nil || body.read > limit+1 {
			t.Errorf("%s: error %v after %d bytes, want one after at most %d", name, err, body.read, limit)
		}
	}
}

func TestBody_EmptyGzipIsUnexpectedEOF(t *testing.T) {
	t.Parallel()
	if _, err := gzipBody(strings.NewReader(""), 1<<20); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want %v", err, io.ErrUnexpectedEOF)
	}
}
