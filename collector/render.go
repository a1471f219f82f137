package collector

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

const (
	// largeScrape is the number of series above which a scrape counts as large.
	largeScrape = 20_000
	// maxLargeSeries is how many series the large scrapes that are rendered at the same time may have. It is
	// more than the largest list of webhooks has.
	maxLargeSeries = 600_000
)

var errRenderWait = errors.New("timed out waiting for other large scrapes to end")

// renderer holds what scrapes share: a bound on the memory of large ones, and memory that is used again.
type renderer struct {
	series      *semaphore.Weighted
	compressors sync.Pool               // of *gzip.Writer
	waiting     atomic.Int32            // number of large scrapes
	spare       atomic.Pointer[emitter] // of a large scrape that has ended while others wait; may be nil
}

func newRenderer() *renderer {
	return &renderer{series: semaphore.NewWeighted(maxLargeSeries)}
}

// compressor returns a writer that is to be put back.
func (r *renderer) compressor(w io.Writer) *gzip.Writer {
	compressor, ok := r.compressors.Get().(*gzip.Writer)
	if !ok {
		// The default level takes four times as long and saves a fifth of the size.
		compressor, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	compressor.Reset(w)
	return compressor
}

// acquire waits until the snapshot may be rendered, and returns the one to render, which is a newer one if
// another scrape read it meanwhile, and what must be called once the response is written. Small snapshots do
// not wait.
func (r *renderer) acquire(ctx context.Context, p *Portal, s *snapshot) (ready *snapshot, release func(), err error) {
	if !s.isLarge() {
		return s, func() {}, nil
	}
	weight := int64(min(s.series(), maxLargeSeries))
	if !r.series.TryAcquire(weight) {
		p.hold(s)
		r.waiting.Add(1)
		defer r.waiting.Add(-1)
		ended := r.series.Acquire(ctx, weight) != nil
		s = p.takeHeld()
		if ended {
			return nil, nil, errRenderWait
		}
	}
	return s, func() { r.series.Release(weight) }, nil
}

// render writes the series of a snapshot.
func (r *renderer) render(x *exposition, p *Portal, s *snapshot) error {
	out := &emitter{}
	if s.isLarge() {
		if spare := r.spare.Swap(nil); spare != nil {
			out = spare
		}
	}
	out.emit = x.writeSeries
	p.emit(s, out)
	err := out.err
	if s.isLarge() && r.waiting.Load() > 0 {
		out.reset()
		r.spare.Store(out)
	}
	return err
}

// series returns about how many series the snapshot has.
func (s *snapshot) series() int {
	const perWebhook, perTrigger = 25, 5
	n := perWebhook * len(s.labelled)
	for i := range s.labelled {
		n += perTrigger * len(s.labelled[i].triggers)
	}
	return n
}

func (s *snapshot) isLarge() bool { return s.series() > largeScrape }
