package collector_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// A scrape should cost little more than its two parts: fetch, and encode, which is what the library
// needs for as many ready-made constant metrics. All of them go through HTTP over loopback.
func BenchmarkScrape(b *testing.B) {
	for _, size := range []struct {
		webhooks, triggers int
		off                string
	}{{20, 3, "deliveries"}, {1_000, 5, "deliveries"}, {10_000, 5, "deliveries"}, {1_000, 5, "none"}} {
		b.Run(fmt.Sprintf("webhooks=%dx%d,off=%s", size.webhooks, size.triggers, size.off), func(b *testing.B) {
			portal := newReplay(b, simulator.New(simulator.Options{
				Version: simulator.V37, Webhooks: manyWebhooks(size.webhooks, size.triggers), Deliveries: rows(0, docspace.MaxLogPage-1),
			}))
			r := newRig(b, rigOptions{url: portal.URL, off: size.off})
			exposition := read(b, r.exporter.URL+"/metrics")

			b.Run("scrape", func(b *testing.B) { measure(b, func() { read(b, r.exporter.URL+"/metrics") }) })
			b.Run("encode", func(b *testing.B) {
				ready := httptest.NewServer(readyMade(b, exposition))
				defer ready.Close()
				measure(b, func() { read(b, ready.URL) })
			})
			b.Run("fetch", func(b *testing.B) {
				valid, err := docspace.Config{URL: portal.URL, HTTPClientConfig: docspace.KeyFromValue(simulator.DefaultKey)}.Validate()
				if err != nil {
					b.Fatal(err)
				}
				client, err := docspace.NewClient(valid)
				if err != nil {
					b.Fatal(err)
				}
				defer client.Close()
				measure(b, func() {
					if list, err := client.Webhooks(b.Context()); err != nil || len(list.Webhooks) != size.webhooks {
						b.Fatal(len(list.Webhooks), err)
					}
				})
			})
		})
	}
}

func manyWebhooks(n, triggers int) []simulator.Webhook {
	list := make([]simulator.Webhook, n)
	for i := range list {
		list[i] = simulator.Webhook{
			ID: int64(i + 1), Name: fmt.Sprintf("webhook %d", i), URL: fmt.Sprintf("https://hooks.example/%d", i),
			Enabled: i%10 != 0, SSL: true, Triggers: uint64(1<<triggers-1) << (i % 20),
			CreatedOn: now.Add(-time.Hour * 1000), LastSuccessOn: now.Add(-time.Hour), LastFailureOn: now.Add(-2 * time.Hour),
			LastFailureContent: "Connection refused (hooks.example:443)",
		}
	}
	return list
}

// newReplay serves what a handler answered the first time, so that a benchmark does not pay for it.
func newReplay(b *testing.B, h http.Handler) *httptest.Server {
	b.Helper()
	server := httptest.NewServer(replay(h))
	b.Cleanup(server.Close)
	return server
}

func replay(h http.Handler) http.Handler {
	var mu sync.Mutex
	answers := map[string]*httptest.ResponseRecorder{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[r.URL.Path]
		if answer == nil {
			answer = httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			answers[r.URL.Path] = answer
		}
		mu.Unlock()
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// readyMade serves the metrics of an exposition as constant metrics that exist already, beside those
// that every Go program has.
func readyMade(b *testing.B, exposition []byte) http.Handler {
	b.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(exposition))
	if err != nil {
		b.Fatal(err)
	}
	var ready constant
	for name, family := range families {
		if !strings.HasPrefix(name, "docspace_") {
			continue
		}
		for _, m := range family.GetMetric() {
			var names, values []string
			for _, pair := range m.GetLabel() {
				names, values = append(names, pair.GetName()), append(values, pair.GetValue())
			}
			desc := prometheus.NewDesc(name, family.GetHelp(), names, nil)
			ready = append(ready, constantOf(desc, m, values))
		}
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(ready, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func constantOf(desc *prometheus.Desc, m *dto.Metric, labels []string) prometheus.Metric {
	switch {
	case m.GetHistogram() != nil:
		h, buckets := m.GetHistogram(), map[float64]uint64{}
		for _, bucket := range h.GetBucket() {
			buckets[bucket.GetUpperBound()] = bucket.GetCumulativeCount()
		}
		return prometheus.MustNewConstHistogram(desc, h.GetSampleCount(), h.GetSampleSum(), buckets, labels...)
	case m.GetCounter() != nil:
		return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, m.GetCounter().GetValue(), labels...)
	default:
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, m.GetGauge().GetValue(), labels...)
	}
}

type constant []prometheus.Metric

func (c constant) Describe(ch chan<- *prometheus.Desc) {
	seen := map[string]bool{}
	for _, m := range c {
		if key := m.Desc().String(); !seen[key] {
			seen[key] = true
			ch <- m.Desc()
		}
	}
}

func (c constant) Collect(ch chan<- prometheus.Metric) {
	for _, m := range c {
		ch <- m
	}
}

func read(b *testing.B, url string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp.Status, err)
	}
	return body
}

// measure runs f as often as the benchmark wants, and reports allocations and the peak of the heap.
func measure(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var highest uint64
		for {
			select {
			case <-tick.C:
				metrics.Read(sample)
				highest = max(highest, sample[0].Value.Uint64())
			case <-stop:
				peak <- highest
				return
			}
		}
	}()
	for b.Loop() {
		f()
	}
	close(stop)
	b.ReportMetric(float64(<-peak)/(1<<20), "peak-MiB")
}
