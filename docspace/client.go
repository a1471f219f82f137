// Package docspace reads the health of webhooks from the API of an ONLYOFFICE DocSpace portal. It
// knows nothing of Prometheus.
package docspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Endpoint names one part of the API. The set is closed, so it is safe as a label.
type Endpoint string

// The endpoints that a Client reads.
const (
	EndpointSettings Endpoint = "settings" // GET settings
	EndpointWebhooks Endpoint = "webhooks" // GET settings/webhook
	EndpointTriggers Endpoint = "triggers" // GET settings/webhook/triggers
	EndpointLog      Endpoint = "log"      // GET settings/webhooks/log
	EndpointKey      Endpoint = "key"      // GET keys/@self
	EndpointUser     Endpoint = "user"     // GET people/@self
)

// Endpoints returns every Endpoint.
func Endpoints() []Endpoint {
	return []Endpoint{EndpointSettings, EndpointWebhooks, EndpointTriggers, EndpointLog, EndpointKey, EndpointUser}
}

const (
	idleConnTimeout = 5 * time.Minute // longer than a scrape interval: connections are kept from scrape to scrape
	maxRetryAfter   = 5 * time.Minute
	maxDrain        = 64 << 10 // bytes of a refused answer that are read to keep its connection
)

// Client reads one portal. It keeps its connections, it is safe for concurrent use and it never
// writes to the portal.
type Client struct {
	cfg  Config
	base *url.URL
	http *http.Client

	mu    sync.Mutex
	pause pause
}

// pause is a portal's own demand, by Retry-After, to be left alone.
type pause struct {
	until  time.Time
	status int
}

// NewClient returns a client for a portal. It does not connect yet.
func NewClient(v ValidConfig) (*Client, error) {
	if v.base == nil {
		return nil, errors.New("configuration was not validated")
	}
	hc, err := v.newHTTPClient()
	if err != nil {
		return nil, err
	}
	return &Client{cfg: v.cfg, base: v.base, http: hc}, nil
}

// Close drops the idle connections. Requests under way end by their context.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// answer is what get leaves behind of an HTTP answer whose body was decoded.
type answer struct {
	// clockOffset is the Date header minus our clock; nil without a readable Date.
	clockOffset *time.Duration
	refusal     Refusal // of a 403
}

// get asks for a path of the API and hands the body, decompressed and capped, to decode. Every
// error is an *Error.
func (c *Client) get(ctx context.Context, e Endpoint, path string, query url.Values, decode func(io.Reader) error) (answer, error) {
	if p, ok := c.paused(); ok {
		err := fmt.Errorf("HTTP %d: left alone until %s as the portal demanded", p.status, p.until.UTC().Format(time.RFC3339))
		return answer{}, &Error{Endpoint: e, Reason: statusReason(p.status), Status: p.status, Err: err}
	}
	start := c.cfg.Clock()
	status, a, err := c.roundTrip(ctx, path, query, decode)
	c.cfg.Observe(e, status, c.cfg.Clock().Sub(start))
	if err == nil {
		return a, nil
	}
	reason := classify(err)
	if status != 0 && status != http.StatusOK {
		reason = statusReason(status)
	}
	return answer{}, &Error{Endpoint: e, Reason: reason, Status: status, Refusal: a.refusal, Err: err}
}

// roundTrip sends one request. The status it returns is 0 when there was no answer.
func (c *Client) roundTrip(ctx context.Context, path string, query url.Values, decode func(io.Reader) error) (int, answer, error) {
	u := c.base.JoinPath("api/2.0", path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(c.retryAfresh(ctx), http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return 0, answer{}, withoutURL(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, answer{}, withoutURL(err)
	}
	defer resp.Body.Close() // its error loses nothing: the body was read or is given up
	if resp.StatusCode != http.StatusOK {
		c.heedRetryAfter(resp)
		refused := answer{refusal: readRefusal(resp)}
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain) // best effort, to keep the connection
		return resp.StatusCode, refused, statusError(resp)
	}
	a := answer{clockOffset: c.clockOffset(resp)}
	return resp.StatusCode, a, c.readBody(resp, decode)
}

// retryAfresh bounds what net/http does when a kept-alive connection breaks before any answer: it
// sends the request again, and so through every idle connection. With those closed it does so once,
// on a new one.
func (c *Client) retryAfresh(ctx context.Context) context.Context {
	var tries atomic.Int32
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) {
		if tries.Add(1) > 1 {
			c.http.CloseIdleConnections()
		}
	}})
}

func (c *Client) readBody(resp *http.Response, decode func(io.Reader) error) error {
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && t == "text/html" {
		return fmt.Errorf("%w: an HTML page, not JSON", errDecode)
	}
	body, err := newBody(resp, c.cfg.MaxResponseSize)
	if err != nil {
		return err
	}
	return decode(body)
}

// withoutURL drops the URL and the portal's own words from an error of net/http, and marks the causes
// that have no type.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	switch text := err.Error(); {
	case strings.HasPrefix(text, "failed to parse Location header"):
		return errLocation
	case strings.Contains(text, "authorization credentials") && isA[*os.PathError](err):
		return fmt.Errorf("%w: %w", errKey, err)
	case strings.HasPrefix(text, "net/http: invalid header field value"): // the key is the only one that is not ours
		return fmt.Errorf("%w: it is more than one line", errKey)
	default:
		return unquoted{err}
	}
}

// unquoted hides what an error quotes: of a malformed answer those are the portal's words.
type unquoted struct{ error }

// Error is the text up to the first quotation.
func (u unquoted) Error() string {
	text, _, _ := strings.Cut(u.error.Error(), `"`)
	return strings.TrimRight(text, " :(")
}

// Unwrap returns the error with its quotation, for its type.
func (u unquoted) Unwrap() error { return u.error }

// statusError describes an answer by its status alone: bodies can hold stack traces. Of a redirect
// it tells the host, which is what an operator has to look at.
func statusError(resp *http.Response) error {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	if loc, err := resp.Location(); err == nil && statusReason(resp.StatusCode) == ReasonRedirect {
		text += fmt.Sprintf(" to %s://%s", loc.Scheme, loc.Host)
	}
	return errors.New(text)
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

// heedRetryAfter remembers the Retry-After of a 429 or 503, as seconds or a date.
func (c *Client) heedRetryAfter(resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	now := c.cfg.Clock()
	wait, ok := retryAfter(resp.Header.Get("Retry-After"), now)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause = pause{until: now.Add(wait), status: resp.StatusCode}
}

func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		seconds = min(seconds, uint64(maxRetryAfter/time.Second))
		return time.Duration(seconds) * time.Second, seconds > 0
	}
	date, err := http.ParseTime(value)
	if err != nil || !date.After(now) {
		return 0, false
	}
	return min(date.Sub(now), maxRetryAfter), true
}

func (c *Client) paused() (pause, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pause, c.cfg.Clock().Before(c.pause.until)
}
