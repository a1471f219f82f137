package collector

import "time"

// cached keeps an answer for a while. After a failure the last good answer stays at hand and the
// next scrape asks again.
type cached[T any] struct {
	ttl   time.Duration
	value T
	known bool
	until time.Time
}

// get returns the answer, which read fetches when it is due. What read tells not to keep is still
// returned, but asked for again the next time.
func (c *cached[T]) get(now time.Time, read func() (value T, keep bool, err error)) (value T, known bool, err error) {
	if c.good(now) {
		return c.value, true, nil
	}
	value, keep, err := read()
	if err != nil {
		return c.value, c.known, err
	}
	c.value, c.known = value, true
	c.until = now
	if keep {
		c.until = now.Add(c.ttl)
	}
	return value, true, nil
}

// good tells whether the answer at hand needs not be asked for again yet.
func (c *cached[T]) good(now time.Time) bool { return c.known && now.Before(c.until) }

// expire has the answer asked for again.
func (c *cached[T]) expire() { c.until = time.Time{} }
