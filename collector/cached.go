package collector

import (
	"sync"
	"time"
)

// cached keeps a response for a while. After a failure the last good one is still returned and the next
// scrape requests again. It is safe for concurrent use.
type cached[T any] struct {
	ttl time.Duration
	// outlives is how long after the end of its time to live a value is still returned while requests fail; 0 for ever.
	outlives time.Duration

	mu    sync.Mutex
	value T
	known bool
	read  time.Time // when the value was
	until time.Time // no request before
}

// get returns the value, which read requests when it is due. A value that read says not to keep is
// returned all the same, but requested again the next time.
func (c *cached[T]) get(now time.Time, read func() (value T, keep bool, err error)) (value T, known bool, err error) {
	if value, fresh := c.fresh(now); fresh {
		return value, true, nil
	}
	value, keep, err := read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if c.known && c.outlives > 0 && now.After(c.read.Add(c.ttl+c.outlives)) {
			var none T
			c.value, c.known = none, false
		}
		return c.value, c.known, err
	}
	c.value, c.known, c.read, c.until = value, true, now, now
	if keep {
		c.until = now.Add(c.ttl)
	}
	return value, true, nil
}

// put replaces the value by one that is good for its time to live.
func (c *cached[T]) put(now time.Time, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value, c.known, c.read, c.until = value, true, now, now.Add(c.ttl)
}

// fresh returns the value if it needs no request yet.
func (c *cached[T]) fresh(now time.Time) (value T, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, c.known && now.Before(c.until)
}

// forget drops the value.
func (c *cached[T]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var none T
	c.value, c.known, c.until = none, false, time.Time{}
}

// expire has the value requested again.
func (c *cached[T]) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
}
