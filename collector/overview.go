package collector

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// overview emits how the portal and the scrape of it are.
type overview struct {
	up          *family
	info        *family
	clockOffset *family
	certificate *family
	keyExpiry   *family
	success     *family
	duration    *family
	failure     *family
}

func newOverview() *overview {
	return &overview{
		up: gaugeFamily("docspace_up",
			"Whether the list of webhooks could be read (GET settings/webhook)."),
		info: gaugeFamily("docspace_portal_info",
			"The portal by its GET settings: version, tenantAlias, and timezone, or the one that was configured. An empty time_zone is unknown, dates are then read as UTC. Asked for every ten minutes.",
			"version", "alias", "time_zone"),
		clockOffset: gaugeFamily("docspace_portal_clock_offset_seconds",
			"The portal's clock minus the exporter's, by the Date header of the list of webhooks, which has whole seconds."),
		certificate: gaugeFamily("docspace_portal_certificate_expiry_timestamp_seconds",
			"When the certificate ends that the portal last presented, trusted or not. No series without TLS."),
		keyExpiry: gaugeFamily("docspace_api_key_expiry_timestamp_seconds",
			"When the API key ends (GET keys/@self, field expiresAt), 0 for a key without an end. No series while unknown. Requested once an hour."),
		success: gaugeFamily("docspace_scrape_collector_success",
			"Whether the collector could read its part of the portal.", "collector"),
		duration: gaugeFamily("docspace_scrape_collector_duration_seconds",
			"How long the collector took to read its part of the portal.", "collector"),
		failure: gaugeFamily("docspace_scrape_collector_failure",
			"1 for the reason why the collector could not read its part of the portal.", "collector", "reason"),
	}
}

func (o *overview) families() []*family {
	return []*family{o.up, o.info, o.clockOffset, o.certificate, o.keyExpiry, o.success, o.duration, o.failure}
}

func (o *overview) collect(s *snapshot, collectors []collector, out *emitter) {
	send := func(f *family, value float64, labels ...*dto.LabelPair) {
		out.begin(f)
		out.gauge(value, labels...)
	}
	send(o.up, boolean(s.webhooksRead.err == nil))
	if l := s.location; l != nil {
		send(o.info, 1, label("alias", l.settings.Alias), label("time_zone", l.zoneName()), label("version", l.settings.Version))
	}
	if s.clockOffset != nil {
		send(o.clockOffset, s.clockOffset.Seconds())
	}
	if !s.certificate.IsZero() {
		send(o.certificate, unix(s.certificate))
	}
	if s.key != nil {
		send(o.keyExpiry, unix(s.key.ExpiresOn))
	}
	o.collectOutcomes(s, collectors, out)
}

func (o *overview) collectOutcomes(s *snapshot, collectors []collector, out *emitter) {
	out.begin(o.success)
	for _, c := range collectors {
		out.gauge(boolean(c.outcome(s).err == nil), label("collector", c.name()))
	}
	out.begin(o.duration)
	for _, c := range collectors {
		out.gauge(c.outcome(s).took.Seconds(), label("collector", c.name()))
	}
	out.begin(o.failure)
	for _, c := range collectors {
		err := c.outcome(s).err
		for _, reason := range docspace.Reasons() {
			failed := err != nil && docspace.ReasonOf(err) == reason
			out.gauge(boolean(failed), label("collector", c.name()), label("reason", string(reason)))
		}
	}
}
