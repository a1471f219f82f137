package docspace

import (
	"io"
	"sync"
)

// Budget bounds the bytes of all responses that are being decoded, over all clients that share it. No response waits for another:
// when they exceed the budget together, the one that holds the most is too large. A response alone is not bounded by it.
type Budget struct {
	mu   sync.Mutex
	left int64
	open map[*budgetReader]struct{}
}

// NewBudget returns a budget of so many bytes.
func NewBudget(size int64) *Budget { return &Budget{left: size, open: map[*budgetReader]struct{}{}} }

// reader returns a reader of a response whose bytes count until it is closed. abort must end a Read that is under way, and not wait for it.
func (b *Budget) reader(r io.Reader, abort func()) *budgetReader {
	br := &budgetReader{budget: b, r: r, abort: abort}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[br] = struct{}{}
	return br
}

// budgetReader fails with errTooLarge once its response has to give way.
type budgetReader struct {
	budget *Budget
	r      io.Reader
	abort  func()

	// Guarded by the budget.
	held    int64
	evicted bool
}

// Read implements io.Reader.
func (r *budgetReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if !r.budget.spend(r, int64(n)) {
		return 0, errOverBudget
	}
	return n, err
}

// close gives the bytes back.
func (r *budgetReader) close() {
	r.budget.mu.Lock()
	defer r.budget.mu.Unlock()
	r.budget.release(r)
}

// spend reports whether the response may go on.
func (b *Budget) spend(r *budgetReader, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.evicted {
		return false
	}
	r.held += n
	b.left -= n
	for b.left < 0 && len(b.open) > 1 {
		largest := b.largest()
		b.release(largest)
		largest.evicted = true
		if largest != r {
			largest.abort()
		}
	}
	return !r.evicted
}

func (b *Budget) release(r *budgetReader) {
	delete(b.open, r)
	b.left += r.held
	r.held = 0
}

func (b *Budget) largest() *budgetReader {
	var largest *budgetReader
	for r := range b.open {
		if largest == nil || r.held > largest.held {
			largest = r
		}
	}
	return largest
}
