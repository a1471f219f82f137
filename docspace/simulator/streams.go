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

// dripInterval is the time between two bytes of SlowDrip and RefusedDrip.
const dripInterval = 20 * time.Millisecond

// stream responds with what write sends as JSON in an encoding, which is empty for none.
func stream(status int, encoding string, write func(w http.ResponseWriter, r *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", typeJSON)
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		w.WriteHeader(status)
		write(w, r)
	})
}

// abortStream ends an HTTP/2 stream after what was written so far, and the handler with it. Over
// HTTP/1.1 it does nothing.
func abortStream(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 2 {
		return
	}
	_ = http.NewResponseController(w).Flush() // a client that has left gets nothing
	panic(http.ErrAbortHandler)
}

// Truncated announces a longer body than the one that it sends before the connection, or the stream
// of HTTP/2, breaks.
func Truncated(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", typeJSON)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1000))
		_, _ = io.WriteString(w, body)
		abortStream(w, r) // over HTTP/1.1 the server closes the connection when it sees the rest missing
	})
}

// SlowDrip responds with 200 and JSON white space, a byte at a time, until the client closes. The body
// never ends in an orderly way, which could overtake the client's own timeout.
func SlowDrip() http.Handler { return drip(http.StatusOK) }

// RefusedDrip responds with the status of an error and the body of SlowDrip.
func RefusedDrip(status int) http.Handler { return drip(status) }

func drip(status int) http.Handler {
	return stream(status, "", func(w http.ResponseWriter, r *http.Request) {
		ticker := time.NewTicker(dripInterval)
		defer ticker.Stop()
		for {
			select {
			case <-r.Context().Done():
				panic(http.ErrAbortHandler)
			case <-ticker.C:
			}
			if !writeAll(w, " ") || http.NewResponseController(w).Flush() != nil {
				panic(http.ErrAbortHandler)
			}
		}
	})
}

// Endless sends a list of webhooks that never ends. It aborts when the client closes.
func Endless() http.Handler {
	const element = `{"configs":{"id":1,"name":"endless","uri":"https://hooks.example/in","enabled":true,"ssl":true,"triggers":0},"status":0},`
	return stream(http.StatusOK, "", func(w http.ResponseWriter, r *http.Request) {
		elements := strings.Repeat(element, 100)
		for ok := writeAll(w, `{"response":[`); ok && r.Context().Err() == nil; {
			ok = writeAll(w, elements)
		}
		panic(http.ErrAbortHandler)
	})
}

// GzipBomb sends about a megabyte that becomes a gibibyte of JSON whitespace.
func GzipBomb() http.Handler {
	const mebibyte, members = 1 << 20, 1 << 10
	member := compressed(strings.Repeat(" ", mebibyte))
	return stream(http.StatusOK, "gzip", func(w http.ResponseWriter, _ *http.Request) {
		for range members {
			if !writeAll(w, member) {
				return
			}
		}
	})
}

// BadGzip sends a body that is not compressed, although it says so.
func BadGzip() http.Handler {
	return stream(http.StatusOK, "gzip", func(w http.ResponseWriter, _ *http.Request) { writeAll(w, `{"response":[],"count":1}`) })
}

// TruncatedGzip sends the first half of a compressed body, as if that were all of it.
func TruncatedGzip() http.Handler {
	whole := compressed(`{"response":[{"configs":{"id":1,"name":"cut","uri":"https://hooks.example/in","enabled":true}}],"count":1}`)
	return stream(http.StatusOK, "gzip", func(w http.ResponseWriter, _ *http.Request) { writeAll(w, whole[:len(whole)/2]) })
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
