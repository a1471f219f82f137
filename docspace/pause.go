package docspace

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter is the maximum length of a pause.
const maxRetryAfter = 5 * time.Minute

// everyEndpoint stands for the whole portal.
const everyEndpoint Endpoint = ""

// pause is a portal's own demand, by Retry-After, to be left alone.
type pause struct {
	until  time.Time
	status int
}

// heedRetryAfter remembers the Retry-After of a 429 or 503, as seconds or a date. A limit is that of the key's user, so of the whole
// portal, while an optional endpoint can be served by another service than the rest.
func (c *Client) heedRetryAfter(e Endpoint, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
		return
	}
	now := c.cfg.Clock()
	wait, ok := retryAfter(resp.Header.Get("Retry-After"), now)
	if !ok {
		return
	}
	if resp.StatusCode == http.StatusTooManyRequests || !e.optional() {
		e = everyEndpoint
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pauses[e] = pause{until: now.Add(wait), status: resp.StatusCode}
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

// paused returns the pause that an endpoint is in.
func (c *Client) paused(e Endpoint) (p pause, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Clock()
	for _, scope := range []Endpoint{everyEndpoint, e} {
		if p = c.pauses[scope]; now.Before(p.until) {
			return p, true
		}
	}
	return pause{}, false
}
