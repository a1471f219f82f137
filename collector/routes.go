package collector

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"path"
	"strconv"
	"strings"

	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
)

// Paths of the exporter's own.
const (
	statusPath = "/status"
	healthPath = "/-/healthy"
)

// Routes are what the exporter serves.
type Routes struct {
	// MetricsPath is where Metrics is served.
	MetricsPath string
	Metrics     http.Handler
	// Status is the page for people.
	Status http.Handler
	// Reload is served if it is set, and so are Probe and Discovery, which are for several portals.
	Reload, Probe, Discovery http.Handler
	// Pprof serves the profiles of the process too.
	Pprof bool
}

// Handler returns the handler of all routes. It fails when MetricsPath can't be served.
func (r Routes) Handler() (http.Handler, error) {
	if err := r.checkMetricsPath(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+r.MetricsPath, r.Metrics)
	mux.Handle("GET "+statusPath, r.Status)
	if r.Reload != nil {
		mux.Handle("POST /-/reload", r.Reload)
	}
	if r.Probe != nil {
		mux.Handle("GET /probe", r.Probe)
		mux.Handle("GET /sd", r.Discovery)
	}
	mux.Handle("GET "+healthPath, text("docspace_exporter is healthy.\n"))
	mux.Handle("GET /-/ready", text("docspace_exporter is ready.\n"))
	if r.Pprof {
		mux.Handle("GET /debug/pprof/", withPolicy(inlineStylePolicy, http.HandlerFunc(pprof.Index)))
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	landing, err := r.landingPage()
	if err != nil {
		return nil, fmt.Errorf("landing page: %w", err)
	}
	mux.Handle("GET /{$}", withPolicy(inlineStylePolicy, landing))
	return protect(mux), nil
}

// checkMetricsPath refuses a path that a mux would read as a pattern, or that is taken.
func (r Routes) checkMetricsPath() error {
	p := r.MetricsPath
	switch {
	case !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || strings.ContainsAny(p, "{} \t?#%") || path.Clean(p) != p:
		return fmt.Errorf("telemetry path %q must start with /, not end with it, and be plain", p)
	case strings.HasPrefix(p, "/-/") || strings.HasPrefix(p, "/debug/") || p == "/probe" || p == "/sd" || p == statusPath:
		return fmt.Errorf("telemetry path %q is the exporter's own", p)
	}
	return nil
}

func (r Routes) landingPage() (http.Handler, error) {
	links := []web.LandingLinks{
		{Address: r.MetricsPath, Text: "Metrics", Description: "of the portal and of the exporter"},
		{Address: statusPath, Text: "Status", Description: "of portals and their webhooks, in words"},
		{Address: healthPath, Text: "Health", Description: "whether the exporter serves"},
		{Address: "/-/ready", Text: "Readiness", Description: "whether its configuration is loaded"},
	}
	if r.Probe != nil {
		links[0].Description = "of the exporter itself; those of a portal are under /probe?target=NAME"
		links = append(links, web.LandingLinks{Address: "/sd", Text: "Service discovery", Description: "the portals, for http_sd_configs of Prometheus"})
	}
	return web.NewLandingPage(web.LandingConfig{
		Name:        "docspace_exporter",
		Description: "Prometheus exporter for the webhooks of an ONLYOFFICE DocSpace portal",
		Version:     version.Info(),
		Profiling:   strconv.FormatBool(r.Pprof),
		Links:       links,
	})
}

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(s)) // the client has gone
	})
}
