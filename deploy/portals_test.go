package deploy_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// portalsFile writes a configuration file of as many simulated portals, and returns its path.
func portalsFile(t *testing.T, n int, more string) string {
	t.Helper()
	dir := t.TempDir()
	text := strings.Builder{}
	text.WriteString("portals:\n")
	for i := range n {
		portal := httptest.NewServer(simulator.New(simulator.Options{
			Version: simulator.V37, Alias: fmt.Sprintf("p%d", i),
			Webhooks: []simulator.Webhook{{ID: 1, Name: "crm", URL: "https://hooks.example", Enabled: true, Triggers: 1 << 8}},
		}))
		t.Cleanup(portal.Close)
		fmt.Fprintf(&text, "  portal%d:\n    url: %s\n    labels: {team: team%d}\n    http_client_config: {authorization: {credentials_file: key}}\n", i, portal.URL, i%3)
	}
	writeFile(t, filepath.Join(dir, "key"), simulator.DefaultKey)
	path := filepath.Join(dir, "docspace.yml")
	writeFile(t, path, more+text.String())
	return path
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func makeDir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestSeveralPortals(t *testing.T) {
	t.Parallel()
	path := portalsFile(t, 2, "")
	p := start(t, nil, "--config.file="+path, "--docspace.time-zone=Asia/Kolkata")
	for _, page := range []struct {
		path        string
		status      int
		has, hasNot string
	}{
		{"/probe?target=portal1", http.StatusOK, `docspace_portal_info{alias="p1",time_zone="Asia/Kolkata"`, "go_goroutines"},
		{"/probe?target=portal2", http.StatusNotFound, "", "docspace_up"},
		{"/probe", http.StatusBadRequest, "", "docspace_up"},
		{"/metrics", http.StatusOK, `docspace_api_requests_total{code="200",endpoint="webhooks",portal="portal1"} 1`, "docspace_up"},
		{"/sd", http.StatusOK, `"__meta_docspace_portal":"portal1"`, "key"},
		{"/", http.StatusOK, `href="/sd"`, ""},
		{"/-/reload", http.StatusMethodNotAllowed, "", ""},
		{"/-/ready", http.StatusOK, "", ""},
	} {
		status, body := p.get(t, page.path)
		if status != page.status || !strings.Contains(body, page.has) || page.hasNot != "" && strings.Contains(body, page.hasNot) {
			t.Errorf("%s answered %d without %q, or with %q:\n%s", page.path, status, page.has, page.hasNot, body)
		}
	}
	p.stop(t)
}

func TestHangUpReloads(t *testing.T) {
	t.Parallel()
	path := portalsFile(t, 1, "")
	p := start(t, nil, "--config.file="+path)
	more, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, strings.ReplaceAll(string(more), "portal0", "renamed"))
	p.hangUp(t)
	p.waitFor(t, func() bool { status, _ := p.get(t, "/probe?target=renamed"); return status == http.StatusOK })
	writeFile(t, path, "portals: 5")
	p.hangUp(t)
	p.waitFor(t, func() bool { return strings.Contains(p.logged(), path+":1: portals: must be a mapping") })
	if status, _ := p.get(t, "/probe?target=renamed"); status != http.StatusOK {
		t.Errorf("answered %d after a bad reload", status)
	}
	p.stop(t)
}

func TestWithoutAFileAHangUpDoesNoHarm(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--demo")
	p.hangUp(t)
	p.waitFor(t, func() bool { return strings.Contains(p.logged(), "there is nothing to reload") })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/-/reload", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("answered %s", resp.Status)
	}
	for _, path := range []string{"/probe?target=default", "/sd"} {
		if status, _ := p.get(t, path); status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, status)
		}
	}
	if status, body := p.get(t, "/metrics"); status != http.StatusOK || !strings.Contains(body, "config_last_reload_successful 1") {
		t.Errorf("answered %d: %s", status, body)
	}
	p.stop(t)
}

func (p *process) hangUp(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits for what the process does in its own time.
func (p *process) waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened; logged:\n%s", p.logged())
		}
	}
}

func TestCheckingTheConfiguration(t *testing.T) {
	t.Parallel()
	good := portalsFile(t, 2, "")
	noKey := portalsFile(t, 1, "")
	if err := os.Remove(filepath.Join(filepath.Dir(noKey), "key")); err != nil {
		t.Fatal(err)
	}
	mistaken := portalsFile(t, 1, "defaults: {timeout: soon}\n")
	badWeb := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, badWeb, "tls_server_config: {cert_file: none.pem, key_file: none.pem}")
	for _, tc := range []struct {
		name string
		args []string
		want string // what is wrong
	}{
		{"a file", []string{"--config.file=" + good}, ""},
		{"flags", []string{"--docspace.url=https://portal.example", "--docspace.api-key-file=" + filepath.Join(filepath.Dir(good), "key")}, ""},
		{"the demo", []string{"--demo"}, ""},
		{"no file", []string{"--config.file=/none/docspace.yml"}, "configuration file: open /none/docspace.yml: no such file or directory"},
		{"a mistake", []string{"--config.file=" + mistaken}, mistaken + ":1: defaults.timeout: must be a duration such as 10s or 72h"},
		{"no key", []string{"--config.file=" + noKey}, noKey + ":5: portals.portal0.http_client_config: API key file " + filepath.Dir(noKey) + "/key: no such file or directory"},
		{"no key of the flags", []string{"--docspace.url=https://portal.example", "--docspace.api-key-file=/none/key"}, "API key file /none/key: no such file or directory"},
		{"a device as key file", []string{"--docspace.url=https://portal.example", "--docspace.api-key-file=/dev/null"}, "API key file /dev/null is a device, not a regular file"},
		{"bad flags", []string{"--docspace.url=portal.example", "--docspace.api-key-file=/dev/null"}, "must start with http:// or https://"},
		{"a bad flag beside a file", []string{"--config.file=" + good, "--docspace.timeout=0s"}, "--docspace.timeout must be more than 0"},
		{"a bad telemetry path", []string{"--demo", "--web.telemetry-path=/probe"}, `telemetry path "/probe" is the exporter's own`},
		{"a bad web configuration", []string{"--demo", "--web.config.file=" + badWeb}, "none.pem"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, nil, append(tc.args, "--config.check")...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if tc.want == "" {
				if err != nil || stdout.String() != "the configuration is good\n" || stderr.Len() > 0 {
					t.Errorf("%v, printed %q and %q", err, stdout.String(), stderr.String())
				}
				return
			}
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 1 || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), tc.want) {
				t.Errorf("%v, printed %q and %q", err, stdout.String(), stderr.String())
			}
		})
	}
}

// With keys that are missing, the exporter serves all the same.
func TestOneMissingKeyDoesNotStopTheExporter(t *testing.T) {
	t.Parallel()
	path := portalsFile(t, 1, "")
	key := filepath.Join(filepath.Dir(path), "key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, "--config.file="+path)
	if _, body := p.get(t, "/probe?target=portal0"); !strings.Contains(body, `docspace_scrape_collector_failure{collector="webhooks",reason="unauthorized"} 1`) {
		t.Errorf("answered %s", body)
	}
	writeFile(t, key, simulator.DefaultKey)
	if _, body := p.get(t, "/probe?target=portal0"); !strings.Contains(body, "docspace_up 1") {
		t.Errorf("answered %s", body)
	}
	if !strings.Contains(p.logged(), "until this is mended") {
		t.Errorf("logged:\n%s", p.logged())
	}
	p.stop(t)
}

// The same holds for the one portal of the flags.
func TestKeyFileOfTheFlags_DoesNotStopTheExporter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, path, want string }{
		{"empty", keyFile(t, "\n"), " is empty"},
		{"missing", "/none/key", ": no such file or directory"},
		{"a directory", "/", " is a directory, not a regular file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, "--docspace.url=https://portal.invalid", "--docspace.api-key-file="+tc.path)
			if want := `err="API key file ` + tc.path + tc.want + `"`; !strings.Contains(p.logged(), want) {
				t.Errorf("logged:\n%s\nwant %s", p.logged(), want)
			}
			if _, body := p.get(t, "/metrics"); !strings.Contains(body, `docspace_scrape_collector_failure{collector="webhooks",reason="unauthorized"} 1`) {
				t.Errorf("answered %s", body)
			}
			p.stop(t)
		})
	}
}
