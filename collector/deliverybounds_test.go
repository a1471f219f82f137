package collector_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// floodedRig is an exporter of a portal whose log names other webhooks in each of its rows, without end.
func floodedRig(t *testing.T, row string) *rig {
	t.Helper()
	id := 0
	return newRig(t, rigOptions{
		log:       &docspace.LogSettings{StuckAfter: logOptions.StuckAfter, Lookback: logOptions.Lookback, MaxPages: 30},
		simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{hook(7, "crm")}},
		front: func(portal http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/api/2.0/settings/webhooks/log" || r.URL.Query().Has("eventId") {
					portal.ServeHTTP(w, r)
					return
				}
				list := make([]string, 1000)
				for i := range list {
					id++
					list[i] = fmt.Sprintf(row, 1_000_000_000-id, id+1000)
				}
				body := `{"response":[` + strings.Join(list, ",") + `],"total":1000000000}`
				simulator.Body("application/json", body).ServeHTTP(w, r)
			})
		},
	})
}

// What is kept of a log does not grow with what a portal makes up. Not parallel: it measures the heap of the process.
func TestDeliveries_BoundedWhateverTheLogNames(t *testing.T) {
	for name, row := range map[string]string{
		"webhooks that are not in the list": `{"id":%d,"status":200,"delivery":"2026-01-15T10:00:00Z","creationTime":"2026-01-15T10:00:00Z","requestHeaders":"{}","requestPayload":"{\"webhook\":{\"id\":%d}}"}`,
		"pending rows":                      `{"id":%d,"status":0,"configName":"%d","creationTime":"2026-01-15T10:00:00Z","requestPayload":"{\"webhook\":{\"id\":7}}"}`,
		"rows of unknown names":             `{"id":%d,"status":200,"configName":"%d","delivery":"2026-01-15T10:00:00Z","creationTime":"2026-01-15T10:00:00Z","requestHeaders":"{}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := floodedRig(t, row)
			r.scrape(t)
			before := heapSize()
			for range 3 {
				if got := r.scrape(t).failure(t, "webhooks"); got != "" {
					t.Errorf("failed: %s", got)
				}
			}
			if grown := int64(heapSize()) - int64(before); grown > 30<<20 {
				t.Errorf("grown by %d MiB", grown>>20)
			}
		})
	}
}
