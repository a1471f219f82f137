package deploy_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The right people are told of what happens to a portal, once and with links, and of its end.
func TestAlertsFromEndToEnd(t *testing.T) {
	t.Parallel()
	toolPath(t, "prometheus") // before anything is started
	receivers, scenes := newInbox(), newScenes()
	manager := startAlertmanager(t, receivers)
	for _, s := range scenes {
		s.open(t)
	}
	prometheus := watch(t, scenes, manager)
	known := url.QueryEscape("group by (instance) (webhook:docspace_webhook_name:info)")
	ask(t, prometheus+"/api/v1/query?query="+known, func(v vector) bool { return len(v.Result) == len(scenes) })

	for _, s := range scenes {
		s.trouble(t, s)
	}
	for _, s := range scenes {
		s.waitUntilTold(t, receivers, manager)
	}
	for _, s := range scenes {
		s.mend(t, s)
	}
	for _, s := range scenes {
		for _, status := range s.hears {
			receivers.wait(t, s.receiver, status, s.labels)
		}
	}
	manager.stop(t)
	for _, s := range scenes {
		s.exporter.stop(t)
		s.checkTold(t, receivers)
	}
}

// waitUntilTold waits until the receiver is told of the trouble, and until there is what nobody is told of for its sake.
func (s *scene) waitUntilTold(t *testing.T, receivers *inbox, manager *process) {
	t.Helper()
	if len(s.hears) == 0 {
		return
	}
	a := receivers.wait(t, s.receiver, "firing", s.labels)
	if a.group != s.group || !strings.Contains(a.Annotations["description"], s.says) {
		t.Errorf("%s says %q, want %q, by %q", a, a.Annotations["description"], s.says, s.group)
	}
	if s.inhibits == "" {
		return
	}
	labels := map[string]string{"alertname": s.inhibits, "severity": "warning", "instance": s.instance()}
	manager.waitFor(t, func() bool { return slices.Equal(manager.inhibited(t, labels), []bool{true}) })
}

// checkTold checks all that anybody was told of the portal. That of the demo is more than can be foreseen.
func (s *scene) checkTold(t *testing.T, receivers *inbox) {
	t.Helper()
	alerts, _ := receivers.all()
	pages := runbooks(t)
	var heard []string
	for _, a := range alerts {
		if a.Labels["instance"] != s.instance() {
			continue
		}
		heard = append(heard, a.Status)
		if !s.demo() && (a.receiver != s.receiver || !maps.Equal(a.Labels, s.labels)) {
			t.Errorf("somebody else, or of something else, was told %s", a)
		}
		if !strings.Contains(a.Annotations["description"], s.instance()) || a.Annotations["summary"] == "" {
			t.Errorf("%s says %q: %q", a, a.Annotations["summary"], a.Annotations["description"])
		}
		if page := strings.TrimPrefix(a.Annotations["runbook_url"], runbookBase); pages[page] == "" {
			t.Errorf("%s has the runbook %q", a, a.Annotations["runbook_url"])
		}
		want := "https://grafana.example.com/d/docspace-webhooks?var-job=docspace&var-instance=" + s.instance()
		if id := a.Labels["id"]; id != "" {
			want += "&var-webhook=" + id
		}
		if a.Annotations["dashboard_url"] != want {
			t.Errorf("%s has the dashboard %s", a, a.Annotations["dashboard_url"])
		}
	}
	if !s.demo() && !slices.Equal(heard, s.hears) {
		t.Errorf("heard %v of %v, want %v", heard, s.labels, s.hears)
	}
}
