package collector

import (
	"context"
	"errors"
	"sync"
	"time"
)

// turn is held by one fetch at a time. A fetch that has less time takes it from one that has more, so that
// a patient scrape does not hold the others up.
type turn struct {
	mu     sync.Mutex
	holder *holder // nil while no fetch has the turn
}

// holder is a fetch that has the turn.
type holder struct {
	turn     *turn
	ctx      context.Context // ends when the turn has to be given back
	yield    context.CancelCauseFunc
	deadline time.Time // zero for none
	done     chan struct{}
}

// errYielded is why a fetch lost its turn.
var errYielded = errors.New("a scrape with less time goes first")

// take waits for the turn, which the holder must give back when held is done at the latest.
func (t *turn) take(ctx context.Context) (held context.Context, h *holder, err error) {
	for {
		h, other := t.claim(ctx)
		if h != nil {
			return h.ctx, h, nil
		}
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// claim returns the turn's new holder if it is free, and else the one that it has, who yields to less time.
func (t *turn) claim(ctx context.Context) (h, other *holder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	deadline, _ := ctx.Deadline()
	if other = t.holder; other != nil {
		if !deadline.IsZero() && (other.deadline.IsZero() || deadline.Before(other.deadline)) {
			other.yield(errYielded)
		}
		return nil, other
	}
	h = &holder{turn: t, deadline: deadline, done: make(chan struct{})}
	h.ctx, h.yield = context.WithCancelCause(ctx)
	t.holder = h
	return h, nil
}

// hasYielded reports whether the turn was taken away.
func (h *holder) hasYielded() bool { return errors.Is(context.Cause(h.ctx), errYielded) }

func (h *holder) giveBack() {
	h.yield(nil)
	h.turn.mu.Lock()
	defer h.turn.mu.Unlock()
	h.turn.holder = nil
	close(h.done)
}
