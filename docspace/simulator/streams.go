package simulator

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// dripInterval is the time between two bytes of SlowDrip.
const dripInterval = 20 * time.Millisecond

// stream answers 200 with what write sends as JSON in an encoding, which is empty for none.
func stream(encoding string, write func(w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", typeJSON)
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		w.WriteHeader(http.StatusOK)
		write(w, r)
	})
}

// Truncated announces a longer body than the one that it sends before the connection ends.
func Truncated(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", typeJSON)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1000))
		_, _ = io.WriteString(w, body) // the server closes the connection when it sees the rest missing
	})
}

// SlowDrip sends JSON whitespace, a byte at a time, until the client is gone.
func SlowDrip() http.Handler {
	return stream("", func(w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(dripInterval)
		defer ticker.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-ticker.C:
			}
			if !writeAll(w, " ") || http.NewResponseController(w).Flush() != nil {
				return
			}
		}
	})
}

// Endless sends a list of webhooks that never ends.
func Endless() http.Handler {
	const element = `{"configs":{"id":1,"name":"endless","uri":"https://hooks.example/in","enabled":true,"ssl":true,"triggers":0},"status":0},`
	return stream("", func(w http.ResponseWriter, r *http.Request) {
		elements := strings.Repeat(element, 100)
		for ok := writeAll(w, `{"response":[`); ok && r.Context().Err() == nil; {
			ok = writeAll(w, elements)
		}
	})
}

// GzipBomb sends about a megabyte that becomes a gibibyte of JSON whitespace.
func GzipBomb() http.Handler {
	const mebibyte, members = 1 << 20, 1 << 10
	member := compressed(strings.Repeat(" ", mebibyte))
	return stream("gzip", func(w http.ResponseWriter, _ *http.Request) {
		for range members {
			if !writeAll(w, member) {
				return
			}
		}
	})
}

// BadGzip sends a body that is not compressed, although it says so.
func BadGzip() http.Handler {
	return stream("gzip", func(w http.ResponseWriter, _ *http.Request) { writeAll(w, `{"response":[],"count":1}`) })
}

// TruncatedGzip sends the first half of a compressed body, and ends it as if it were whole.
func TruncatedGzip() http.Handler {
	whole := compressed(`{"response":[{"configs":{"id":1,"name":"cut","uri":"https://hooks.example/in","enabled":true}}],"count":1}`)
	return stream("gzip", func(w http.ResponseWriter, _ *http.Request) { writeAll(w, whole[:len(whole)/2]) })
}

func compressed(text string) string {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	_, _ = io.WriteString(zw, text) // a bytes.Buffer takes everything
	_ = zw.Close()
	return buf.String()
}

// writeAll tells whether the client still takes what it is sent.
func writeAll(w io.Writer, text string) bool {
	_, err := io.WriteString(w, text)
	return err == nil
}
