package collector_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// fleet is an exporter with a configuration file of several simulated portals, all behind real HTTP
// servers. Each portal has a key of its own.
type fleet struct {
	*rig
	portals  map[string]*simulator.Portal
	urls     map[string]string
	dir      string
	reloader *collector.Reloader
	set      *collector.Portals
}

// newFleet starts an exporter of portals with these names.
func newFleet(tb testing.TB, names ...string) *fleet {
	tb.Helper()
	return newLimitedFleet(tb, 0, names...)
}

// newLimitedFleet starts an exporter as main does, with a maximum number of parallel requests.
func newLimitedFleet(tb testing.TB, maxRequests int, names ...string) *fleet {
	tb.Helper()
	f := &fleet{
		rig:     &rig{clock: &clock{at: now}, logs: &logs{}},
		portals: map[string]*simulator.Portal{}, urls: map[string]string{}, dir: tb.TempDir(),
	}
	for _, name := range names {
		f.add(tb, name)
	}
	f.configure(tb, names...)
	logger := log.NewLogfmtLogger(f.logs)
	exporter := collector.NewExporter()
	exporter.AddProcessMetrics()
	f.set = collector.NewPortals(exporter, logger, f.clock.Now)
	tb.Cleanup(f.set.Close)
	f.reloader = collector.NewReloader(docspace.File{
		Path: filepath.Join(f.dir, "docspace.yml"), ReservedLabels: collector.ReservedLabels(), Clock: f.clock.Now,
		Defaults: docspace.PortalSettings{
			Timeout: 10 * time.Second, TimeZone: "auto", AutoDisableAfter: 72 * time.Hour, MaxResponseSize: 1 << 20,
			Collectors: docspace.CollectorSwitch{Webhooks: true, Triggers: true, Deliveries: true},
			Deliveries: docspace.LogSettings{StuckAfter: 15 * time.Minute, Lookback: 24 * time.Hour, MaxPages: 50},
		},
	}, f.set)
	if err := f.reloader.Reload(); err != nil {
		tb.Fatal(err)
	}
	limits := collector.Limits{Timeout: time.Minute, Offset: time.Second / 2, MaxRequests: maxRequests}
	handler, err := collector.Routes{
		MetricsPath: "/metrics",
		Metrics:     collector.MetricsHandler(exporter, nil, limits, logger),
		Status:      collector.LimitRequests(collector.StatusHandler(f.set.All, logger), maxRequests),
		Probe:       collector.ProbeHandler(f.set, limits, logger),
		Discovery:   collector.DiscoveryHandler(f.set),
		Reload:      f.reloader,
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	f.exporter = httptest.NewServer(handler)
	tb.Cleanup(f.exporter.Close)
	return f
}

// keyOf is the API key of a portal.
func keyOf(name string) string { return "sk-" + name + "0123456789abcdef" }

// add starts a portal with a webhook of its name.
func (f *fleet) add(tb testing.TB, name string) {
	tb.Helper()
	portal := simulator.New(simulator.Options{
		Version: simulator.V37, Key: keyOf(name), Alias: name, Clock: f.clock.Now,
		Webhooks: []simulator.Webhook{{ID: 1, Name: "hook of " + name, URL: "https://hooks.example", Enabled: true, Triggers: 1 << 8}},
	})
	server := httptest.NewServer(portal)
	tb.Cleanup(server.Close)
	f.portals[name], f.urls[name] = portal, server.URL
	f.writeFile(tb, name+".key", keyOf(name)+"\n")
}

func (f *fleet) writeFile(tb testing.TB, name, content string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// configure writes a file with some of the portals. A name can be followed by more lines for it.
func (f *fleet) configure(tb testing.TB, names ...string) {
	tb.Helper()
	var text strings.Builder
	text.WriteString("portals:\n")
	for _, name := range names {
		name, more, _ := strings.Cut(name, "\n")
		fmt.Fprintf(&text, "  %s:\n    url: %s\n    http_client_config:\n      authorization: {credentials_file: %s.key}\n%s\n", name, f.urls[name], name, more)
	}
	f.writeFile(tb, "docspace.yml", text.String())
}

// probe scrapes a portal, which must always succeed.
func (f *fleet) probe(t *testing.T, name string) samples {
	t.Helper()
	return parse(t, f.get(t, "/probe?target="+name, nil))
}

// reload asks the exporter to reload its configuration.
func (f *fleet) reload(t *testing.T) page {
	t.Helper()
	return f.send(t, http.MethodPost, "/-/reload", nil)
}

// reconfigure writes a file with some of the portals and reloads it, which must succeed.
func (f *fleet) reconfigure(t *testing.T, names ...string) {
	t.Helper()
	f.configure(t, names...)
	if p := f.reload(t); p.status != http.StatusOK {
		t.Fatalf("reload answered %d: %s", p.status, p.body)
	}
}

// asked is how many requests a portal got.
func (f *fleet) asked(name string) int {
	sum := 0
	for _, n := range f.portals[name].Requests() {
		sum += n
	}
	return sum
}

// eventually waits for what happens in the background.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("never happened: " + what)
		}
	}
}
