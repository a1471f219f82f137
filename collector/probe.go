package collector

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-kit/log"
)

// ProbeHandler serves the metrics of the portal that the parameter target names, which it asks at
// each request. No other host can be reached through it. The limits are those of each portal, so that
// one that hangs does not block the others; the timeout of the portal replaces theirs.
func ProbeHandler(p *Portals, l Limits, logger log.Logger) http.Handler {
	requests := newInFlight(l.MaxRequests)
	shared := newRenderer()
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
		limits := l
		limits.Timeout = m.Settings.Timeout
		requests.serve(w, m.Name, func() {
			serveScrape(w, r, scrapeOptions{limits: limits, logger: log.With(logger, "portal", m.Name), portal: m.portal, renderer: shared})
		})
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
