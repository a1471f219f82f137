package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
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

// counter is a ready-made counter, which shares its labels and its creation with others.
type counter struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	number float64
	value  dto.Counter
}

func newCounter(desc *prometheus.Desc, labels []*dto.LabelPair, number int, created *timestamppb.Timestamp) *counter {
	c := &counter{desc: desc, labels: labels, number: float64(number)}
	c.value.Value, c.value.CreatedTimestamp = &c.number, created
	return c
}

// Desc returns the description.
func (c *counter) Desc() *prometheus.Desc { return c.desc }

// Write hands out the labels and the value, which nobody may change.
func (c *counter) Write(m *dto.Metric) error {
	m.Label = c.labels
	m.Counter = &c.value
	return nil
}

// histogram is a ready-made histogram.
type histogram struct {
	desc   *prometheus.Desc
	labels []*dto.LabelPair
	value  *dto.Histogram
}

// Desc returns the description.
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write hands out the labels and the value, which nobody may change.
func (h *histogram) Write(m *dto.Metric) error {
	m.Label = h.labels
	m.Histogram = h.value
	return nil
}

// labels makes each value of a label once for a scrape.
type labels struct {
	name  string
	pairs map[string]*dto.LabelPair
}

func newLabels(name string) labels { return labels{name: name, pairs: map[string]*dto.LabelPair{}} }

func (l labels) pair(value string) *dto.LabelPair {
	pair := l.pairs[value]
	if pair == nil {
		pair = label(l.name, value)
		l.pairs[value] = pair
	}
	return pair
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
