package deploy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// protocols returns those that nginx speaks, named as in its log.
func protocols() []string { return []string{"HTTP/1.1", "HTTP/2.0"} }

var (
	portalUp        = regexp.MustCompile(`(?m)^docspace_up 1$`)
	failedCollector = regexp.MustCompile(`(?m)^docspace_scrape_collector_failure\{collector="\w+",reason="(\w+)"\} 1$`)
)

// scrape returns the reasons for which collectors of the portal acme failed; none when all succeeded.
func scrape(t *testing.T, exporter *process, header ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, exporter.url+"/probe?target=acme", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%v\n%s", err, exporter.logged())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%v\n%s", err, exporter.logged())
	}
	failed := failedCollector.FindAllSubmatch(body, -1)
	reasons := make([]string, 0, len(failed))
	for _, found := range failed {
		reasons = append(reasons, string(found[1]))
	}
	if resp.StatusCode != http.StatusOK || len(failed) == 0 && !portalUp.Match(body) {
		t.Fatalf("HTTP %d:\n%s", resp.StatusCode, body)
	}
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// wantScrape scrapes the portal; want is the reason for which collectors must fail, empty if all must succeed.
func wantScrape(t *testing.T, when string, exporter *process, want string, header ...string) {
	t.Helper()
	if got := strings.Join(scrape(t, exporter, header...), ", "); got != want {
		t.Errorf("%s: failed with %q, want %q; logged:\n%s", when, got, want, exporter.logged())
	}
}

// scrapeUntil scrapes the portal without a pause until something is done. Collectors may fail for the allowed reasons.
func scrapeUntil(t *testing.T, exporter *process, done func() bool, allowed ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		for _, reason := range scrape(t, exporter) {
			if !slices.Contains(allowed, reason) {
				t.Errorf("failed with %q; logged:\n%s", reason, exporter.logged())
			}
		}
		if done() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never done; logged:\n%s", exporter.logged())
		}
	}
}

func TestNginx_AllCollectors(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			n := startNginx(t, protocol, "")
			p := n.exporter(t)
			wantScrape(t, "first scrape", p, "")
			wantScrape(t, "second scrape", p, "")
			p.stop(t)
			n.signal(t, syscall.SIGQUIT)
			if err := <-n.done; err != nil {
				t.Errorf("nginx ended with %v", err)
			}
			front := read(t, filepath.Join(n.Dir, "front.log"))
			router := read(t, filepath.Join(n.Dir, "router.log"))
			for line := range strings.Lines(front) {
				if !strings.HasPrefix(line, protocol+" ") {
					t.Errorf("a request was served as %s", line)
				}
			}
			for path, compressed := range map[string]bool{
				"settings": false, "settings/webhook": true, "settings/webhook/triggers": true, "settings/webhooks/log": true,
				"keys/@self": false, "people/@self": false,
			} {
				if !strings.Contains(front, " 200 /api/2.0/"+path+"\n") {
					t.Errorf("%s was not read:\n%s", path, front)
				}
				ratio := regexp.MustCompile(`(?m)^gzip \d\S* /api/2\.0/` + path + `$`)
				if ratio.MatchString(router) != compressed {
					t.Errorf("%s: compressed %t, want %t:\n%s", path, !compressed, compressed, router)
				}
			}
		})
	}
}

func TestNginx_Check(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			n := startNginx(t, protocol, "")
			env, flag := n.client(t, "https://"+n.HTTPS)
			code, stdout, stderr := exits(t, env, "check", flag)
			if code != 0 || !strings.Contains(stdout, "portal acme: 20 webhooks, none needs attention") {
				t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
			}
		})
	}
}

// Port 80 redirects to https, which is not followed.
func TestNginx_RedirectToHTTPS(t *testing.T) {
	t.Parallel()
	n := startNginx(t, "HTTP/2.0", "")
	env, flag := n.client(t, "http://"+n.HTTP)
	p := start(t, env, flag)
	wantScrape(t, "plain HTTP", p, "redirect")
	code, stdout, stderr := exits(t, env, "check", flag)
	if code != 2 || !strings.Contains(stdout, "https://127.0.0.1") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
	if requests := n.portal.Requests(); len(requests) > 0 {
		t.Errorf("the portal was requested: %v", requests)
	}
	p.stop(t)
}

func TestNginx_Prometheus(t *testing.T) {
	t.Parallel()
	toolPath(t, "prometheus") // before anything is started
	n := startNginx(t, "HTTP/2.0", "")
	p := n.exporter(t)
	prometheus := startPrometheus(t, map[string]string{"prometheus.yml": fmt.Sprintf(`
global: {scrape_interval: 3s, scrape_timeout: 3s}
scrape_configs:
  - {job_name: docspace, metrics_path: /probe, params: {target: [acme]}, static_configs: [{targets: [%q]}]}
`, strings.TrimPrefix(p.url, "http://"))})
	one := func(v vector) bool { return len(v.Result) == 1 }
	ask(t, prometheus+"/api/v1/query?query=docspace_up==1", one)
	n.signal(t, syscall.SIGHUP)
	ask(t, prometheus+"/api/v1/query?query=min_over_time(docspace_up[5m])==1+and+count_over_time(docspace_up[5m])>1", one)
	p.stop(t)
}

// A reload replaces the worker: the old one ends its connections (HTTP/2: GOAWAY) after the requests in flight.
func TestNginx_ReloadCostsNoScrape(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			n := startNginx(t, protocol, "")
			p := n.exporter(t)
			wantScrape(t, "before", p, "")
			for reload := range 5 {
				n.signal(t, syscall.SIGHUP)
				// Not until the old worker ends: it keeps an HTTP/2 connection whose handshake it had not finished.
				scrapeUntil(t, p, func() bool { return strings.Count(n.logged(), ": gracefully shutting down") > reload })
				wantScrape(t, "after a reload", p, "")
			}
			p.stop(t)
		})
	}
}

func TestNginx_Restart(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			n := startNginx(t, protocol, "")
			p := n.exporter(t)
			wantScrape(t, "before", p, "")
			n.signal(t, syscall.SIGTERM)
			// The router ends, too, so the server in front of it can respond 502.
			scrapeUntil(t, p, func() bool { return n.ended(t) }, "connection", "server_error")
			wantScrape(t, "stopped", p, "connection")
			n.startServing(t, n.cmd.Path)
			wantScrape(t, "started again", p, "")

			n.stop(t)
			n.startServing(t, n.cmd.Path)
			wantScrape(t, "restarted between scrapes", p, "")
			p.stop(t)
		})
	}
}

// For a portal that does not respond, nginx sends an HTML page; the reason comes from its status.
func TestNginx_PortalDown(t *testing.T) {
	t.Parallel()
	for _, protocol := range protocols() {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			n := startNginx(t, protocol, "")
			p := n.exporter(t)
			wantScrape(t, "before", p, "")
			for range 2 {
				n.backend.Close()
				wantScrape(t, "down", p, "server_error")
				wantScrape(t, "still down", p, "server_error")
				n.startBackend(t)
				wantScrape(t, "up again", p, "")
				n.portal.Fail(simulator.Reset())
				wantScrape(t, "connections reset", p, "server_error")
				n.portal.Fail(nil)
				wantScrape(t, "recovered", p, "")
			}
			if !strings.Contains(p.logged(), "HTTP 502") {
				t.Errorf("logged without the status:\n%s", p.logged())
			}
			p.stop(t)
		})
	}
}

func TestNginx_PortalHangs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name              string
		readTimeout, want string
		header            []string
		logged            string
	}{
		{"nginx gives up first", "2s", "server_error", nil, "HTTP 504"},
		{"the scrape ends first", "", "timeout", []string{"X-Prometheus-Scrape-Timeout-Seconds", "1"}, "timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, protocol := range protocols() {
				t.Run(protocol, func(t *testing.T) {
					t.Parallel()
					n := startNginx(t, protocol, tc.readTimeout)
					p := n.exporter(t)
					wantScrape(t, "before", p, "")
					n.portal.Fail(simulator.Hang())
					wantScrape(t, "hanging", p, tc.want, tc.header...)
					wantScrape(t, "still hanging", p, tc.want, tc.header...)
					n.portal.Fail(nil)
					wantScrape(t, "recovered", p, "")
					if !strings.Contains(p.logged(), tc.logged) {
						t.Errorf("logged without %q:\n%s", tc.logged, p.logged())
					}
					p.stop(t)
				})
			}
		})
	}
}
