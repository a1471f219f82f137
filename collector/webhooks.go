package collector

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// webhooksCollector emits what GET settings/webhook tells.
type webhooksCollector struct {
	autoDisableAfter time.Duration

	perTrigger, perWebhook []webhookGauge
	info, failureInfo      *family
	count, complete        *family
}

// webhookGauge is a gauge that every webhook has, or every trigger of it. The zone is that of the portal's dates.
type webhookGauge struct {
	*family
	value func(w *docspace.Webhook, zone *time.Location) float64
}

func newWebhooksCollector(autoDisableAfter time.Duration) *webhooksCollector {
	c := &webhooksCollector{autoDisableAfter: autoDisableAfter}
	c.perTrigger = triggerGauges()
	c.perWebhook = c.webhookGauges()
	c.info = gaugeFamily("docspace_webhook_info",
		"The scheme of the receiver's URL (field uri), and whether the webhook is restricted to one room or file (field targetId).",
		"id", "name", "scheme", "target")
	c.failureInfo = gaugeFamily("docspace_webhook_last_failure_info",
		"The class of the last failure (field lastFailureContent), which stays after a recovery.", "id", "name", "reason")
	c.count = gaugeFamily("docspace_webhooks", "How many webhooks are enabled and disabled (field enabled).", "state")
	c.complete = gaugeFamily("docspace_webhooks_complete",
		"Whether the list holds every webhook of the portal: 1 when the API key's user is the owner or a DocSpace administrator, 0 when it may hold only the user's own (GET people/@self, fields isOwner and isAdmin). No series while unknown. Requested once an hour.")
	return c
}

func triggerGauges() []webhookGauge {
	return []webhookGauge{
		{
			gaugeFamily("docspace_webhook_enabled",
				"Whether the webhook is switched on (field enabled).", "id", "name", "trigger"),
			func(w *docspace.Webhook, _ *time.Location) float64 { return boolean(w.Enabled) },
		},
		{
			gaugeFamily("docspace_webhook_ssl_enabled",
				"Whether the receiver's certificate is verified, and https demanded from DocSpace 3.7 on (field ssl).", "id", "name", "trigger"),
			func(w *docspace.Webhook, _ *time.Location) float64 { return boolean(w.SSL) },
		},
		{
			gaugeFamily("docspace_webhook_last_success_timestamp_seconds",
				"When a delivery was last accepted (field lastSuccessOn), 0 for never. It can go back.", "id", "name", "trigger"),
			func(w *docspace.Webhook, zone *time.Location) float64 { return unix(w.LastSuccessOn.In(zone)) },
		},
		{
			gaugeFamily("docspace_webhook_last_failure_timestamp_seconds",
				"When a delivery last failed after all retries (field lastFailureOn), 0 for never. It can go back.", "id", "name", "trigger"),
			func(w *docspace.Webhook, zone *time.Location) float64 { return unix(w.LastFailureOn.In(zone)) },
		},
	}
}

func (c *webhooksCollector) webhookGauges() []webhookGauge {
	return []webhookGauge{
		{
			gaugeFamily("docspace_webhook_created_timestamp_seconds",
				"When the webhook was created (field createdOn), 0 for unknown.", "id", "name"),
			func(w *docspace.Webhook, zone *time.Location) float64 { return unix(w.CreatedOn.In(zone)) },
		},
		{
			gaugeFamily("docspace_webhook_auto_disable_timestamp_seconds",
				"From when on a failed delivery makes DocSpace switch the webhook off: the last success, else the creation (fields lastSuccessOn, createdOn), plus the grace; 0 when it is switched off already or none is known.",
				"id", "name"),
			func(w *docspace.Webhook, zone *time.Location) float64 {
				return unix(c.autoDisableAt(w, trustedSince(w.LastSuccessOn.In(zone), w.CreatedOn.In(zone))))
			},
		},
		{
			gaugeFamily("docspace_webhook_config_hash",
				"Fingerprint of what people configure (fields name, uri, enabled, ssl, triggers, targetId): another value means another configuration.",
				"id", "name"),
			func(w *docspace.Webhook, _ *time.Location) float64 { return configHash(w) },
		},
	}
}

func (*webhooksCollector) name() string { return "webhooks" }

func (c *webhooksCollector) families() []*family {
	list := []*family{c.info, c.failureInfo, c.count, c.complete}
	for _, gauges := range [][]webhookGauge{c.perTrigger, c.perWebhook} {
		for _, g := range gauges {
			list = append(list, g.family)
		}
	}
	return list
}

func (*webhooksCollector) outcome(s *snapshot) outcome { return s.webhooksRead }

func (c *webhooksCollector) collect(s *snapshot, out *emitter) {
	for _, g := range c.perTrigger {
		out.begin(g.family)
		for i := range s.labelled {
			w := &s.labelled[i]
			value := g.value(w.Webhook, s.location.zone)
			for _, trigger := range w.triggers {
				out.gauge(value, w.id, w.name, trigger)
			}
		}
	}
	for _, g := range c.perWebhook {
		out.begin(g.family)
		for i := range s.labelled {
			w := &s.labelled[i]
			out.gauge(g.value(w.Webhook, s.location.zone), w.id, w.name)
		}
	}
	c.collectInfo(s, out)
	c.collectFailures(s, out)
	c.collectNumbers(s, out)
}

func (c *webhooksCollector) collectInfo(s *snapshot, out *emitter) {
	schemes, targets := newLabels("scheme"), newLabels("target")
	out.begin(c.info)
	for i := range s.labelled {
		w := &s.labelled[i]
		out.gauge(1, w.id, w.name, schemes.pair(schemeOf(w.URI)), targets.pair(targetOf(w.Webhook)))
	}
}

func (c *webhooksCollector) collectFailures(s *snapshot, out *emitter) {
	reasons := newLabels("reason")
	out.begin(c.failureInfo)
	for i := range s.labelled {
		w := &s.labelled[i]
		if !w.LastFailureOn.In(s.location.zone).IsZero() || w.LastFailureContent != "" {
			out.gauge(1, w.id, w.name, reasons.pair(string(docspace.ClassifyFailure(w.LastFailureContent))))
		}
	}
}

func (c *webhooksCollector) collectNumbers(s *snapshot, out *emitter) {
	enabled := 0
	for i := range s.webhooks {
		if s.webhooks[i].Enabled {
			enabled++
		}
	}
	out.begin(c.count)
	out.gauge(float64(len(s.webhooks)-enabled), label("state", "disabled"))
	out.gauge(float64(enabled), label("state", "enabled"))
	if s.user != nil {
		out.begin(c.complete)
		out.gauge(boolean(s.user.SeesAll()))
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
	hash := sha256.New()
	for _, part := range []string{
		w.Name, w.URI, strconv.FormatBool(w.Enabled), strconv.FormatBool(w.SSL), w.Triggers.String(), w.TargetID,
	} {
		_, _ = io.WriteString(hash, strconv.Itoa(len(part))+":") // a hash never fails
		_, _ = io.WriteString(hash, part)
	}
	return float64(binary.BigEndian.Uint64(hash.Sum(nil)) >> 16)
}
