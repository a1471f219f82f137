package simulator

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	typeJSON = "application/json; charset=utf-8"
	typeHTML = "text/html"
	typeText = "text/plain; charset=utf-8"
)

// traceID is in the answers of the web framework.
const traceID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"

// The front server compresses bodies from this size on, at this level.
const (
	gzipThreshold = 1000
	gzipLevel     = 4
)

// answer is a whole HTTP answer. Being a handler, it is a fault as well as a normal answer.
type answer struct {
	status      int
	contentType string // empty without a body
	body        string
	header      map[string]string // what only this answer has
}

// ServeHTTP sends the answer, compressed where the front server does it.
func (a answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache, no-store, no-transform")
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	if len(a.body) < gzipThreshold || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body)) // a client that went away is no concern of ours
		return
	}
	header.Set("Content-Encoding", "gzip")
	header.Set("Vary", "Accept-Encoding")
	w.WriteHeader(a.status)
	writeGzip(w, a.body)
}

func empty(status int) answer { return answer{status: status} }

// page is an error page of the front server, which keeps the status but says 500 in its title.
func page(status int) answer {
	const html = "<!DOCTYPE html>\n<html><head><title>500 Error Page</title></head><body>Something went wrong (%d %s).</body></html>\n"
	return answer{status: status, contentType: typeHTML, body: fmt.Sprintf(html, status, http.StatusText(status))}
}

// problem is what the web framework answers for a filter that stops a request.
func problem(status int) answer {
	body := mustJSON(struct {
		Type    string `json:"type"`
		Title   string `json:"title"`
		Status  int    `json:"status"`
		TraceID string `json:"traceId"`
	}{"https://tools.ietf.org/html/rfc9110", http.StatusText(status), status, traceID})
	return answer{status: status, contentType: "application/problem+json; charset=utf-8", body: body}
}

// accessDenied is the answer to a user who may not see webhooks: a .NET exception with its stack.
func accessDenied() answer {
	const frame = "   at ASC.Web.Api.Controllers.Settings.WebhooksController.Read() in /src/WebhooksController.cs:line 42\n"
	type exception struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Stack   string `json:"stack"`
		HResult int    `json:"hresult"`
	}
	body := mustJSON(struct {
		Error      exception `json:"error"`
		Status     int       `json:"status"`
		StatusCode int       `json:"statusCode"`
	}{
		exception{"Access denied", "System.Security.SecurityException", strings.Repeat(frame, 40), -2146233078},
		1, http.StatusForbidden,
	})
	return answer{status: http.StatusForbidden, contentType: typeJSON, body: body}
}

// unauthorized is what 3.1.1 responds to a request for the key without one.
func unauthorized() answer {
	const body = `{"error":{"message":"Unauthorized","type":null,"stack":null,"hresult":0},"status":1,"statusCode":401}`
	return answer{status: http.StatusUnauthorized, contentType: typeJSON, body: body}
}

func rateLimited(limit int, retryAfter string) answer {
	a := empty(http.StatusTooManyRequests)
	a.header = map[string]string{"X-RateLimit-Limit": strconv.Itoa(limit), "X-RateLimit-Remaining": "0"}
	if retryAfter != "" {
		a.header["Retry-After"] = retryAfter
	}
	return a
}

// mustJSON encodes a value that is of our own making, so that it always can be.
func mustJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// writeGzip sends text compressed. A client that went away is no concern of ours.
func writeGzip(w http.ResponseWriter, text string) {
	zw, err := gzip.NewWriterLevel(w, gzipLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = zw.Write([]byte(text))
	_ = zw.Close()
}
