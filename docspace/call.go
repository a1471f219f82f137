package docspace

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	// maxCalls is how many calls of one client may be under way. It bounds what calls cost that hang for ever.
	maxCalls = 64
	// settleTime is how long a call may take to report why its time was up.
	settleTime = 50 * time.Millisecond
	// closeTime is how long Close waits for calls.
	closeTime = 2 * time.Second
)

// calls runs what may hang.
type calls struct {
	slots   chan struct{}
	running sync.WaitGroup
}

func newCalls() *calls { return &calls{slots: make(chan struct{}, maxCalls)} }

// result is what a call came to.
type result[T any] struct {
	value    T
	panicked *Panic
}

// Panic is the value with which a method of Client panics when the code below it did, in a goroutine of its own.
type Panic struct {
	Value any
	Stack []byte
}

// String returns the value and the stack.
func (p *Panic) String() string { return fmt.Sprintf("%v\n%s", p.Value, p.Stack) }

// do runs f in a goroutine of its own and returns its value. When ctx is done and f is not, whatever it hangs in, do returns the error
// of ctx.
func do[T any](ctx context.Context, c *calls, f func() T) (value T, err error) {
	if err := c.begin(ctx); err != nil {
		return value, err
	}
	done := make(chan result[T], 1)
	c.running.Go(func() {
		defer func() { <-c.slots }()
		done <- protect(f)
	})
	select {
	case r := <-done:
		return r.unwrap(), nil
	case <-ctx.Done():
	}
	settled := time.NewTimer(settleTime)
	defer settled.Stop()
	select {
	case r := <-done:
		return r.unwrap(), nil
	case <-settled.C:
		return value, ctx.Err()
	}
}

// begin waits until fewer than maxCalls are under way.
func (c *calls) begin(ctx context.Context) error {
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d earlier requests still hang: %w", maxCalls, ctx.Err())
	}
}

func protect[T any](f func() T) (r result[T]) {
	defer func() {
		if v := recover(); v != nil {
			r.panicked = &Panic{Value: v, Stack: debug.Stack()}
		}
	}()
	r.value = f()
	return r
}

// unwrap returns the value, or panics as f did.
func (r result[T]) unwrap() T {
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.value
}

// wait waits for the calls under way, for a while.
func (c *calls) wait() {
	done := make(chan struct{})
	go func() {
		c.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
