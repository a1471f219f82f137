package collector

import (
	"context"
	"errors"

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

// renderLimit bounds the memory of large scrapes. Small ones never wait.
type renderLimit struct{ series *semaphore.Weighted }

func newRenderLimit() renderLimit {
	return renderLimit{series: semaphore.NewWeighted(maxLargeSeries)}
}

// acquire waits until a scrape of about as many series may be rendered, and returns what must be called when
// its response is written.
func (l renderLimit) acquire(ctx context.Context, series int) (release func(), err error) {
	if series <= largeScrape {
		return func() {}, nil
	}
	weight := int64(min(series, maxLargeSeries))
	if !l.series.TryAcquire(weight) && l.series.Acquire(ctx, weight) != nil {
		return nil, errRenderWait
	}
	return func() { l.series.Release(weight) }, nil
}
