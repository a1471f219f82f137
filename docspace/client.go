// Package docspace reads the health of webhooks from the API of an ONLYOFFICE DocSpace portal. It
// knows nothing of Prometheus.
package docspace

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	maxDrain  = 16 << 10               // bytes of a refusal that are read, to keep its connection
	drainTime = 250 * time.Millisecond // in which they must arrive
)

// Client reads one portal. It keeps its connections, it is safe for concurrent use and it never
// writes to the portal. Its methods return when their context is done, whatever they hang in.
type Client struct {
	cfg   Config
	base  *url.URL
	pool  *pool
	calls *calls

	mu          sync.Mutex
	pauses      map[Endpoint]pause // of one endpoint, or of the whole portal: everyEndpoint
	credential  [sha256.Size]byte  // of the last request; zero without a key
	certificate time.Time
}

// NewClient returns a client for a portal. It does not connect yet.
func NewClient(v ValidConfig) (*Client, error) {
	if v.base == nil {
		return nil, errors.New("configuration was not validated")
	}
	c := &Client{cfg: v.cfg.withDefaults(), base: v.base, pool: &pool{build: v.newHTTPClient}, calls: newCalls(), pauses: map[Endpoint]pause{}}
	conns, err := c.pool.acquire() // so that a certificate that can't be read is reported now
	if err != nil {
		return nil, err
	}
	conns.release()
	return c, nil
}

// Close closes the connections and waits, for a while, for the requests under way, which fail.
func (c *Client) Close() {
	c.pool.close()
	c.calls.wait()
}

// Credential identifies the key that the last request was sent with. It is the zero value before the first one and without a key.
func (c *Client) Credential() [sha256.Size]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.credential
}

// CertificateExpiry returns when the certificate ends that the portal last presented, be it trusted or not. It is zero without TLS.
func (c *Client) CertificateExpiry() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.certificate
}

// request is a request for a path of the API.
type request struct {
	endpoint Endpoint
	path     string
	query    url.Values
}

// answer is what is known of an HTTP response.
type answer struct {
	status int // 0 without a response
	// clockOffset is the Date header minus our clock; nil without a readable Date.
	clockOffset *time.Duration
	refusal     Refusal // of a 403
	err         error
}

// get sends a request and returns what decode makes of its body, decompressed and capped. Every error is an *Error.
func get[T any](ctx context.Context, c *Client, r request, decode func(io.Reader) (T, error)) (T, answer, error) {
	var none T
	if p, ok := c.paused(r.endpoint); ok {
		err := fmt.Errorf("HTTP %d: not requested again until %s (Retry-After)", p.status, p.until.UTC().Format(time.RFC3339))
		return none, answer{}, &Error{Endpoint: r.endpoint, Reason: statusReason(p.status), Status: p.status, Err: err}
	}
	type outcome struct {
		value  T
		answer answer
	}
	start, generation := c.cfg.Clock(), c.pool.generation()
	out, err := do(ctx, c.calls, func() (o outcome) {
		o.answer = c.roundTrip(ctx, r, func(body io.Reader) (err error) {
			o.value, err = decode(body)
			return err
		})
		return o
	})
	err = cmp.Or(err, out.answer.err)
	c.cfg.Observe(r.endpoint, out.answer.status, c.cfg.Clock().Sub(start))
	if err == nil {
		return out.value, out.answer, nil
	}
	reason := classify(err)
	if reason == ReasonTimeout && !r.endpoint.optional() && !errors.Is(ctx.Err(), context.Canceled) {
		c.pool.drop(generation)
	}
	if out.answer.status != 0 && out.answer.status != http.StatusOK {
		reason = statusReason(out.answer.status)
	}
	return none, out.answer, &Error{Endpoint: r.endpoint, Reason: reason, Status: out.answer.status, Refusal: out.answer.refusal, Err: err}
}

// roundTrip sends one request and hands the body to decode.
func (c *Client) roundTrip(ctx context.Context, r request, decode func(io.Reader) error) answer {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := c.newRequest(inner, r)
	if err != nil {
		return answer{err: err}
	}
	resp, conns, err := c.send(req, cancel)
	if conns != nil {
		defer conns.release()
	}
	if err != nil {
		c.noteUntrusted(err)
		return answer{err: withoutURL(err)}
	}
	whole := &wholeBody{ReadCloser: resp.Body, ctx: ctx}
	resp.Body = whole
	defer resp.Body.Close()                                        // its error loses nothing: the body was read or is given up
	stop := context.AfterFunc(inner, func() { _ = whole.Close() }) // a 101 has a body that no context ends
	defer stop()
	c.noteCertificate(resp)
	if resp.StatusCode != http.StatusOK {
		c.heedRetryAfter(r.endpoint, resp)
		return answer{status: resp.StatusCode, refusal: readRefusal(resp, cancel), err: statusError(resp)}
	}
	err = withoutQuotation(c.readBody(resp, cancel, decode))
	if errors.Is(err, io.ErrUnexpectedEOF) && whole.arrivedWhole(resp) {
		err = fmt.Errorf("%w: it ends too early", errDecode)
	}
	return answer{status: resp.StatusCode, clockOffset: c.clockOffset(resp), err: err}
}

// send sends a request, and again over new connections when a kept-alive one was broken. The connections that it returns are in use
// until they are released; they are nil if there are none.
func (c *Client) send(req *http.Request, stop context.CancelFunc) (*http.Response, *connections, error) {
	conns, err := c.pool.acquire()
	if err != nil {
		return nil, nil, err
	}
	resp, broken, err := conns.do(req, stop)
	if !broken {
		return resp, conns, err
	}
	conns.release()
	c.pool.drop(conns.generation)
	if conns, err = c.pool.acquire(); err != nil {
		return nil, nil, err
	}
	resp, _, err = conns.do(req, stop)
	return resp, conns, err
}

// newRequest returns a request with the key, unless that can't be read.
func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	if err := checkRegularFiles(c.cfg.HTTPClientConfig); err != nil {
		return nil, err
	}
	authorization, err := c.cfg.authorization()
	if err != nil {
		return nil, err
	}
	u := c.base.JoinPath("api/2.0", r.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
		c.noteCredential(authorization)
	}
	return req, nil
}

func (c *Client) noteCredential(authorization string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.credential = sha256.Sum256([]byte(authorization))
}

func (c *Client) noteCertificate(resp *http.Response) {
	if resp.TLS == nil || len(resp.TLS.PeerCertificates) == 0 {
		return
	}
	c.setCertificate(resp.TLS.PeerCertificates[0])
}

// noteUntrusted notes the certificate for which a handshake failed.
func (c *Client) noteUntrusted(err error) {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(e.UnverifiedCertificates) > 0 {
		c.setCertificate(e.UnverifiedCertificates[0])
	}
}

func (c *Client) setCertificate(cert *x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.certificate = cert.NotAfter
}

// readBody hands the body to decode. stop must end a read of it.
func (c *Client) readBody(resp *http.Response, stop context.CancelFunc, decode func(io.Reader) error) error {
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && t == "text/html" {
		return fmt.Errorf("%w: an HTML page, not JSON", errDecode)
	}
	body, err := newBody(resp, c.cfg.MaxResponseSize)
	if err == nil {
		counted := c.cfg.Budget.reader(body, stop)
		err = decode(counted)
		counted.close()
	}
	return err
}

// wholeBody notes whether a body was read to its end.
type wholeBody struct {
	io.ReadCloser
	ctx   context.Context // which closes the body when it is done
	ended bool
}

// Read implements io.Reader.
func (w *wholeBody) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.ended = w.ended || errors.Is(err, io.EOF)
	if err != nil && !w.ended && w.ctx.Err() != nil {
		return n, w.ctx.Err() // else it would look like a connection that broke
	}
	return n, err
}

// arrivedWhole reports whether a response was read to the end that it announced. Where only the end of the connection marks it, it may
// be cut all the same.
func (w *wholeBody) arrivedWhole(resp *http.Response) bool {
	return w.ended && (resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0 || resp.ProtoMajor > 1)
}

// clockOffset compares the Date header, of whole seconds, with our clock.
func (c *Client) clockOffset(resp *http.Response) *time.Duration {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return nil
	}
	offset := date.Sub(c.cfg.Clock())
	return &offset
}
