package collector

import (
	"crypto/sha256"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// webhooksCollector emits what GET settings/webhook tells.
type webhooksCollector struct {
	autoDisableAfter time.Duration

	enabled, ssl, lastSuccess, lastFailure             *prometheus.Desc // for each trigger
	info, created, autoDisable, failureInfo, configSum *prometheus.Desc // for each webhook
	count, complete                                    *prometheus.Desc
}

// Most gauges that one webhook has, but for those of its triggers.
const gaugesPerWebhook = 5

// Gauges for each trigger of a webhook.
const gaugesPerTrigger = 4

func newWebhooksCollector(autoDisableAfter time.Duration) *webhooksCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &webhooksCollector{
		autoDisableAfter: autoDisableAfter,
		enabled: desc("docspace_webhook_enabled",
			"Whether the webhook is switched on (field enabled).", "id", "name", "trigger"),
		ssl: desc("docspace_webhook_ssl_enabled",
			"Whether the receiver's certificate is verified, and https demanded from DocSpace 3.7 on (field ssl).", "id", "name", "trigger"),
		lastSuccess: desc("docspace_webhook_last_success_timestamp_seconds",
			"When a delivery was last accepted (field lastSuccessOn), 0 for never. It can go back.", "id", "name", "trigger"),
		lastFailure: desc("docspace_webhook_last_failure_timestamp_seconds",
			"When a delivery last failed after all retries (field lastFailureOn), 0 for never. It can go back.", "id", "name", "trigger"),
		info: desc("docspace_webhook_info",
			"The scheme of the receiver's URL (field uri), and whether the webhook is restricted to one room or file (field targetId).",
			"id", "name", "scheme", "target"),
		created: desc("docspace_webhook_created_timestamp_seconds",
			"When the webhook was created (field createdOn), 0 for unknown.", "id", "name"),
		autoDisable: desc("docspace_webhook_auto_disable_timestamp_seconds",
			"From when on a failed delivery makes DocSpace switch the webhook off: the last success, else the creation (fields lastSuccessOn, createdOn), plus the grace; 0 when it is switched off already or none is known.",
			"id", "name"),
		failureInfo: desc("docspace_webhook_last_failure_info",
			"The class of the last failure (field lastFailureContent), which stays after a recovery.", "id", "name", "reason"),
		configSum: desc("docspace_webhook_config_hash",
			"Fingerprint of what people configure (fields name, uri, enabled, ssl, triggers, targetId): another value means another configuration.",
			"id", "name"),
		count: desc("docspace_webhooks", "How many webhooks are enabled and disabled (field enabled).", "state"),
		complete: desc("docspace_webhooks_complete",
			"Whether the list holds every webhook of the portal: 1 when the API key's user is the owner or a DocSpace administrator, 0 when it may hold only the user's own (GET people/@self, fields isOwner and isAdmin). No series while unknown. Requested once an hour."),
	}
}

func (*webhooksCollector) name() string { return "webhooks" }

func (c *webhooksCollector) describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.enabled, c.ssl, c.lastSuccess, c.lastFailure, c.info, c.created, c.autoDisable, c.failureInfo, c.configSum, c.count, c.complete,
	} {
		ch <- desc
	}
}

func (*webhooksCollector) outcome(s *snapshot) outcome { return s.webhooksRead }

func (c *webhooksCollector) collect(s *snapshot, ch chan<- prometheus.Metric) {
	triggers := newLabels("trigger")
	enabled := 0
	for i := range s.webhooks {
		w := &s.webhooks[i]
		if w.Enabled {
			enabled++
		}
		c.collectWebhook(w, s.location.zone, triggerLabels(w.Triggers, s.names, triggers), ch)
	}
	ch <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(enabled), "enabled")
	ch <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(len(s.webhooks)-enabled), "disabled")
	if s.user != nil {
		ch <- prometheus.MustNewConstMetric(c.complete, prometheus.GaugeValue, boolean(s.user.SeesAll()))
	}
}

func (c *webhooksCollector) collectWebhook(w *docspace.Webhook, zone *time.Location, triggers []*dto.LabelPair, ch chan<- prometheus.Metric) {
	out := newGauges(gaugesPerWebhook+gaugesPerTrigger*len(triggers), ch)
	id, name := label("id", strconv.FormatInt(w.ID, 10)), label("name", w.Name)
	created, success, failure := w.CreatedOn.In(zone), w.LastSuccessOn.In(zone), w.LastFailureOn.In(zone)

	for _, trigger := range triggers {
		labels := []*dto.LabelPair{id, name, trigger}
		out.send(c.enabled, labels, boolean(w.Enabled))
		out.send(c.ssl, labels, boolean(w.SSL))
		out.send(c.lastSuccess, labels, unix(success))
		out.send(c.lastFailure, labels, unix(failure))
	}
	labels := []*dto.LabelPair{id, name}
	out.send(c.created, labels, unix(created))
	out.send(c.autoDisable, labels, unix(c.autoDisableAt(w, trustedSince(success, created))))
	out.send(c.configSum, labels, configHash(w))
	out.send(c.info, []*dto.LabelPair{id, name, label("scheme", schemeOf(w.URI)), label("target", targetOf(w))}, 1)
	if !failure.IsZero() || w.LastFailureContent != "" {
		reason := string(docspace.ClassifyFailure(w.LastFailureContent))
		out.send(c.failureInfo, []*dto.LabelPair{id, name, label("reason", reason)}, 1)
	}
}

// autoDisableAt is when the portal's patience ends, or never for a webhook that it can't switch off.
func (c *webhooksCollector) autoDisableAt(w *docspace.Webhook, since time.Time) time.Time {
	if !w.Enabled || since.IsZero() {
		return time.Time{}
	}
	return since.Add(c.autoDisableAfter)
}

// trustedSince is when the portal's patience with a webhook begins: its last success, else its
// creation, and zero when neither is known.
func trustedSince(success, created time.Time) time.Time {
	if success.IsZero() {
		return created
	}
	return success
}

// triggerLabels returns one label for each trigger of a set, and an empty one for a set that was not
// sent.
func triggerLabels(set docspace.TriggerSet, names *docspace.TriggerNames, triggers labels) []*dto.LabelPair {
	list := set.Names(names)
	if len(list) == 0 {
		list = []string{""}
	}
	pairs := make([]*dto.LabelPair, len(list))
	for i, name := range list {
		pairs[i] = triggers.pair(name)
	}
	return pairs
}

// unix is a timestamp as a metric: 0 for never.
func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func schemeOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "other"
	}
	return u.Scheme
}

func targetOf(w *docspace.Webhook) string {
	if w.TargetID == "" {
		return "any"
	}
	return "restricted"
}

// configHash is 48 bits long, because a metric's value holds integers of up to 53 bits.
func configHash(w *docspace.Webhook) float64 {
	var text strings.Builder
	for _, part := range []string{
		w.Name, w.URI, strconv.FormatBool(w.Enabled), strconv.FormatBool(w.SSL), w.Triggers.String(), w.TargetID,
	} {
		text.WriteString(strconv.Itoa(len(part)) + ":" + part)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return float64(binary.BigEndian.Uint64(sum[:8]) >> 16)
}
