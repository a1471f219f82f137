package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// gauge is a ready-made metric. Other than the constant metrics of the library, many of them share
// their labels and one allocation: a scrape of a large portal has hundreds of thousands.
type gauge struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	number float64
	value  dto.Gauge
}

// Desc returns the description.
func (g *gauge) Desc() *prometheus.Desc { return g.desc }

// Write hands out the labels and the value, which nobody may change.
func (g *gauge) Write(m *dto.Metric) error {
	m.Label = g.labels
	m.Gauge = &g.value
	return nil
}

// gauges is room for a known number of them.
type gauges struct {
	free []gauge
	ch   chan<- prometheus.Metric
}

func newGauges(n int, ch chan<- prometheus.Metric) *gauges {
	return &gauges{free: make([]gauge, n), ch: ch}
}

// send emits a gauge. Labels must be sorted by name.
func (g *gauges) send(desc *prometheus.Desc, labels []*dto.LabelPair, number float64) {
	m := &g.free[0]
	g.free = g.free[1:]
	m.desc, m.labels, m.number = desc, labels, number
	m.value.Value = &m.number
	g.ch <- m
}

func label(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
