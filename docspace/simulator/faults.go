package simulator

import (
	"crypto/tls"
	"net"
	"net/http"
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

// Hang never answers. It ends with the request's context, so that a server can be closed.
func Hang() http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
}

// Reset closes the connection with a TCP reset instead of an answer.
func Reset() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler) // HTTP/2 and recorders have no connection to give away
		}
		inner := conn
		if t, ok := conn.(*tls.Conn); ok {
			inner = t.NetConn()
		}
		if t, ok := inner.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // if that fails the connection is closed in the ordinary way, which is a fault as well
		}
		_ = conn.Close()
	})
}
