package collector

// triggersCollector emits what GET settings/webhook/triggers tells.
type triggersCollector struct {
	available *family
}

func newTriggersCollector() *triggersCollector {
	return &triggersCollector{available: gaugeFamily("docspace_webhook_trigger_available",
		"Whether the API key's user may subscribe a webhook to the trigger (field available; always 1 before DocSpace 3.7). Asked for once an hour.",
		"trigger")}
}

func (*triggersCollector) name() string { return "triggers" }

func (c *triggersCollector) families() []*family { return []*family{c.available} }

func (*triggersCollector) outcome(s *snapshot) outcome { return s.triggersRead }

func (c *triggersCollector) collect(s *snapshot, out *emitter) {
	out.begin(c.available)
	for _, t := range s.triggers {
		out.gauge(boolean(t.Available), label("trigger", t.Name))
	}
}
