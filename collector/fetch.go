package collector

import (
	"context"
	"errors"
	"time"
)

// settleTime is how long a scrape whose time is up waits for the shared fetch to end, so that what was
// read by then is served.
const settleTime = 100 * time.Millisecond

// fetch is one reading of the portal, shared by the scrapes that come while it lasts and that have as
// much time. It has the deadline of the scrape that began it, and is cancelled when the last one has left
// before that.
type fetch struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time // zero for none
	waiting  int
	done     chan struct{}
	// What follows is set once done is closed.
	snapshot *snapshot
	late     bool // the deadline ended it
}

var errClosed = errors.New("portal is no longer configured")

// snapshot returns what a fetch learns: a recent one, the one under way if it ends in time, or another.
func (p *Portal) snapshot(ctx context.Context) *snapshot {
	for {
		f, recent := p.join(ctx)
		if f == nil {
			return recent
		}
		s, late := f.wait(ctx)
		p.leave(f)
		if late && ctx.Err() == nil && f.endsBefore(ctx) {
			continue // this scrape has more time than the fetch had
		}
		return s
	}
}

// wait returns what the fetch learnt, and whether its time was too short. Whatever the fetch hangs in, it
// returns when the time of the fetch or of ctx is up.
func (f *fetch) wait(ctx context.Context) (s *snapshot, late bool) {
	select {
	case <-f.done:
		return f.snapshot, f.late
	case <-f.ctx.Done():
	case <-ctx.Done():
	}
	settled := time.NewTimer(settleTime)
	defer settled.Stop()
	select {
	case <-f.done:
		return f.snapshot, f.late
	case <-settled.C:
	}
	if err := ctx.Err(); err != nil {
		return unread(err), false
	}
	return unread(f.ctx.Err()), true
}

func (f *fetch) endsBefore(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || !f.deadline.IsZero() && f.deadline.Before(deadline)
}

// suits reports whether a scrape can wait for the fetch: it is not past its time, and ends within that of
// the scrape.
func (f *fetch) suits(ctx context.Context) bool {
	if f.ctx.Err() != nil {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || !f.deadline.IsZero() && !f.deadline.After(deadline.Add(settleTime/2)) // scrapes of one moment
}

// join returns the fetch to wait for, or, without one, the snapshot to use.
func (p *Portal) join(ctx context.Context) (*fetch, *snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return nil, unread(errClosed)
	case p.recent != nil && p.opts.Clock().Before(p.recentUntil):
		return nil, p.recent
	case p.current == nil || !p.current.suits(ctx):
		p.recent = nil // so that it is not held together with the next
		p.current = p.start(ctx)
	}
	p.current.waiting++
	return p.current, nil
}

// leave cancels the fetch when no scrape waits for it any more. At its deadline it ends without that: a
// fetch that was cancelled says nothing about the portal, one that is late does.
func (p *Portal) leave(f *fetch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.waiting--
	if f.waiting > 0 {
		return
	}
	if f.deadline.IsZero() || time.Now().Before(f.deadline) {
		f.cancel()
	}
	if p.current == f {
		p.current = nil
	}
}

// start begins a fetch that outlives the scrape it was started for, but not its deadline. It must be
// called with mu held.
func (p *Portal) start(ctx context.Context) *fetch {
	f := &fetch{done: make(chan struct{})}
	f.deadline, _ = ctx.Deadline()
	f.ctx, f.cancel = detach(ctx)
	p.running[f] = true
	reloads := p.reloads
	p.fetches.Go(func() {
		s := p.read(f.ctx)
		late := errors.Is(f.ctx.Err(), context.DeadlineExceeded)
		f.cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.running, f)
		if p.current == f {
			p.current = nil
		}
		if p.opts.Settings.MinInterval > 0 && reloads == p.reloads && s.complete() {
			p.recent, p.recentUntil = s, p.opts.Clock().Add(p.opts.Settings.MinInterval)
		}
		f.snapshot, f.late = s, late
		close(f.done)
	})
	return f
}

// read reads the portal. A panic costs this snapshot only.
func (p *Portal) read(ctx context.Context) (s *snapshot) {
	err := p.protect(func() error {
		s = p.fetch(ctx)
		return nil
	})
	if err != nil {
		return unread(err)
	}
	return s
}

// detach returns a context with the values and the deadline of ctx, but without its cancellation.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(detached, deadline)
	}
	return context.WithCancel(detached)
}

// reloaded has the next scrape read the portal again: it must not be served what was read with an earlier
// configuration.
func (p *Portal) reloaded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reloads++
	p.recent = nil
}

// hold keeps a snapshot for a scrape that waits to be rendered. All of them share the last one, because many
// would take much memory.
func (p *Portal) hold(s *snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = s
	p.holding++
}

// takeHeld returns what hold keeps for a scrape, which must be called once for each call of hold.
func (p *Portal) takeHeld() *snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.held
	p.holding--
	if p.holding == 0 {
		p.held = nil
	}
	return s
}
