package docspace

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// maxTries is how often net/http may send a request without a response: over HTTP/2 it goes on as long as the server says that it has
// not processed the request.
const maxTries = 2

var errNeverProcessed = errors.New("the server ends each connection or stream before it processes the request")

// do sends a request and reports whether it may be sent again: a kept-alive connection broke before any byte of a response. stop must
// end the request.
func (c *connections) do(req *http.Request, stop context.CancelFunc) (resp *http.Response, broken bool, err error) {
	var kept, responded atomic.Bool
	var tries atomic.Int32 // since the last response
	start := time.Now()
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if tries.Add(1) > maxTries {
				stop()
			}
			kept.Store(info.Reused || dialedBefore(info.Conn, start))
		},
		GotFirstResponseByte: func() {
			tries.Store(0)
			responded.Store(true)
		},
	})
	resp, err = c.client.Do(req.WithContext(ctx))
	switch {
	case err != nil && tries.Load() > maxTries:
		return nil, false, errNeverProcessed
	case err == nil || ctx.Err() != nil:
		return resp, false, err
	default:
		return nil, kept.Load() && !responded.Load() || tries.Load() == 0 && isWriteError(err), err
	}
}

// isWriteError reports whether a connection broke when it was written to. Without a connection for the request that is one which
// net/http dialed for an earlier request, and that can't begin to speak HTTP/2.
func isWriteError(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "write"
}

// dialedBefore reports whether a connection is older than a request. net/http dials more than it needs at times and keeps the rest, which
// it does not call reused.
func dialedBefore(conn net.Conn, start time.Time) bool {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, ok := conn.(*connection)
	return ok && c.dialed.Before(start)
}

// onceTransport sends each request once. Over HTTP/1 net/http would send it again through every idle connection that breaks. A body
// that can't be rewound prevents that, and leaves no trace in the request if it is empty. Over HTTP/2 it would leave one, and there
// net/http only repeats what the server says it has not processed.
type onceTransport struct {
	next http.RoundTripper
	// http1 reports whether the last response came over HTTP/1.
	http1 atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (t *onceTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.http1.Load() {
		req = req.WithContext(req.Context()) // a copy
		req.Body, req.GetBody = emptyBody{}, nil
	}
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		t.http1.Store(resp.ProtoMajor == 1)
	}
	return resp, err
}

// CloseIdleConnections closes the idle connections of the next transport.
func (t *onceTransport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// emptyBody is a body without a byte, which net/http does not recognise as http.NoBody.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
