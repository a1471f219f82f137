package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// ask100 reads the newest hundred rows, both payloads included.
func ask100(b *testing.B, p *simulator.Portal) {
	b.Helper()
	const query = "?count=100&fields=id,configName,trigger,creationTime,delivery,status,requestHeaders,requestPayload,responsePayload"
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "http://p.example/api/2.0/"+logPath+query, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+simulator.DefaultKey)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("status %d", w.Code)
		}
	}
}

// The newest page costs the same however long the log is.
func BenchmarkLog(b *testing.B) {
	for _, rows := range []int{1000, 1_000_000} {
		p := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{crm()}, Deliveries: numbered(rows)})
		b.Run(strconv.Itoa(rows), func(b *testing.B) { ask100(b, p) })
	}
}

// The log of a demo grows for six hours, and is then as long as it ever gets.
func BenchmarkDemoLog(b *testing.B) {
	for _, age := range []time.Duration{0, 3*demoHistory - time.Second} {
		d := newDemo(1)
		d.now = d.now.Add(age)
		b.Run(age.String(), func(b *testing.B) { ask100(b, d.Portal) })
	}
}
