package collector

import (
	"github.com/prometheus/client_golang/prometheus"
)

// triggersCollector emits what GET settings/webhook/triggers tells.
type triggersCollector struct {
	available *prometheus.Desc
}

func newTriggersCollector() *triggersCollector {
	return &triggersCollector{
		available: prometheus.NewDesc("docspace_webhook_trigger_available",
			"Whether the API key's user may subscribe a webhook to the trigger (field available; always 1 before DocSpace 3.7). Asked for once an hour.",
			[]string{"trigger"}, nil),
	}
}

func (*triggersCollector) name() string { return "triggers" }

func (c *triggersCollector) describe(ch chan<- *prometheus.Desc) { ch <- c.available }

func (*triggersCollector) outcome(s *snapshot) outcome { return s.triggersRead }

func (c *triggersCollector) collect(s *snapshot, ch chan<- prometheus.Metric) {
	for _, t := range s.triggers {
		ch <- prometheus.MustNewConstMetric(c.available, prometheus.GaugeValue, boolean(t.Available), t.Name)
	}
}
