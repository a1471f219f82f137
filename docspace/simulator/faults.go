package simulator

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
)

// Status answers with a status and an empty body.
func Status(code int) http.Handler { return empty(code) }

// BadGateway is the front server's HTML page for a backend that is down.
func BadGateway() http.Handler { return page(http.StatusBadGateway) }

// NotFoundPage is the front server's HTML page for a path that it does not know.
func NotFoundPage() http.Handler { return page(http.StatusNotFound) }

// PortalRefuses is the JSON error, with a long stack, for a user who may not see webhooks.
func PortalRefuses() http.Handler { return accessDenied() }

// RateLimited answers 429, with a Retry-After header unless that is empty: DocSpace sends none.
func RateLimited(retryAfter string) http.Handler { return rateLimited(1500, retryAfter) }

// Unavailable answers 503, with a Retry-After header unless that is empty.
func Unavailable(retryAfter string) http.Handler {
	a := page(http.StatusServiceUnavailable)
	if retryAfter != "" {
		a.header = map[string]string{"Retry-After": retryAfter}
	}
	return a
}

// Redirect answers 302 to a location.
func Redirect(location string) http.Handler {
	return answer{status: http.StatusFound, header: map[string]string{"Location": location}}
}

// Body answers 200 with anything.
func Body(contentType, body string) http.Handler {
	return answer{status: http.StatusOK, contentType: contentType, body: body}
}

// Hang never answers. It ends with the request's context, so that a server can be closed, and then
// aborts: the empty response of a handler that returns can overtake the client's own timeout.
func Hang() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// MultipleChoices responds with 300, a page and no location.
func MultipleChoices() http.Handler { return page(http.StatusMultipleChoices) }

// NotModified responds with 304, although no request is conditional.
func NotModified() http.Handler { return empty(http.StatusNotModified) }

// OversizedHeader responds with 200, an empty list and a header of 4 MiB.
func OversizedHeader() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const lines, size = 4 << 10, 1 << 10
		for range lines {
			w.Header().Add("X-Oversized", strings.Repeat("x", size))
		}
		Body(typeJSON, `{"response":[],"count":1}`).ServeHTTP(w, r)
	})
}

// SwitchingProtocols responds with 101 and leaves the connection open: to the client it has a body without
// an end. It ends with the connection. HTTP/2 has no such status; there the stream is aborted.
func SwitchingProtocols() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		if http.NewResponseController(w).Flush() == nil {
			<-r.Context().Done()
		}
	})
}

// Reset closes the connection with a TCP reset instead of an answer. Over HTTP/2 it aborts the
// stream, and the connection stays.
func Reset() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler) // neither HTTP/2 nor a recorder has a connection to hijack
		}
		inner := conn
		if t, ok := conn.(*tls.Conn); ok {
			inner = t.NetConn() // closing the outer one announces the end
		}
		if t, ok := inner.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // if that fails the connection is closed in the ordinary way, which is a fault as well
		}
		_ = inner.Close()
	})
}
