package collector

import (
	"context"
	"errors"
	"time"
)

// settle is how long a scrape whose time is up waits for the shared fetch to wind up, so that what
// was read by then is served.
const settle = 100 * time.Millisecond

// flight is one fetch that every scrape of the same moment waits for. It has the deadline of the
// scrape that began it, and is cancelled when the last one has left before that.
type flight struct {
	cancel   context.CancelFunc
	deadline time.Time // zero for none
	waiting  int
	done     chan struct{}
	// What follows is set once done is closed.
	snapshot *snapshot
	late     bool // the deadline ended it
}

var errClosed = errors.New("portal is no longer configured")

// snapshot returns what a fetch learns: the one under way if there is one, and another if that one
// had less time than this scrape has, and needed more.
func (p *Portal) snapshot(ctx context.Context) *snapshot {
	for {
		f := p.join(ctx)
		if f == nil {
			return unread(errClosed)
		}
		select {
		case <-f.done:
			p.leave(f)
			if f.late && f.endsBefore(ctx) {
				continue
			}
			return f.snapshot
		case <-ctx.Done():
			p.leave(f)
		}
		select {
		case <-f.done:
			return f.snapshot
		case <-time.After(settle):
			return unread(ctx.Err())
		}
	}
}

func (f *flight) endsBefore(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || f.deadline.Before(deadline)
}

// join returns the flight to wait for, nil when the portal is closed.
func (p *Portal) join(ctx context.Context) *flight {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	if p.flight == nil {
		p.flight = p.launch(ctx)
	}
	p.flight.waiting++
	return p.flight
}

// leave cancels the flight when nobody waits for it any more. At its deadline it ends by itself: a
// fetch that was cancelled would say nothing of the portal, one that is late does.
func (p *Portal) leave(f *flight) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	if f.deadline.IsZero() || time.Now().Before(f.deadline) {
		f.cancel()
	}
	if p.flight == f {
		p.flight = nil
	}
}

// launch starts a fetch that outlives the scrape it was started for, but not its deadline.
func (p *Portal) launch(ctx context.Context) *flight {
	deadline, _ := ctx.Deadline()
	ctx, cancel := detach(ctx)
	f := &flight{cancel: cancel, deadline: deadline, done: make(chan struct{})}
	p.flights.Go(func() {
		defer close(f.done)
		defer cancel()
		f.snapshot = p.fetch(ctx)
		f.late = errors.Is(ctx.Err(), context.DeadlineExceeded)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.flight == f {
			p.flight = nil
		}
	})
	return f
}

// detach returns a context with the values and the deadline of ctx, but without its cancellation.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(detached, deadline)
	}
	return context.WithCancel(detached)
}
