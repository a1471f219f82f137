package collector_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// A round is what Prometheus does in each interval: it scrapes 1,000 portals of 20 webhooks, each of
// which takes 50 ms to answer. With an interval of a minute a round may take that long.
func BenchmarkThousandPortals(b *testing.B) {
	const portals, atOnce, latency = 1000, 50, 50 * time.Millisecond
	server, connections := newFarm(b, latency)
	f := newFleet(b)
	names := make([]string, portals)
	for i := range names {
		names[i] = fmt.Sprintf("portal%d", i)
		f.urls[names[i]] = server.URL + "/" + names[i]
		f.writeFile(b, names[i]+".key", simulator.DefaultKey)
	}
	f.configure(b, names...)
	if err := f.reloader.Reload(); err != nil {
		b.Fatal(err)
	}
	measure(b, func() {
		var scrapers sync.WaitGroup
		queue := make(chan string)
		for range atOnce {
			scrapers.Go(func() {
				for name := range queue {
					if text := read(b, f.exporter.URL+"/probe?target="+name); !strings.Contains(string(text), "docspace_up 1\n") {
						b.Errorf("%s: %s", name, text)
					}
				}
			})
		}
		for _, name := range names {
			queue <- name
		}
		close(queue)
		scrapers.Wait()
	})
	b.ReportMetric(float64(connections.Load()), "connections")
}

// newFarm serves any number of portals, each under a path of its own, and counts the connections that
// are open.
func newFarm(b *testing.B, latency time.Duration) (*httptest.Server, *atomic.Int64) {
	b.Helper()
	answers := replay(simulator.New(simulator.Options{Version: simulator.V37, Webhooks: manyWebhooks(20, 3)}))
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(latency)
		_, r.URL.Path, _ = strings.Cut(r.URL.Path[1:], "/")
		r.URL.Path = "/" + r.URL.Path
		answers.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			connections.Add(1)
		case http.StateClosed:
			connections.Add(-1)
		default:
		}
	}
	server.Start()
	b.Cleanup(server.Close)
	return server, &connections
}
