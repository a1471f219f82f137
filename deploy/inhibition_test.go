package deploy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// firing is an alert of a portal, by its name, its severity and the number of its webhook: "DocSpaceWebhookFailing warning 7".
type firing string

func (f firing) in(instance string) map[string]map[string]string {
	words := append(strings.Fields(string(f)), "")
	labels := map[string]string{"alertname": words[0], "severity": words[1], "job": "docspace", "instance": instance}
	if words[2] != "" {
		labels["id"] = words[2]
	}
	return map[string]map[string]string{"labels": labels}
}

// A real Alertmanager is told of two alerts of one portal at a time. Those that are not inhibited come first, so that it has seen
// them all when it inhibits the last.
func TestOneTroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	cases := []struct {
		source, target firing
		inhibited      bool
	}{
		{"DocSpaceWebhookAutoDisabled critical 1", "DocSpaceWebhookFailing warning 2", false},
		{"DocSpaceWebhookFailing warning 1", "DocSpaceWebhookErrorBudgetBurn critical 1", false},
		{"DocSpaceWebhooksMostlyFailing critical", "DocSpaceWebhookAutoDisableSoon critical 1", false},
		{"DocSpaceWebhooksMostlyFailing critical", "DocSpaceWebhookInsecureURL warning 1", false},
		{"DocSpaceWebhookFailing warning 1", "DocSpacePortalDown critical", false},
		{"DocSpaceWebhookErrorBudgetBurn critical 1", "DocSpaceWebhookErrorBudgetBurn warning 2", false},

		{"DocSpaceExporterDown critical", "DocSpacePortalDown critical", true},
		{"DocSpaceExporterDown critical", "DocSpaceWebhookAutoDisabled critical 1", true},
		{"DocSpacePortalDown critical", "DocSpaceWebhookFailing warning 1", true},
		{"DocSpaceKeyRefused critical", "DocSpaceCollectorFailing warning", true},
		{"DocSpaceWebhooksMostlyFailing critical", "DocSpaceWebhookFailing warning 1", true},
		{"DocSpaceWebhookAutoDisabled critical 1", "DocSpaceWebhookFailing warning 1", true},
		{"DocSpaceWebhookDisabled warning 1", "DocSpaceWebhookConfigChanged info 1", true},
		{"DocSpaceWebhookRemoved critical 1", "DocSpaceWebhookDeliveriesStuck warning 1", true},
		{"DocSpaceWebhookAutoDisableSoon warning 1", "DocSpaceWebhookUnverified info 1", true},
		{"DocSpaceWebhookAutoDisableSoon critical 1", "DocSpaceWebhookAutoDisableSoon warning 1", true},
		{"DocSpaceWebhookErrorBudgetBurn warning 1", "DocSpaceWebhookFailingIntermittently warning 1", true},
		{"DocSpaceWebhookBacklog warning", "DocSpaceWebhookDeliverySlow warning 1", true},
	}
	manager := launch(t, exec.CommandContext(t.Context(), toolPath(t, "prometheus-alertmanager"),
		"--config.file="+alertmanagerFile, "--storage.path="+t.TempDir(), "--cluster.listen-address=", "--web.listen-address=127.0.0.1:0"))
	told := make([]map[string]map[string]string, 0, 2*len(cases))
	for i, tc := range cases {
		told = append(told, tc.source.in(strconv.Itoa(i)), tc.target.in(strconv.Itoa(i)))
	}
	manager.post(t, "/api/v2/alerts", told)
	for i, tc := range slices.Backward(cases) {
		within := time.After(patience)
		for manager.inhibits(t, tc.target.in(strconv.Itoa(i))["labels"]) != tc.inhibited {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-within:
				t.Fatalf("%s inhibits %s: %t, want %t", tc.source, tc.target, !tc.inhibited, tc.inhibited)
			}
		}
	}
	manager.stop(t)
}

func (p *process) post(t *testing.T, path string, content any) {
	t.Helper()
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %s", path, resp.Status)
	}
}

// inhibits reports whether the Alertmanager holds the alert back.
func (p *process) inhibits(t *testing.T, labels map[string]string) bool {
	t.Helper()
	inhibited := p.inhibited(t, labels)
	if len(inhibited) != 1 {
		t.Fatalf("of %v there are %d alerts", labels, len(inhibited))
	}
	return inhibited[0]
}

// inhibited tells of each alert with the name, the severity and the portal of these labels whether the Alertmanager holds it back.
func (p *process) inhibited(t *testing.T, labels map[string]string) []bool {
	t.Helper()
	path := fmt.Sprintf("/api/v2/alerts?filter=alertname=%s&filter=severity=%s&filter=instance=%q", labels["alertname"], labels["severity"], labels["instance"])
	status, body := p.get(t, path)
	var alerts []struct {
		Status struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	if err := json.Unmarshal([]byte(body), &alerts); err != nil || status != http.StatusOK {
		t.Fatalf("%s answered %d: %s (%v)", path, status, body, err)
	}
	inhibited := make([]bool, len(alerts))
	for i := range alerts {
		inhibited[i] = len(alerts[i].Status.InhibitedBy) > 0
	}
	return inhibited
}
