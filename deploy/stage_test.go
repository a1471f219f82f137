package deploy_test

import (
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
)

// pace is how much faster time goes here than in what is shipped: a minute takes a second.
const pace = 60

var (
	duration = regexp.MustCompile(`(\[|offset |\b(?:for|group_wait|group_interval|repeat_interval|scrape_interval): )(\d+[smhd])`)
	longTime = regexp.MustCompile(`\b(?:86400|3600)\b`) // in seconds
)

// faster divides the durations of a shipped file by the pace: ranges, offsets, waits and intervals, and the days and hours with
// which expressions compare. The seconds between clocks and those of a slow delivery stay; no scene is about them.
func faster(t *testing.T, path string) string {
	t.Helper()
	text := duration.ReplaceAllStringFunc(read(t, path), func(found string) string {
		parts := duration.FindStringSubmatch(found)
		d, err := model.ParseDuration(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		return parts[1] + (d / pace).String()
	})
	return longTime.ReplaceAllString(text, "($0 / "+strconv.Itoa(pace)+")")
}

// replace has a file say something else of what it must say.
func replace(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("there is no %s in\n%s", old, text)
	}
	return strings.ReplaceAll(text, old, replacement)
}

// startAlertmanager runs a real Alertmanager with the shipped configuration, but for its pace and for where its receivers are.
func startAlertmanager(t *testing.T, receivers *inbox) *process {
	t.Helper()
	server := httptest.NewServer(receivers)
	t.Cleanup(server.Close)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mails := make(chan error, 1)
	go func() { mails <- receivers.serveMail(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-mails; err != nil {
			t.Errorf("mail: %v", err)
		}
	})
	config := replace(t, faster(t, alertmanagerFile), "http://127.0.0.1:5001", server.URL)
	config = replace(t, config, "localhost:25", listener.Addr().String())
	path := filepath.Join(t.TempDir(), "alertmanager.yml")
	writeFile(t, path, config)
	return launch(t, exec.CommandContext(t.Context(), toolPath(t, "prometheus-alertmanager"),
		"--config.file="+path, "--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address=127.0.0.1:0"))
}

// watch runs a real Prometheus with the shipped configuration and rules, but for their pace, for the addresses, and for the timeout
// of a scrape, which is as long as the interval: an exporter does not get faster.
func watch(t *testing.T, scenes []*scene, manager *process) string {
	t.Helper()
	instances := make([]string, 0, len(scenes))
	for _, s := range scenes {
		instances = append(instances, s.instance())
	}
	config := replace(t, faster(t, "prometheus/prometheus.yml"), "scrape_timeout: 15s", "scrape_timeout: 1s")
	config = replace(t, config, "- localhost:10056", "- "+strings.Join(instances, "\n          - "))
	config = replace(t, config, "localhost:9093", strings.TrimPrefix(manager.url, "http://"))
	return startPrometheus(t, map[string]string{
		"prometheus.yml": "global: {evaluation_interval: 1s}\n" + config, // the default is a minute
		"rules.yml":      faster(t, "prometheus/rules.yml"),
	})
}
