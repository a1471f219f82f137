package collector

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
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
	scrape := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serveScrape(w, r, scrapeOptions{limits: l, logger: logger, collectors: func(ctx context.Context) []prometheus.Collector {
			if p == nil {
				return []prometheus.Collector{e.registry}
			}
			return []prometheus.Collector{e.registry, p.Collector(ctx)}
		}})
	})
	return e.instrument(LimitRequests(scrape, l.MaxRequests))
}

// scrapeOptions say what a scrape is of.
type scrapeOptions struct {
	limits Limits
	logger log.Logger
	// collectors are made for a scrape; ctx is done when its time is up.
	collectors func(ctx context.Context) []prometheus.Collector
}

// serveScrape answers one scrape.
func serveScrape(w http.ResponseWriter, r *http.Request, o scrapeOptions) {
	timeout, err := o.limits.timeoutOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	allowFor(w, timeout)
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(o.collectors(ctx)...)
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling:                       promhttp.ContinueOnError,
		ErrorLog:                            &scrapeLog{logger: o.logger},
		EnableOpenMetrics:                   true,
		EnableOpenMetricsTextCreatedSamples: true,
	}).ServeHTTP(w, r)
}

// scrapeLog logs the first thing that goes wrong with serving a scrape: when the scraper has gone, the
// library complains of every metric.
type scrapeLog struct {
	logger log.Logger
	once   sync.Once
}

// Println implements promhttp.Logger.
func (l *scrapeLog) Println(v ...any) {
	l.once.Do(func() {
		level.Warn(l.logger).Log("msg", "metrics were not served whole", "err", strings.TrimSpace(fmt.Sprintln(v...)))
	})
}
