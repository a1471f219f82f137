package deploy_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func keyFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docspace.key")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A mistake is one line that names the culprit, and exit code 1.
func TestBadFlagsAndVariables(t *testing.T) {
	t.Parallel()
	good := keyFile(t, simulator.DefaultKey+"\n")
	const url = "--docspace.url=https://portal.example"
	for _, tc := range []struct {
		name string
		env  []string
		args []string
		want string
	}{
		{"no portal", nil, nil, "no portal: give --docspace.url"},
		{"no scheme", nil, []string{"--docspace.url=portal.example", "--docspace.api-key-file=" + good}, `portal URL must start with http:// or https://`},
		{"another scheme", nil, []string{"--docspace.url=ftp://portal.example", "--docspace.api-key-file=" + good}, "must start with http:// or https://"},
		{"no host", nil, []string{"--docspace.url=https:///x", "--docspace.api-key-file=" + good}, "names no host"},
		{"no such port", nil, []string{"--docspace.url=https://portal.example:65536", "--docspace.api-key-file=" + good}, "has an invalid port"},
		{"not a URL", nil, []string{"--docspace.url=https://a b/", "--docspace.api-key-file=" + good}, "portal URL"},
		{"a password in the URL", nil, []string{"--docspace.url=https://u:hunter2@a", "--docspace.api-key-file=" + good}, "holds a user name or password"},
		{"no key", nil, []string{url}, "no API key: give --docspace.api-key-file"},
		{"two keys", []string{"DOCSPACE_API_KEY=sk-1"}, []string{url, "--docspace.api-key-file=" + good}, "two API keys"},
		{"two words in the key", []string{"DOCSPACE_API_KEY=sk-1 sk-2"}, []string{url}, "API key contains white space"},
		{"quotes around the key", []string{`DOCSPACE_API_KEY="hunter2"`}, []string{url}, "API key has quotes around the key"},
		{"unknown zone", []string{"DOCSPACE_API_KEY=sk-1"}, []string{url, "--docspace.time-zone=Mars/Olympus"}, "--docspace.time-zone must be auto or an IANA name"},
		{"empty zone", nil, []string{"--demo", "--docspace.time-zone="}, "--docspace.time-zone"},
		{"the machine's zone", nil, []string{"--demo", "--docspace.time-zone=Local"}, "--docspace.time-zone"},
		{"demo and a URL", nil, []string{"--demo", url}, "--demo scrapes a simulated portal"},
		{"demo and a key file", nil, []string{"--demo", "--docspace.api-key-file=" + good}, "leave --docspace.url (DOCSPACE_URL) and --docspace.api-key-file"},
		{"demo and a URL in the environment", []string{"DOCSPACE_URL=https://portal.example"}, []string{"--demo"}, "DOCSPACE_URL"},
		{"a file and a URL", nil, []string{"--config.file=x", url}, "--config.file says which portals there are: leave --docspace.url (DOCSPACE_URL) out"},
		{"a file and a URL in the environment", []string{"DOCSPACE_URL=https://portal.example"}, []string{"--config.file=x"}, "leave --docspace.url (DOCSPACE_URL) out"},
		{"a file and a key file", nil, []string{"--config.file=x", "--docspace.api-key-file=" + good}, "leave --docspace.api-key-file (DOCSPACE_API_KEY_FILE) out"},
		{"a file and a key in the environment", []string{"DOCSPACE_API_KEY=sk-1"}, []string{"--config.file=x"}, "leave DOCSPACE_API_KEY out"},
		{"a file and the demo", nil, []string{"--config.file=x", "--demo"}, "leave --demo out"},
		{"a missing file", nil, []string{"--config.file=/none/docspace.yml"}, "/none/docspace.yml: no such file"},
		{"no time", nil, []string{"--demo", "--docspace.timeout=0s"}, "--docspace.timeout must be more than 0"},
		{"no duration", nil, []string{"--demo", "--docspace.timeout=10"}, "missing unit in duration"},
		{"a bad variable", []string{"DOCSPACE_EXPORTER_DOCSPACE_TIMEOUT=soon"}, []string{"--demo"}, `invalid duration "soon"`},
		{"a negative interval", nil, []string{"--demo", "--docspace.min-interval=-1s"}, "--docspace.min-interval must not be negative"},
		{"a negative number of requests", nil, []string{"--demo", "--web.max-requests=-1"}, "--web.max-requests must not be negative"},
		{"missing authorities", nil, []string{url, "--docspace.api-key-file=" + good, "--docspace.ca-file=/none/ca.pem"}, "/none/ca.pem: no such file"},
		{"a file without authorities", nil, []string{url, "--docspace.api-key-file=" + good, "--docspace.ca-file=" + good}, good},
		{"demo and authorities", nil, []string{"--demo", "--docspace.ca-file=" + good}, "leave --docspace.ca-file out"},
		{"a file and authorities", nil, []string{"--config.file=x", "--docspace.ca-file=" + good}, "leave --docspace.ca-file out"},
		{"a negative offset", nil, []string{"--demo", "--web.timeout-offset=-1s"}, "--web.timeout-offset must not be negative"},
		{"no size", nil, []string{"--demo", "--docspace.max-response-size=0"}, "--docspace.max-response-size"},
		{"no grace", nil, []string{"--demo", "--docspace.auto-disable-after=-1h"}, "--docspace.auto-disable-after must be more than 0"},
		{"no pages", nil, []string{"--demo", "--collector.deliveries.max-pages=0"}, "--collector.deliveries.max-pages must be more than 0"},
		{"nothing is ever stuck", nil, []string{"--demo", "--collector.deliveries.lookback=15m"}, "--collector.deliveries.lookback must be longer than a delivery takes to be stuck"},
		{"telemetry path", nil, []string{"--demo", "--web.telemetry-path=metrics"}, `telemetry path "metrics"`},
		{"telemetry path that no request has", nil, []string{"--demo", "--web.telemetry-path=//metrics"}, `telemetry path "//metrics"`},
		{"log level", nil, []string{"--demo", "--log.level=loud"}, "loud"},
		{"unknown flag", nil, []string{"--demon"}, "unknown long flag '--demon'"},
		{"an unknown command", nil, []string{"--demo", "sreve"}, "unexpected sreve"},
		{"an argument", nil, []string{"serve", "--demo", "now"}, "unexpected now"},
		{"an address that can't be listened on", nil, []string{"--demo", "--web.listen-address=256.0.0.1:1"}, "256.0.0.1"},
		{"a missing web configuration", nil, []string{"--demo", "--web.config.file=/none/web.yml"}, "/none/web.yml"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			printed := fails(t, tc.env, tc.args...)
			lines := strings.Split(strings.TrimSpace(printed), "\n")
			last := lines[len(lines)-1]
			if !strings.HasPrefix(last, "docspace_exporter: error: ") || !strings.Contains(last, tc.want) || strings.Contains(printed, "hunter2") {
				t.Errorf("printed:\n%s", printed)
			}
			if started := strings.Contains(printed, "level=info"); len(lines) != 1 && !started {
				t.Errorf("more than one line:\n%s", printed)
			}
		})
	}
}

// Every flag changes what is seen from outside.
func TestEveryFlagDoesSomething(t *testing.T) {
	t.Parallel()
	created := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	portal := simulator.New(simulator.Options{Version: simulator.V37, TimeZone: time.UTC, Webhooks: []simulator.Webhook{
		{ID: 1, Name: "crm", URL: "https://hooks.example", Enabled: true, Triggers: 1 << 8, CreatedOn: created},
	}})
	server := httptest.NewServer(portal)
	t.Cleanup(server.Close)
	slow := httptest.NewServer(simulator.Hang())
	t.Cleanup(slow.Close)
	fileArg := "--docspace.api-key-file=" + keyFile(t, simulator.DefaultKey)
	inEnv := []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}
	secure, certificate := tlsServer(t)

	for _, tc := range []struct {
		name   string
		env    []string
		args   []string
		path   string
		header []string
		status int
		has    string
		hasNot string
	}{
		{name: "url and key file", args: []string{"--docspace.url=" + server.URL + "/", fileArg}, has: "docspace_up 1"},
		{name: "url and key in the environment", env: append(inEnv, "DOCSPACE_URL="+server.URL), has: "docspace_up 1"},
		{name: "a path prefix is kept", env: inEnv, args: []string{"--docspace.url=" + server.URL + "/prefix/"}, has: "docspace_up 1"},
		{
			name: "timeout", env: inEnv, args: []string{"--docspace.url=" + slow.URL, "--docspace.timeout=100ms"},
			has: `docspace_scrape_collector_failure{collector="webhooks",reason="timeout"} 1`,
		},
		{
			name: "timeout offset", env: inEnv, args: []string{"--docspace.url=" + slow.URL, "--web.timeout-offset=99.9s"},
			header: []string{"X-Prometheus-Scrape-Timeout-Seconds", "100"},
			has:    `docspace_scrape_collector_failure{collector="webhooks",reason="timeout"} 1`,
		},
		{name: "time zone", env: inEnv, args: []string{"--docspace.url=" + server.URL, "--docspace.time-zone=Asia/Kolkata"}, has: `time_zone="Asia/Kolkata"`},
		{
			name: "auto-disable", env: inEnv, args: []string{"--docspace.url=" + server.URL, "--docspace.auto-disable-after=24h"},
			has: "docspace_webhook_auto_disable_timestamp_seconds{id=\"1\",name=\"crm\"} " + exponent(created.Add(24*time.Hour)),
		},
		{
			name: "size", env: inEnv, args: []string{"--docspace.url=" + server.URL, "--docspace.max-response-size=10B"},
			has: `docspace_scrape_collector_failure{collector="webhooks",reason="too_large"} 1`,
		},
		{name: "without webhooks", env: inEnv, args: []string{"--docspace.url=" + server.URL, "--no-collector.webhooks"}, has: "docspace_up 1", hasNot: "docspace_webhook_enabled"},
		{name: "without triggers", env: inEnv, args: []string{"--docspace.url=" + server.URL, "--no-collector.triggers"}, has: "docspace_up 1", hasNot: "trigger_available"},
		{name: "telemetry path", args: []string{"--demo", "--web.telemetry-path=/here"}, path: "/here", has: "docspace_up 1"},
		{name: "authorities", env: inEnv, args: []string{"--docspace.url=" + secure.URL, "--docspace.ca-file=" + certificate}, has: "docspace_up 1"},
		{name: "exporter metrics", args: []string{"--demo"}, has: "\npromhttp_metric_handler_requests_in_flight 1\n"},
		{name: "go metrics", args: []string{"--demo"}, has: "\ngo_goroutines "},
		{name: "process metrics", args: []string{"--demo"}, has: "\nprocess_open_fds "},
		{name: "no exporter metrics", args: []string{"--demo", "--web.disable-exporter-metrics"}, has: "docspace_exporter_build_info", hasNot: "promhttp_"},
		{name: "no go metrics", args: []string{"--demo", "--web.disable-exporter-metrics"}, has: "docspace_up 1", hasNot: "\ngo_"},
		{name: "no process metrics", args: []string{"--demo", "--web.disable-exporter-metrics"}, has: "docspace_up 1", hasNot: "\nprocess_"},
		{name: "memory limit", env: []string{"GOMEMLIMIT=100MiB"}, args: []string{"--demo"}, has: "\ngo_gc_gomemlimit_bytes 1.048576e+08\n"},
		{name: "no pprof", args: []string{"--demo"}, path: "/debug/pprof/", status: http.StatusNotFound},
		{name: "pprof", args: []string{"--demo", "--web.enable-pprof"}, path: "/debug/pprof/", has: "goroutine"},
		{name: "landing page", args: []string{"--demo"}, path: "/", has: "docspace_exporter", hasNot: "debug/pprof"},
		{name: "the command that is the default", args: []string{"serve", "--demo"}, has: "docspace_up 1"},
		{name: "status page", args: []string{"--demo"}, path: "/status", has: "crm-sync"},
		{name: "web configuration", args: []string{"--demo", "--web.config.file=" + webConfig(t)}, path: "/-/healthy", status: http.StatusUnauthorized},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, tc.env, tc.args...)
			path, status := tc.path, tc.status
			if path == "" {
				path = "/metrics"
			}
			if status == 0 {
				status = http.StatusOK
			}
			got, body := p.get(t, path, tc.header...)
			if got != status || !strings.Contains(body, tc.has) || tc.hasNot != "" && strings.Contains(body, tc.hasNot) {
				t.Errorf("%s answered %d without %q, or with %q:\n%s\n%s", path, got, tc.has, tc.hasNot, body, p.logged())
			}
			p.stop(t)
		})
	}
}

// exponent is a timestamp as the text format prints it.
func exponent(at time.Time) string {
	text, err := json.Marshal(float64(at.Unix()) / 1e9)
	if err != nil {
		panic(err)
	}
	return string(text) + "e+09"
}

func webConfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	const users = "basic_auth_users: {prometheus: $2y$10$kLzxjsn4g9gXQ3PDSoUTGO8mIb0XJCnPrS9Lb3HhBnT0dQWpZbUZG}\n"
	if err := os.WriteFile(path, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLogFormatsAndLevels(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--demo", "--log.format=json")
	p.stop(t)
	for line := range strings.Lines(p.logged()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["ts"] == nil || entry["level"] == nil || entry["msg"] == nil || entry["time"] != nil {
			t.Errorf("line %s: %v", line, err)
		}
	}
	if !strings.Contains(p.logged(), `"msg":"stopped"`) {
		t.Errorf("logged:\n%s", p.logged())
	}
	printed := fails(t, nil, "--demo", "--log.level=error", "--web.listen-address=256.0.0.1:1")
	if strings.Contains(printed, "level=info") {
		t.Errorf("logged:\n%s", printed)
	}
}

func TestClearTextIsWarnedOf(t *testing.T) {
	t.Parallel()
	for url, warned := range map[string]bool{"http://portal.invalid": true, "https://portal.invalid": false, "http://127.0.0.1:1": false, "http://localhost:1": false} {
		env := []string{"DOCSPACE_API_KEY=sk-1", "DOCSPACE_URL=" + url, "DOCSPACE_EXPORTER_DOCSPACE_TIMEOUT=1s"}
		p := start(t, env)
		p.stop(t)
		if got := strings.Contains(p.logged(), "clear text"); got != warned {
			t.Errorf("%s: warned %t", url, got)
		}
		_, printed, _ := exits(t, env, "check")
		if got := strings.Contains(printed, "clear text"); got != warned {
			t.Errorf("%s: check warned %t:\n%s", url, got, printed)
		}
	}
}

// SIGTERM lets a scrape in flight end.
func TestScrapesInFlightAreDrained(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	p := start(t, []string{"DOCSPACE_API_KEY=sk-1"}, "--docspace.url="+slow.URL, "--docspace.timeout=2s")
	answered := make(chan string, 1)
	go func() {
		defer close(answered) // also after a failure
		_, body := p.get(t, "/metrics")
		answered <- body
	}()
	<-asked
	p.stop(t)
	if body := <-answered; !strings.Contains(body, "docspace_up 0") {
		t.Errorf("the scrape was cut off: %s", body)
	}
}

func TestParallelRequestsAreLimited(t *testing.T) {
	t.Parallel()
	portal := newHeldPortal(t)
	p := start(t, []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+portal.url, "--web.max-requests=1")
	first := make(chan int, 1)
	go func() {
		defer close(first) // also after a failure
		status, _ := p.get(t, "/metrics")
		first <- status
	}()
	<-portal.requested
	status, body := p.get(t, "/metrics")
	if status != http.StatusServiceUnavailable || body != "Limit of concurrent requests reached (1), try again later.\n" {
		t.Errorf("status %d: %s", status, body)
	}
	portal.release()
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first request got status %d", status)
	}
	p.stop(t)
}
