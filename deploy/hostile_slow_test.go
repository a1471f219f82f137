//go:build slow

package deploy_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// How these tests are run, so that those that wait do so at the same time:
//
//	go test -tags slow -parallel 64 -run Hostile ./deploy
//
// HOSTILE_TABLE names a file that the measurements are appended to, HOSTILE_SHAPE a part of the names of the shapes.
const (
	onePortalLimit   = 200e6
	fiftyPortalLimit = 500e6
)

// hostileServer serves portals below /0, /1, and so on: one for each shape. A portal without a shape is healthy.
func hostileServer(t *testing.T, overTLS bool, shapes ...shape) (server *httptest.Server, env []string) {
	t.Helper()
	mux := http.NewServeMux()
	made := map[string]responses{} // portals of one shape share its responses
	for i, s := range shapes {
		if _, ok := made[s.name]; !ok && s.responses != nil {
			made[s.name] = s.responses()
		}
		prefix := fmt.Sprintf("/%d", i)
		mux.Handle(prefix+"/", http.StripPrefix(prefix, hostilePortal(made[s.name])))
	}
	server = httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	env = []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}
	if !overTLS {
		server.Start()
	} else {
		server.EnableHTTP2 = true
		server.StartTLS()
		env = append(env, "SSL_CERT_FILE="+pemFile(t, "CERTIFICATE", server.Certificate().Raw), "SSL_CERT_DIR=/none")
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server, env
}

func hostilePortal(hostile responses) http.Handler {
	healthy := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{
		{ID: 1, Name: "crm", URL: "https://hooks.example", Enabled: true, Triggers: 1 << 8},
	}})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := hostile[strings.TrimPrefix(r.URL.Path, "/api/2.0/")]; h != nil {
			h(w, r)
			return
		}
		healthy.ServeHTTP(w, r)
	})
}

// chosen are the shapes whose name holds HOSTILE_SHAPE; all of them without that.
func chosen(lists ...[]shape) []shape {
	all := slices.Concat(lists...)
	return slices.DeleteFunc(all, func(s shape) bool { return !strings.Contains(s.name, os.Getenv("HOSTILE_SHAPE")) })
}

// measureShape scrapes an exporter of one hostile portal: once, and 20 times at once.
func measureShape(t *testing.T, tab *costTable, s shape, overTLS bool) {
	t.Helper()
	server, env := hostileServer(t, overTLS, s)
	p := start(t, env, "--docspace.url="+server.URL+"/0")
	for _, scrapes := range []int{1, 20} {
		if s.crowd && scrapes == 1 {
			continue
		}
		m := p.measure(t, slices.Repeat([]string{p.url + "/metrics"}, scrapes))
		m.shape, m.scrapes = s.name, fmt.Sprintf("%2d", scrapes)
		tab.add(t, m, onePortalLimit)
		want := scrapes
		if s.heavy {
			want = 1 // of 20 that are written one after the other, some have no time left
		}
		if s.result != "" && m.results[s.result] < want {
			t.Errorf("%d scrapes: %v, want %d that are %s", scrapes, m.results, want, s.result)
		}
		if !m.ended || m.killed {
			break
		}
	}
	p.terminate(t)
}

func TestHostilePortal_CostsLittle(t *testing.T) {
	tab := newCostTable(t)
	shapes := chosen([]shape{{name: "a healthy portal", result: "up"}}, largeLists(), combinedShapes(), crowded(slices.Concat(valueShapes(), listShapes(),
		webhookShapes(), triggerShapes(), logShapes(), gzipShapes(), connectionShapes())))
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) { measureShape(t, tab, s, false) })
	}
	t.Logf("%d shapes", len(shapes))
}

func TestHostilePortal_CostsLittleOverHTTP2(t *testing.T) {
	tab := newCostTable(t)
	for _, s := range chosen([]shape{{name: "a healthy portal", result: "up"}}, crowded(gzipShapes()), largeLists()[:1], crowded(combinedShapes()), crowded([]shape{
		named(valueShapes(), "webhook: string alone, identity"),
		named(valueShapes(), "webhooks/log: white space alone, identity"),
		named(logShapes(), "webhooks/log: a million small rows"),
	})) {
		t.Run(s.name, func(t *testing.T) { measureShape(t, tab, s, true) })
	}
}

func TestHostilePortal_MayHang(t *testing.T) {
	t.Parallel()
	tab := newCostTable(t)
	for _, s := range chosen(hangingShapes()) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			measureShape(t, tab, s, false)
		})
	}
}

// Whatever is remembered from one scrape to the next is bounded, too.
func TestHostilePortal_CostsNoMoreWithEachScrape(t *testing.T) {
	tab := newCostTable(t)
	for _, s := range chosen(changingShapes()) {
		t.Run(s.name, func(t *testing.T) {
			p, probes := fleet(t, false, []shape{s})
			for i := range 10 {
				m := p.measure(t, probes)
				m.shape, m.scrapes = s.name, fmt.Sprintf("number %2d", i+1)
				tab.add(t, m, onePortalLimit)
			}
			p.terminate(t)
		})
	}
}

// fleet starts an exporter of a portal for each shape and returns the URLs of their probes.
func fleet(t *testing.T, overTLS bool, shapes []shape) (p *process, probes []string) {
	t.Helper()
	server, env := hostileServer(t, overTLS, shapes...)
	var text strings.Builder
	text.WriteString("portals:\n")
	for i := range shapes {
		fmt.Fprintf(&text, "  portal%d:\n    url: %s/%d\n    min_interval: 0s\n    http_client_config: {authorization: {credentials_file: key}}\n", i, server.URL, i)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "key"), simulator.DefaultKey)
	path := filepath.Join(dir, "docspace.yml")
	writeFile(t, path, text.String())
	p = start(t, env[1:], "--config.file="+path)
	for i := range shapes {
		probes = append(probes, fmt.Sprintf("%s/probe?target=portal%d", p.url, i))
	}
	return p, probes
}

func TestHostilePortals_FiftyLeaveOthersAlone(t *testing.T) {
	tab := newCostTable(t)
	values, logs, lists, webhooks := valueShapes(), logShapes(), largeLists(), webhookShapes()
	nastiest := []shape{
		named(values, "webhook: string in an object"),
		named(values, "webhook: array of numbers in an object"),
		named(webhooks, "webhook: 310 URLs of 200 KiB"),
		named(webhooks, "webhook: 10,000 webhooks of 6 KiB"),
		named(logs, "webhooks/log: 61 rows with a request payload of 1 MiB"),
		named(logs, "webhooks/log: pages that never end, each with 61 request payloads of 1 MiB"),
		changingShapes()[0],
		named(gzipShapes(), "webhook: gzip of many members without end"),
		named(gzipShapes(), "webhook: empty gzip members without end"),
		named(gzipShapes(), "webhook: elements without end, identity"),
		named(lists, "10,000 webhooks × 5 triggers, with a log"),
		named(lists, "10,000 × 5, names of 256 characters of 4 bytes"),
		named(connectionShapes(), "webhook: 9 MiB of short headers"),
		named(connectionShapes(), "webhook: 101 with a body without end"),
	}
	nastiest = slices.Concat(nastiest, combinedShapes())
	for _, s := range chosen(nastiest) {
		t.Run(s.name, func(t *testing.T) { measureFleet(t, tab, s.name, slices.Repeat([]shape{s}, 50), false) })
	}
	mix := make([]shape, 0, 50)
	for i := range 50 {
		mix = append(mix, nastiest[i%len(nastiest)])
	}
	t.Run("mix", func(t *testing.T) { measureFleet(t, tab, "mix", mix, false) })
}

func TestHostilePortals_FiftyLeaveOthersAloneOverHTTP2(t *testing.T) {
	tab := newCostTable(t)
	for _, s := range chosen(gzipShapes()[6:9], combinedShapes(), []shape{named(valueShapes(), "webhook: string alone, identity")}) {
		t.Run(s.name, func(t *testing.T) { measureFleet(t, tab, s.name, slices.Repeat([]shape{s}, 50), true) })
	}
}

// measureFleet scrapes hostile portals and a healthy one at the same moment.
func measureFleet(t *testing.T, tab *costTable, name string, hostile []shape, overTLS bool) {
	t.Helper()
	p, probes := fleet(t, overTLS, append(slices.Clone(hostile), shape{name: "healthy"}))
	scraped := make(chan scrapeResult, 1)
	go func() { scraped <- hostileScrape(t.Context(), probes[len(hostile)]) }()
	m := p.measure(t, probes[:len(hostile)])
	m.shape, m.scrapes = name, fmt.Sprintf("%d portals", len(hostile))
	healthy := <-scraped
	m.scrapes += fmt.Sprintf("; a healthy one: %s in %.1f s", healthy.text, healthy.duration.Seconds())
	tab.add(t, m, fiftyPortalLimit)
	if healthy.text != "up" || healthy.duration > scrapeTimeout+scrapeMargin {
		t.Errorf("a healthy portal: %s after %s", healthy.text, healthy.duration)
	}
	p.terminate(t)
}

func TestHostilePortals_FiftyThatHangDelayNoOne(t *testing.T) {
	t.Parallel()
	tab := newCostTable(t)
	for _, s := range chosen(hangingShapes()) {
		if !strings.HasPrefix(s.name, "webhook: ") && !strings.HasPrefix(s.name, "webhooks/log: ") {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			measureHanging(t, tab, s)
		})
	}
}

// measureHanging scrapes a healthy portal once all the others are hanging.
func measureHanging(t *testing.T, tab *costTable, s shape) {
	t.Helper()
	const count = 50
	arrived := make(chan struct{}, 1000)
	counted := shape{name: s.name, responses: func() responses {
		hanging := s.responses()
		for path, h := range hanging {
			hanging[path] = func(w http.ResponseWriter, r *http.Request) {
				arrived <- struct{}{}
				h(w, r)
			}
		}
		return hanging
	}}
	p, probes := fleet(t, false, append(slices.Repeat([]shape{counted}, count), shape{name: "healthy"}))
	measured := make(chan *measurement, 1)
	go func() { measured <- p.measure(t, probes[:count]) }()
	for range count {
		select {
		case <-arrived:
		case <-time.After(patience):
			t.Fatal("not every hanging portal was requested")
		}
	}
	healthy := hostileScrape(t.Context(), probes[count])
	stillHanging := len(measured) == 0
	m := <-measured
	m.shape, m.scrapes = s.name, fmt.Sprintf("%d portals; a healthy one: %s in %.1f s", count, healthy.text, healthy.duration.Seconds())
	tab.add(t, m, fiftyPortalLimit)
	if healthy.text != "up" || !stillHanging {
		t.Errorf("a healthy portal: %s after %s; the others were still hanging: %t", healthy.text, healthy.duration, stillHanging)
	}
	p.terminate(t)
}
