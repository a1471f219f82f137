package docspace

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// retryTransport sends a request again, once and over a new connection, when a kept-alive connection broke before any byte of a
// response.
type retryTransport struct {
	next http.RoundTripper
	// http1 reports whether the last response came over HTTP/1.
	http1 atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (t *retryTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, broken, err := t.try(req)
	if broken {
		t.CloseIdleConnections() // the others are likely to be broken, too
		resp, _, err = t.try(req)
	}
	return resp, err
}

// try sends the request and reports whether it is one to send again.
func (t *retryTransport) try(req *http.Request) (resp *http.Response, broken bool, err error) {
	var reused, responded atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn:              func(c httptrace.GotConnInfo) { reused.Store(c.Reused) },
		GotFirstResponseByte: func() { responded.Store(true) },
	})
	resp, err = t.next.RoundTrip(t.unrepeatable(ctx, req))
	if err != nil {
		return nil, reused.Load() && !responded.Load() && req.Context().Err() == nil, err
	}
	t.http1.Store(resp.ProtoMajor == 1)
	return resp, false, nil
}

// unrepeatable returns the request in a form that net/http does not send again. Over HTTP/1 it would do so through every idle
// connection. A body that can't be rewound prevents that, and leaves no trace in the request if it is empty. Over HTTP/2 it would leave
// one, and there net/http only repeats what the server says it has not processed.
func (t *retryTransport) unrepeatable(ctx context.Context, req *http.Request) *http.Request {
	clone := req.WithContext(ctx)
	if t.http1.Load() {
		clone.Body, clone.GetBody = emptyBody{}, nil
	}
	return clone
}

// CloseIdleConnections closes the idle connections of the next transport.
func (t *retryTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// emptyBody is a body without a byte, which net/http does not recognise as http.NoBody.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
