package collector_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// Reading what is new should take as long, and as much memory, on a log of any length.
func BenchmarkNewDeliveries(b *testing.B) {
	const fresh = 5_000
	for _, old := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("rows=%d+%d", old, fresh), func(b *testing.B) {
			log := newGrowingLog(old, fresh)
			r := newRig(b, rigOptions{front: func(http.Handler) http.Handler { return log }})
			catchUp := func(scrape func(url string)) {
				log.grown = false
				r.start(b)
				read(b, r.exporter.URL+"/metrics")
				log.grown = true
				scrape(r.exporter.URL + "/metrics")
			}
			catchUp(func(url string) { read(b, url) }) // records the answers
			log.portals = [2]http.Handler{}
			runtime.GC()

			log.bytes = 0
			measure(b, func() {
				b.StopTimer()
				catchUp(func(url string) {
					b.StartTimer()
					read(b, url)
				})
			})
			b.ReportMetric(float64(log.bytes)/float64(b.N*fresh), "bytes/delivery")
		})
	}
}

// growingLog is a portal before and after many deliveries, whose answers are rendered once.
type growingLog struct {
	portals [2]http.Handler
	grown   bool

	mu      sync.Mutex
	answers map[string]*httptest.ResponseRecorder
	bytes   int // of the log after it has grown
}

func newGrowingLog(old, fresh int) *growingLog {
	list := make([]simulator.Delivery, old+fresh)
	for i := range list {
		list[i] = accepted(of(int64(i%20+1), waiting(int64(i)+1)), time.Duration(i%8)*time.Second)
		if i < old {
			list[i].CreatedOn = now.AddDate(0, 0, -2)
		}
		if i%10 == 0 {
			list[i] = failed(list[i], 503, "Response status code does not indicate success: 503 (Service Unavailable).")
			list[i].DeliveredOn = time.Time{}
		}
	}
	log := &growingLog{answers: map[string]*httptest.ResponseRecorder{}}
	for i, n := range []int{old, old + fresh} {
		log.portals[i] = simulator.New(simulator.Options{
			Version: simulator.V37, Clock: func() time.Time { return now }, Webhooks: manyWebhooks(20, 3), Deliveries: list[:n],
		})
	}
	return log
}

func (g *growingLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := g.answer(r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (g *growingLog) answer(r *http.Request) *httptest.ResponseRecorder {
	portal := 0
	if g.grown {
		portal = 1
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	key := fmt.Sprint(portal, r.URL)
	answer := g.answers[key]
	if answer == nil {
		answer = httptest.NewRecorder()
		g.portals[portal].ServeHTTP(answer, r)
		g.answers[key] = answer
	}
	if g.grown && r.URL.Query().Has("count") {
		g.bytes += answer.Body.Len()
	}
	return answer
}
