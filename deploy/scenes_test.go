package deploy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// scene is a trouble of a portal, which has an exporter of its own.
type scene struct {
	trouble, mend func(t *testing.T, s *scene)
	labels        map[string]string // of the alert; job and instance are added
	receiver      string
	hears         []string // what the receiver is told of it, and nobody of anything else; nothing of a portal that is well
	group         string   // the names of the labels that the alerts of one message share
	says          string   // in the description
	inhibits      string   // a warning that nobody is told of for its sake

	webhook  simulator.Webhook // at first; none for the demo
	portal   *simulator.Portal
	key      string // the file with the API key
	args     []string
	exporter *process
}

func (s *scene) instance() string { return strings.TrimPrefix(s.exporter.url, "http://") }

// demo reports whether the exporter plays by itself.
func (s *scene) demo() bool { return s.webhook.ID == 0 }

// open starts the portal, and the built exporter with durations that keep up with the pace.
func (s *scene) open(t *testing.T) {
	t.Helper()
	s.args = []string{"--demo"}
	if !s.demo() {
		s.portal = simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{s.webhook}})
		server := httptest.NewServer(s.portal)
		t.Cleanup(server.Close)
		s.key = keyFile(t, simulator.DefaultKey)
		s.args = []string{
			"--docspace.url=" + server.URL, "--docspace.api-key-file=" + s.key, "--docspace.auto-disable-after=72m",
			"--collector.deliveries.stuck-after=15s",
		}
	}
	s.args = append(s.args, "--web.timeout-offset=0.1s")
	s.exporter = start(t, nil, s.args...)
	if s.labels != nil {
		s.labels["job"], s.labels["instance"] = "docspace", s.instance()
	}
}

// change changes the webhook.
func (s *scene) change(edit func(w *simulator.Webhook)) {
	edit(&s.webhook)
	s.portal.SetWebhooks([]simulator.Webhook{s.webhook})
}

func nothing(*testing.T, *scene) {}

// failed has the last delivery have failed some time ago.
func failed(ago time.Duration, text string) func(*testing.T, *scene) {
	return func(_ *testing.T, s *scene) {
		s.change(func(w *simulator.Webhook) { w.LastFailureOn, w.LastFailureContent = time.Now().Add(-ago), text })
	}
}

// disabled has the last delivery have failed now, so that DocSpace switched the webhook off.
func disabled(text string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		failed(0, text)(t, s)
		s.change(func(w *simulator.Webhook) { w.Enabled = false })
	}
}

// accepted has the webhook be on, and a delivery be accepted.
func accepted(_ *testing.T, s *scene) {
	s.change(func(w *simulator.Webhook) { w.Enabled, w.LastSuccessOn = true, time.Now() })
}

// logged has the log hold a delivery.
func logged(d simulator.Delivery) func(*testing.T, *scene) {
	return func(_ *testing.T, s *scene) { s.portal.AddDeliveries(d) }
}

// keyIs has the exporter's key file hold a key.
func keyIs(content string) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) {
		t.Helper()
		writeFile(t, s.key, content)
	}
}

func stopped(t *testing.T, s *scene) {
	t.Helper()
	s.exporter.stop(t)
}

func started(t *testing.T, s *scene) {
	t.Helper()
	s.exporter = launch(t, command(t, nil, append(s.args, "--web.listen-address="+s.instance())...))
}

// newScenes are troubles that use every route and every receiver, and the demo.
func newScenes() []*scene {
	now := time.Now()
	crm := simulator.Webhook{
		ID: 7, Name: "crm", URL: "https://hooks.example/in", Enabled: true, SSL: true, Triggers: 1 << 8,
		CreatedOn: now.Add(-2 * time.Hour), LastSuccessOn: now.Add(-30 * time.Minute),
	}
	chat := crm
	chat.Name = "chat-notify"
	lapsed := crm
	lapsed.LastSuccessOn = now.Add(-73 * time.Minute)
	waits := simulator.Delivery{ID: 1, WebhookID: 7, Trigger: 1 << 8, CreatedOn: now.Add(-2 * time.Minute)}
	ended := waits
	ended.Sent, ended.Status, ended.DeliveredOn = true, http.StatusOK, now
	begin, both := []string{"firing"}, []string{"firing", "resolved"}
	const each = "alertname instance job"
	return []*scene{
		{webhook: crm, trouble: nothing, mend: nothing},
		{
			webhook: crm, trouble: failed(0, "Connection refused (hooks.example:443)"), mend: accepted,
			labels:   map[string]string{"alertname": "DocSpaceWebhookFailing", "severity": "warning", "id": "7", "name": "crm"},
			receiver: "team", hears: both, group: each, says: "Class of the failure: connection.",
		},
		{
			// What it feeds cannot tell of it.
			webhook: chat, trouble: failed(0, "Response status code does not indicate success: 503 (Service Unavailable)."), mend: accepted,
			labels:   map[string]string{"alertname": "DocSpaceWebhookFailing", "severity": "warning", "id": "7", "name": "chat-notify"},
			receiver: "mail", hears: begin, says: "Class of the failure: server_error.",
		},
		{
			webhook: lapsed, trouble: disabled("Name or service not known (hooks.example:443)"), mend: accepted,
			labels:   map[string]string{"alertname": "DocSpaceWebhookAutoDisabled", "severity": "critical", "id": "7", "name": "crm"},
			receiver: "pager", hears: both, group: each, says: "Class of the failure: dns.",
		},
		{
			webhook: crm, trouble: logged(waits), mend: logged(ended),
			labels:   map[string]string{"alertname": "DocSpaceWebhookDeliveriesStuck", "severity": "warning", "id": "7", "name": "crm"},
			receiver: "team", hears: both, group: each, says: "older than the longest run of retries: 1.",
		},
		{
			webhook: crm, trouble: failed(25*time.Minute, "Connection refused (hooks.example:443)"), mend: accepted,
			labels:   map[string]string{"alertname": "DocSpaceWebhookUnverified", "severity": "info", "id": "7", "name": "crm"},
			receiver: "digest", hears: begin, group: "instance job", says: "Nobody knows whether its receiver works again",
		},
		{
			webhook: crm, trouble: keyIs("sk-revoked"), mend: keyIs(simulator.DefaultKey),
			labels:   map[string]string{"alertname": "DocSpaceKeyRefused", "severity": "critical", "reason": "unauthorized"},
			receiver: "pager", hears: both, group: each, says: "has answered unauthorized", inhibits: "DocSpaceCollectorFailing",
		},
		{
			webhook: crm, trouble: stopped, mend: started,
			labels:   map[string]string{"alertname": "DocSpaceExporterDown", "severity": "critical"},
			receiver: "pager", hears: both, group: "alertname", says: "Nothing is known of its webhooks.",
		},
		{
			trouble: nothing, mend: nothing,
			labels:   map[string]string{"alertname": "DocSpaceWebhookFailing", "severity": "warning", "id": "3", "name": "partner-audit"},
			receiver: "team", hears: both, group: each, says: "Class of the failure: ",
		},
	}
}
