package collector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// timeoutHeader is how long Prometheus waits for the scrape, in seconds.
const timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// maxTimeout is the maximum value of timeoutHeader that counts; higher values count as this one.
const maxTimeout = 2 * time.Minute

// Limits are the limits of scrapes.
type Limits struct {
	// Timeout is for scrapes without a timeout header.
	Timeout time.Duration
	// Offset is subtracted from the timeout header, so that the response arrives in time.
	Offset time.Duration
	// MaxRequests is the maximum number of scrapes in parallel; 0 is no limit.
	MaxRequests int
}

// timeoutOf returns the timeout of a scrape.
func (l Limits) timeoutOf(r *http.Request) (time.Duration, error) {
	header := r.Header.Get(timeoutHeader)
	if header == "" {
		return l.Timeout, nil
	}
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil || !(seconds > 0) || math.IsInf(seconds, 0) {
		return 0, fmt.Errorf("header %s: %q is no number of seconds", timeoutHeader, header)
	}
	timeout := time.Duration(min(seconds, maxTimeout.Seconds()) * float64(time.Second))
	if timeout > l.Offset {
		timeout -= l.Offset
	}
	return timeout, nil
}

// MetricsHandler serves the metrics of the exporter and of a portal, which it asks at each request. The
// portal is nil when there are several, which ProbeHandler serves.
func MetricsHandler(e *Exporter, p *Portal, l Limits, logger log.Logger) http.Handler {
	shared := newRenderer()
	scrape := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveScrape(w, r, scrapeOptions{limits: l, logger: logger, own: e.registry, portal: p, renderer: shared})
	})
	return e.instrument(LimitRequests(scrape, l.MaxRequests))
}

// scrapeOptions say what a scrape is of.
type scrapeOptions struct {
	limits   Limits
	logger   log.Logger
	own      prometheus.Gatherer // metrics of the exporter; nil for none
	portal   *Portal             // nil for none
	renderer *renderer
}

// serveScrape responds to one scrape. The series of the portal are made and written family by family.
func serveScrape(w http.ResponseWriter, r *http.Request, o scrapeOptions) {
	timeout, err := o.limits.timeoutOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	allowFor(w, timeout)
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	var s *snapshot
	if o.portal != nil {
		ready, release, err := o.renderer.acquire(ctx, o.portal, o.portal.snapshot(ctx))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		defer release()
		s = ready
		if s.isLarge() {
			endWith(ctx, w) // others may be waiting
		}
	}
	x := o.renderer.exposition(w, r)
	defer o.renderer.recycle(x)
	if err := o.write(x, s); err != nil {
		level.Warn(o.logger).Log("msg", "failed to serve all metrics", "err", err)
	}
}

// write writes the metrics of the exporter, and those of a snapshot if there is one.
func (o scrapeOptions) write(x *exposition, s *snapshot) error {
	var errGather error // what could be gathered is served
	if o.own != nil {
		var families []*dto.MetricFamily
		families, errGather = o.own.Gather()
		for _, f := range families {
			if err := x.write(f); err != nil {
				return errors.Join(errGather, err)
			}
		}
	}
	if s != nil {
		if err := o.renderer.render(x, o.portal, s); err != nil {
			return errors.Join(errGather, err)
		}
	}
	return errors.Join(errGather, x.end())
}
