package collector

import (
	"compress/gzip"
	"context"
	"errors"
	"sync"

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
	compressors sync.Pool // of *gzip.Writer
	emitters    sync.Pool // of *emitter
}

func newRenderer() *renderer {
	return &renderer{
		series: semaphore.NewWeighted(maxLargeSeries),
		compressors: sync.Pool{New: func() any {
			// The other levels take four times as long and save a quarter of the size.
			compressor, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
			return compressor
		}},
		emitters: sync.Pool{New: func() any { return &emitter{} }},
	}
}

// acquire waits until a scrape of about as many series may be rendered, and returns what must be called when
// its response is written. Small scrapes do not wait.
func (r *renderer) acquire(ctx context.Context, series int) (release func(), err error) {
	if series <= largeScrape {
		return func() {}, nil
	}
	weight := int64(min(series, maxLargeSeries))
	if !r.series.TryAcquire(weight) && r.series.Acquire(ctx, weight) != nil {
		return nil, errRenderWait
	}
	return func() { r.series.Release(weight) }, nil
}

// render writes the series of a snapshot.
func (r *renderer) render(x *exposition, p *Portal, s *snapshot) error {
	out := r.emitters.Get().(*emitter)
	out.emit = x.writeSeries
	p.emit(s, out)
	err := out.err
	out.reset()
	r.emitters.Put(out)
	return err
}
