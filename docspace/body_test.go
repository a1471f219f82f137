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
