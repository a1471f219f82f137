package deploy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startPrometheus runs a real Prometheus on a free port, with prometheus.yml and the files that it names, and returns its URL.
func startPrometheus(t *testing.T, files map[string]string) string {
	t.Helper()
	prometheus := toolPath(t, "prometheus")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil { // the port is free for a moment
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range files {
		writeFile(t, filepath.Join(dir, name), content)
	}
	// The test's own context ends before its clean-up, in which Prometheus is to stop in good order.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), prometheus, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("prometheus ended with %v:\n%s", err, log.String())
		}
	})
	return "http://" + address
}

// ask calls the API of Prometheus until its answer is as wanted.
func ask[T any](t *testing.T, address string, wanted func(T) bool) T {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(4 * patience) // Prometheus takes its time, on a busy machine more of it
	var answer struct {
		Data T `json:"data"`
	}
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			err = json.NewDecoder(resp.Body).Decode(&answer)
			resp.Body.Close()
			if err == nil && wanted(answer.Data) {
				return answer.Data
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s never answered as wanted, but %+v", address, answer.Data)
		}
	}
}

// vector is the answer to an instant query.
type vector struct {
	Result []struct {
		Metric map[string]string `json:"metric"`
		Value  [2]any            `json:"value"`
	} `json:"result"`
}

// Prometheus finds and scrapes every portal with no more than what the README shows.
func TestPrometheusDiscoversEveryPortal(t *testing.T) {
	t.Parallel()
	const portals = 20
	p := start(t, nil, "--config.file="+portalsFile(t, portals, ""))
	config := strings.ReplaceAll(block(t, "several portals"), "localhost:10056", strings.TrimPrefix(p.url, "http://"))
	config = strings.ReplaceAll(strings.ReplaceAll(config, "scrape_interval: 1m", "scrape_interval: 3s"), "scrape_timeout: 15s", "scrape_timeout: 3s")
	prometheus := startPrometheus(t, map[string]string{"prometheus.yml": "global: {scrape_interval: 3s, scrape_timeout: 3s}\n" + config})
	query := func(expression string) string {
		return prometheus + "/api/v1/query?query=" + url.QueryEscape(expression)
	}
	all := func(v vector) bool { return len(v.Result) == portals }

	ask(t, query(`up{job="docspace"} == 1`), all)
	seen := map[string]string{}
	for _, r := range ask(t, query(`docspace_up == 1`), all).Result {
		seen[r.Metric["instance"]] = r.Metric["team"]
	}
	for i := range portals {
		if name := fmt.Sprintf("portal%d", i); seen[name] != fmt.Sprintf("team%d", i%3) {
			t.Errorf("%s has the team %q", name, seen[name])
		}
	}
	for _, r := range ask(t, query(`docspace_portal_info`), all).Result {
		if alias := "p" + strings.TrimPrefix(r.Metric["instance"], "portal"); r.Metric["alias"] != alias {
			t.Errorf("%s is the portal %s", r.Metric["instance"], r.Metric["alias"])
		}
	}
	ask(t, query(`docspace_exporter_config_last_reload_successful == 1`), func(v vector) bool { return len(v.Result) == 1 })
	p.stop(t)
}

// Several exporters with one file share the portals between them.
func TestPrometheusDividesThePortalsBetweenExporters(t *testing.T) {
	t.Parallel()
	const portals, shards = 20, 3
	p := start(t, nil, "--config.file="+portalsFile(t, portals, ""))
	config := strings.ReplaceAll(block(t, "shards"), "docspace-exporter:10056/sd", strings.TrimPrefix(p.url, "http://")+"/sd")
	config = strings.ReplaceAll(config, "docspace-exporter-$1.docspace-exporter:10056", "127.0.0.1:1000$1") // where nothing listens
	prometheus := startPrometheus(t, map[string]string{"prometheus.yml": config})

	type targets struct {
		ActiveTargets []struct {
			Labels    map[string]string `json:"labels"`
			ScrapeURL string            `json:"scrapeUrl"`
		} `json:"activeTargets"`
	}
	found := ask(t, prometheus+"/api/v1/targets", func(v targets) bool { return len(v.ActiveTargets) == portals })
	read := map[string]int{}
	for _, target := range found.ActiveTargets {
		u, err := url.Parse(target.ScrapeURL)
		if err != nil || u.Path != "/probe" || u.Query().Get("target") != target.Labels["instance"] {
			t.Errorf("%s is scraped at %s", target.Labels["instance"], target.ScrapeURL)
			continue
		}
		read[u.Host]++
	}
	if len(read) != shards {
		t.Errorf("portals by exporter: %v", read)
	}
	p.stop(t)
}

func TestREADMEShowsAFileThatLoads(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docspace.yml")
	writeFile(t, path, block(t, "configuration file"))
	loaded(t, path, 2)
}
