package collector

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// overview emits how the portal and the scrape of it are.
type overview struct {
	up          *prometheus.Desc
	info        *prometheus.Desc
	clockOffset *prometheus.Desc
	certificate *prometheus.Desc
	keyExpiry   *prometheus.Desc
	success     *prometheus.Desc
	duration    *prometheus.Desc
	failure     *prometheus.Desc
}

func newOverview() *overview {
	return &overview{
		up: prometheus.NewDesc("docspace_up",
			"Whether the list of webhooks could be read (GET settings/webhook).", nil, nil),
		info: prometheus.NewDesc("docspace_portal_info",
			"The portal by its GET settings: version, tenantAlias, and timezone, or the one that was configured. An empty time_zone is unknown, dates are then read as UTC. Asked for every ten minutes.",
			[]string{"version", "alias", "time_zone"}, nil),
		clockOffset: prometheus.NewDesc("docspace_portal_clock_offset_seconds",
			"The portal's clock minus the exporter's, by the Date header of the list of webhooks, which has whole seconds.", nil, nil),
		certificate: prometheus.NewDesc("docspace_portal_certificate_expiry_timestamp_seconds",
			"When the certificate ends that the portal last presented, trusted or not. No series without TLS.", nil, nil),
		keyExpiry: prometheus.NewDesc("docspace_api_key_expiry_timestamp_seconds",
			"When the API key ends (GET keys/@self, field expiresAt), 0 for a key without an end. No series while unknown. Requested once an hour.",
			nil, nil),
		success: prometheus.NewDesc("docspace_scrape_collector_success",
			"Whether the collector could read its part of the portal.", []string{"collector"}, nil),
		duration: prometheus.NewDesc("docspace_scrape_collector_duration_seconds",
			"How long the collector took to read its part of the portal.", []string{"collector"}, nil),
		failure: prometheus.NewDesc("docspace_scrape_collector_failure",
			"1 for the reason why the collector could not read its part of the portal.", []string{"collector", "reason"}, nil),
	}
}

func (o *overview) describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{o.up, o.info, o.clockOffset, o.certificate, o.keyExpiry, o.success, o.duration, o.failure} {
		ch <- desc
	}
}

func (o *overview) collect(s *snapshot, collectors []collector, ch chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	send(o.up, boolean(s.webhooksRead.err == nil))
	if l := s.location; l != nil {
		send(o.info, 1, l.settings.Version, l.settings.Alias, l.zoneName())
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
	for _, c := range collectors {
		read := c.outcome(s)
		send(o.success, boolean(read.err == nil), c.name())
		send(o.duration, read.took.Seconds(), c.name())
		for _, reason := range docspace.Reasons() {
			failed := read.err != nil && docspace.ReasonOf(read.err) == reason
			send(o.failure, boolean(failed), c.name(), string(reason))
		}
	}
}
