package collector

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
)

var (
	//go:embed status.html
	statusHTML string
	//go:embed status.css
	statusCSS string
)

// statusData is what the status page shows.
type statusData struct {
	CSS     template.CSS
	Version string
	Portals []*Report
	// Unreadable portals, all webhooks, and those of them that need attention.
	Unreadable, Webhooks, Ailing int
}

// Unwell is how many portals and webhooks a person should look at.
func (d *statusData) Unwell() int { return d.Unreadable + d.Ailing }

// StatusHandler serves a page for people about the portals that it is given at each request. It asks
// each of them once, as a scrape does, and shares the fetch with scrapes at the same moment.
func StatusHandler(portals func() []Target, logger log.Logger) http.Handler {
	page := template.Must(template.New("status").Parse(statusHTML)) // it is built in
	sum := sha256.Sum256([]byte(statusCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		targets := portals()
		allowFor(w, reportTime(targets))
		data := newStatusData(reportAll(r.Context(), targets))
		var body bytes.Buffer
		if err := page.Execute(&body, data); err != nil {
			level.Error(logger).Log("msg", "cannot render the status page", "err", err)
			http.Error(w, "cannot render the status page", http.StatusInternalServerError)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		setPolicy(w, policy)
		_, _ = body.WriteTo(w) // the client has gone
	})
}

// reportTime returns the maximum time that reportAll takes.
func reportTime(portals []Target) time.Duration {
	var sum, longest time.Duration
	for _, p := range portals {
		sum += p.Timeout
		longest = max(longest, p.Timeout)
	}
	return sum/sideBySide + longest
}

func newStatusData(reports []*Report) *statusData {
	d := &statusData{
		CSS:     template.CSS(statusCSS), //nolint:gosec // our own file
		Version: version.Version, Portals: reports,
	}
	for _, r := range reports {
		d.Webhooks += len(r.Webhooks)
		d.Ailing += r.Ailing()
		if r.Trouble != nil {
			d.Unreadable++
		}
	}
	return d
}
