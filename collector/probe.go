package collector

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
)

// ProbeHandler serves the metrics of the portal that the parameter target names, which it asks at
// each request. No other host can be reached through it. Scrapes that don't say how long they may take
// have the timeout of the portal; offset is as in Timeouts.
func ProbeHandler(p *Portals, offset time.Duration, logger log.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := targetParameter(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		m := p.acquire(target)
		if m == nil {
			http.Error(w, "target is neither the name nor the URL of a configured portal", http.StatusNotFound)
			return
		}
		defer m.scrapes.Done()
		timeouts := Timeouts{Default: m.Settings.Timeout, Offset: offset}
		serveScrape(w, r, scrapeOptions{timeouts: timeouts, logger: log.With(logger, "portal", m.Name), collectors: func(ctx context.Context) []prometheus.Collector {
			return []prometheus.Collector{m.portal.Collector(ctx)}
		}})
	})
}

var errTarget = errors.New("give one parameter target: the name or the URL of a configured portal")

func targetParameter(r *http.Request) (string, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query["target"]) != 1 || query.Get("target") == "" {
		return "", errTarget
	}
	return query.Get("target"), nil
}
