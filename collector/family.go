package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// family is what all series of a metric have in common.
type family struct {
	name, help string
	kind       dto.MetricType
	desc       *prometheus.Desc
}

func newFamily(kind dto.MetricType, name, help string, labels ...string) *family {
	return &family{name: name, help: help, kind: kind, desc: prometheus.NewDesc(name, help, labels, nil)}
}

func gaugeFamily(name, help string, labels ...string) *family {
	return newFamily(dto.MetricType_GAUGE, name, help, labels...)
}

func counterFamily(name, help string, labels ...string) *family {
	return newFamily(dto.MetricType_COUNTER, name, help, labels...)
}

// emitter takes the series of one family after the other, and passes each family on when it is complete. A
// portal can have hundreds of thousands of series, so what holds those of a family is used again for the next.
type emitter struct {
	// emit must not keep the series, unless keep is set.
	emit func(f *family, series []*dto.Metric) error
	keep bool

	family *family
	series []*dto.Metric
	slabs  [][]sample
	used   int   // samples in use
	err    error // of emit; nothing is emitted after it
}

// sample is room for a series of any kind.
type sample struct {
	metric  dto.Metric
	labels  [maxLabels]*dto.LabelPair
	number  float64
	gauge   dto.Gauge
	counter dto.Counter
}

const (
	maxLabels = 4    // of one series
	slabSize  = 1024 // samples in a slab; the first one is smaller, because most portals are small
	firstSlab = 64
)

// begin starts a family. The calls of gauge, counter and histogram that follow add series to it.
func (e *emitter) begin(f *family) {
	e.end()
	e.family = f
}

// end passes on the last family.
func (e *emitter) end() {
	series := e.series
	e.series, e.used = e.series[:0], 0
	if len(series) == 0 || e.err != nil {
		return
	}
	e.err = e.emit(e.family, series)
	if e.keep {
		e.series, e.slabs = nil, nil
	}
}

// reset makes the emitter ready for another use, without anything of the series it had.
func (e *emitter) reset() {
	clear(e.series[:cap(e.series)])
	for _, slab := range e.slabs {
		clear(slab)
	}
	*e = emitter{series: e.series[:0], slabs: e.slabs}
}

// gauge adds a gauge. Labels must be sorted by name.
func (e *emitter) gauge(value float64, labels ...*dto.LabelPair) {
	s := e.next(labels)
	s.number = value
	s.gauge.Value = &s.number
	s.metric.Gauge = &s.gauge
}

// counter adds a counter. Labels must be sorted by name.
func (e *emitter) counter(number int, created *timestamppb.Timestamp, labels ...*dto.LabelPair) {
	s := e.next(labels)
	s.number = float64(number)
	s.counter.Value, s.counter.CreatedTimestamp = &s.number, created
	s.metric.Counter = &s.counter
}

// histogram adds a histogram. Labels must be sorted by name.
func (e *emitter) histogram(value *dto.Histogram, labels ...*dto.LabelPair) {
	e.next(labels).metric.Histogram = value
}

// next adds a series without a value.
func (e *emitter) next(labels []*dto.LabelPair) *sample {
	s := e.free()
	s.metric.Label = s.labels[:copy(s.labels[:], labels)]
	s.metric.Gauge, s.metric.Counter, s.metric.Histogram = nil, nil, nil
	e.series = append(e.series, &s.metric)
	return s
}

// free returns a sample that is not in use.
func (e *emitter) free() *sample {
	i := e.used
	e.used++
	if i < firstSlab {
		if len(e.slabs) == 0 {
			e.slabs = append(e.slabs, make([]sample, firstSlab))
		}
		return &e.slabs[0][i]
	}
	i -= firstSlab
	slab := 1 + i/slabSize
	if slab == len(e.slabs) {
		e.slabs = append(e.slabs, make([]sample, slabSize))
	}
	return &e.slabs[slab][i%slabSize]
}

// metric is a series for a registry.
type metric struct {
	desc   *prometheus.Desc
	series *dto.Metric
}

// Desc returns the description.
func (m metric) Desc() *prometheus.Desc { return m.desc }

// Write hands out the labels and the value, which must not be changed.
func (m metric) Write(out *dto.Metric) error {
	out.Label, out.Gauge, out.Counter, out.Histogram = m.series.Label, m.series.Gauge, m.series.Counter, m.series.Histogram
	return nil
}

// metricsTo returns an emitter that sends every series to a registry.
func metricsTo(ch chan<- prometheus.Metric) *emitter {
	return &emitter{keep: true, emit: func(f *family, series []*dto.Metric) error {
		for _, s := range series {
			ch <- metric{desc: f.desc, series: s}
		}
		return nil
	}}
}
