package collector

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Exporter holds the metrics of the exporter itself.
type Exporter struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	reloaded   prometheus.Gauge
	reloadedAt prometheus.Gauge
	process    bool // the metrics of the process are there
}

// NewExporter returns the metrics of an exporter that has not loaded its configuration yet.
func NewExporter() *Exporter {
	e := &Exporter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "docspace_api_requests_total",
			Help: "Requests sent to the portal's API, by endpoint and HTTP status; code is error when there was no answer.",
		}, []string{"portal", "endpoint", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:                            "docspace_api_request_duration_seconds",
			Help:                            "How long requests to the portal's API took until their answer was read.",
			Buckets:                         []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
			NativeHistogramBucketFactor:     1.1,
			NativeHistogramMaxBucketNumber:  100,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"portal", "endpoint"}),
		reloaded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "docspace_exporter_config_last_reload_successful",
			Help: "Whether the last attempt to load the configuration succeeded.",
		}),
		reloadedAt: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "docspace_exporter_config_last_reload_success_timestamp_seconds",
			Help: "When the configuration was last loaded with success.",
		}),
	}
	e.registry.MustRegister(e.requests, e.durations, e.reloaded, e.reloadedAt, versioncollector.NewCollector("docspace_exporter"))
	return e
}

// AddProcessMetrics adds the metrics go_* and process_*, and makes MetricsHandler add promhttp_*. It must be
// called once, before MetricsHandler.
func (e *Exporter) AddProcessMetrics() {
	e.process = true
	e.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// instrument counts the requests of h if the metrics of the process are wanted.
func (e *Exporter) instrument(h http.Handler) http.Handler {
	if !e.process {
		return h
	}
	return promhttp.InstrumentMetricHandler(e.registry, h)
}

// Loaded notes that the configuration was loaded.
func (e *Exporter) Loaded(at time.Time) {
	e.reloaded.Set(1)
	e.reloadedAt.Set(unix(at))
}

// NotLoaded notes that the configuration could not be loaded, and the old one stays.
func (e *Exporter) NotLoaded() { e.reloaded.Set(0) }

// Forget drops what was counted of a portal that is no longer configured.
func (e *Exporter) Forget(portal string) {
	labels := prometheus.Labels{"portal": portal}
	e.requests.DeletePartialMatch(labels)
	e.durations.DeletePartialMatch(labels)
}

// Observer returns the function that counts the requests of a portal's client. The outcomes that
// are always possible start at 0.
func (e *Exporter) Observer(portal string) func(docspace.Endpoint, int, time.Duration) {
	for _, endpoint := range docspace.Endpoints() {
		e.requests.WithLabelValues(portal, string(endpoint), "200")
		e.requests.WithLabelValues(portal, string(endpoint), "error")
		e.durations.WithLabelValues(portal, string(endpoint))
	}
	return func(endpoint docspace.Endpoint, status int, took time.Duration) {
		code := "error"
		if status != 0 {
			code = strconv.Itoa(status)
		}
		e.requests.WithLabelValues(portal, string(endpoint), code).Inc()
		e.durations.WithLabelValues(portal, string(endpoint)).Observe(took.Seconds())
	}
}
