package collector_test

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/common/config"
	"go.uber.org/goleak"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the instant at which the tests with a fixed clock take place.
var now = time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)

// clock is a time source that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// logs collects what was logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is an exporter in front of a simulated portal, both behind real HTTP servers.
type rig struct {
	portal   *simulator.Portal
	exporter *httptest.Server
	scraped  *collector.Portal
	url      string // of the portal
	options  rigOptions
	clock    *clock
	logs     *logs
}

// rigOptions are what tests want different from a healthy 3.7 portal and the default flags.
type rigOptions struct {
	simulator simulator.Options
	url       string                                 // instead of the simulated portal's
	front     func(portal http.Handler) http.Handler // of the simulated portal
	transport transport                              // of the simulated portal
	client    config.HTTPClientConfig
	zone      *time.Location
	maxSize   int64
	timeout   time.Duration
	off       string // a collector that is off
	log       *docspace.LogSettings
	interval  time.Duration // at least, between fetches
}

// logOptions are the defaults of the flags.
var logOptions = docspace.LogSettings{StuckAfter: 15 * time.Minute, Lookback: 24 * time.Hour, MaxPages: 50}

func newRig(tb testing.TB, o rigOptions) *rig {
	tb.Helper()
	r := &rig{clock: &clock{at: now}, logs: &logs{}}
	o.simulator.Clock = r.clock.Now
	r.portal = simulator.New(o.simulator)
	var front http.Handler = r.portal
	if o.front != nil {
		front = o.front(front)
	}
	server := o.transport.serve(tb, front)
	r.url = server.URL
	if o.url != "" {
		r.url = o.url
	}
	if o.client.Authorization == nil {
		o.client = docspace.KeyFromValue(simulator.DefaultKey)
	}
	if server.TLS != nil {
		o.client.TLSConfig.CA = authority(server)
	}
	if o.timeout == 0 {
		o.timeout = 10 * time.Second
	}
	r.options = o
	r.start(tb)
	return r
}

// start starts an exporter, in the place of the one that there may be.
func (r *rig) start(tb testing.TB) {
	tb.Helper()
	o := r.options
	exporter := collector.NewExporter()
	valid, err := docspace.Config{
		URL: r.url, HTTPClientConfig: o.client, MaxResponseSize: o.maxSize, UserAgent: "docspace_exporter/test",
		Observe: exporter.Observer("default"), Clock: r.clock.Now,
	}.Validate()
	if err != nil {
		tb.Fatal(err)
	}
	client, err := docspace.NewClient(valid)
	if err != nil {
		tb.Fatal(err)
	}
	logger := log.NewLogfmtLogger(r.logs)
	portal := collector.NewPortal(client, collector.PortalOptions{
		Name: "default", TimeZone: o.zone,
		Settings: docspace.PortalSettings{
			MinInterval: o.interval, AutoDisableAfter: 72 * time.Hour, Deliveries: *cmp.Or(o.log, &logOptions),
			Collectors: docspace.CollectorSwitch{Webhooks: o.off != "webhooks", Triggers: o.off != "triggers", Deliveries: o.off != "deliveries"},
		},
		Logger: logger, Clock: r.clock.Now,
	})
	tb.Cleanup(portal.Close)
	r.scraped = portal
	limits := collector.Limits{Timeout: o.timeout, Offset: time.Second / 2}
	handler, err := collector.Routes{
		MetricsPath: "/metrics",
		Metrics:     collector.MetricsHandler(exporter, portal, limits, logger),
		Status:      collector.StatusHandler(func() []collector.Target { return []collector.Target{r.target()} }, logger),
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	r.exporter = httptest.NewServer(handler)
	tb.Cleanup(r.exporter.Close)
}

// target is the portal with the time that it has.
func (r *rig) target() collector.Target {
	return collector.Target{Portal: r.scraped, Timeout: r.options.timeout}
}

// samples are the values of a scrape by series, as the text format spells it.
type samples map[string]float64

// scrape asks the exporter for its metrics, which must always succeed.
func (r *rig) scrape(t *testing.T) samples {
	t.Helper()
	return parse(t, r.get(t, "/metrics", nil))
}

// parse reads the text format.
func parse(t *testing.T, p page) samples {
	t.Helper()
	if p.status != http.StatusOK {
		t.Fatalf("metrics answered %d: %s", p.status, p.body)
	}
	s := samples{}
	for line := range strings.Lines(p.body) {
		line = strings.TrimSpace(line)
		at := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		s[line[:at]] = value
	}
	return s
}

// page is what the exporter answered.
type page struct {
	status int
	header http.Header
	body   string
}

// get asks the exporter for a page.
func (r *rig) get(t *testing.T, path string, header http.Header) page {
	t.Helper()
	return r.send(t, http.MethodGet, path, header)
}

// send sends the exporter a request without a body.
func (r *rig) send(t *testing.T, method, path string, header http.Header) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.exporter.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	resp, err := r.exporter.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Header, string(body)}
}

// failure is the reason that a scrape gives for a collector, empty when it succeeded.
func (s samples) failure(t *testing.T, name string) string {
	t.Helper()
	var found []string
	for series, value := range s {
		rest, ok := strings.CutPrefix(series, `docspace_scrape_collector_failure{collector="`+name+`",reason="`)
		if ok && value == 1 {
			found = append(found, strings.TrimSuffix(rest, `"}`))
		}
	}
	success, ok := s[`docspace_scrape_collector_success{collector="`+name+`"}`]
	if !ok || len(found) > 1 || (len(found) == 1) == (success == 1) {
		t.Fatalf("collector %s: success %v (present: %t), reasons %v", name, success, ok, found)
	}
	return strings.Join(found, "")
}

// count is how many series of a metric there are.
func (s samples) count(metric string) int {
	n := 0
	for series := range s {
		if series == metric || strings.HasPrefix(series, metric+"{") {
			n++
		}
	}
	return n
}

// want checks that series have values.
func (s samples) want(t *testing.T, want samples) {
	t.Helper()
	for series, value := range want {
		if got, ok := s[series]; !ok || got != value {
			t.Errorf("%s is %v (present: %t), want %v", series, got, ok, value)
		}
	}
}
