package collector_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// slowClient is a client that does not read the response before it is told to.
type slowClient struct {
	*httptest.ResponseRecorder
	reads    chan struct{}
	deadline *time.Time
}

func (c slowClient) SetWriteDeadline(deadline time.Time) error {
	*c.deadline = deadline
	return nil
}

func (c slowClient) Write(p []byte) (int, error) {
	<-c.reads
	return c.ResponseRecorder.Write(p)
}

// Of two large scrapes the second waits until the first has been sent, for as long as it has time. Small
// scrapes do not wait.
func TestScrape_LargeOnesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		size := 10_000
		portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
			list := docspace.WebhookList{Webhooks: make([]docspace.Webhook, size)}
			for i := range list.Webhooks {
				list.Webhooks[i] = docspace.Webhook{ID: int64(i + 1), Name: fmt.Sprint("w", i), Triggers: docspace.NewTriggerSet(31)}
			}
			return list, nil
		}}, &logs{}, &clock{at: now})
		handler := collector.MetricsHandler(collector.NewExporter(), portal, collector.Limits{Timeout: 10 * time.Second}, log.NewNopLogger())
		scrape := func(w http.ResponseWriter) {
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
		}

		slow := slowClient{httptest.NewRecorder(), make(chan struct{}), &time.Time{}}
		go scrape(slow)
		synctest.Wait()
		if got := time.Until(*slow.deadline); got != 10*time.Second {
			t.Errorf("a large scrape may take %s", got)
		}
		late := httptest.NewRecorder()
		scrape(late)
		if got := late.Body.String(); late.Code != http.StatusServiceUnavailable || got != "timed out waiting for other large scrapes to end\n" {
			t.Errorf("while another is sent: %d %.200s", late.Code, got)
		}

		waits := httptest.NewRecorder()
		go scrape(waits)
		synctest.Wait()
		size = 1
		small := httptest.NewRecorder()
		scrape(small)
		if small.Code != http.StatusOK || !strings.Contains(small.Body.String(), "\ndocspace_up 1\n") {
			t.Errorf("a small scrape: %d", small.Code)
		}
		if waits.Body.Len() > 0 {
			t.Error("a large scrape did not wait")
		}
		close(slow.reads)
		synctest.Wait()
		for name, got := range map[string]*httptest.ResponseRecorder{"first": slow.ResponseRecorder, "second": waits} {
			if n := strings.Count(got.Body.String(), "\ndocspace_webhook_enabled{"); got.Code != http.StatusOK || n != 50_000 {
				t.Errorf("the %s: %d, %d webhooks", name, got.Code, n)
			}
		}
	})
}

func TestScrape_Compression(t *testing.T) {
	t.Parallel()
	portal := newFakePortal(t, &fakeClient{}, &logs{}, &clock{at: now})
	handler := collector.MetricsHandler(collector.NewExporter(), portal, collector.Limits{Timeout: time.Second}, log.NewNopLogger())
	for accepted, want := range map[string]string{
		"":                          "",
		"gzip":                      "gzip",
		"deflate, GZIP;q=0.5, br":   "gzip",
		"gzip; q=0":                 "",
		"gzip;q=0.000, identity":    "",
		"gzip;q=none":               "",
		"zstd":                      "",
		"x-gzip-like, identity;q=1": "",
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		req.Header.Set("Accept-Encoding", accepted)
		resp := httptest.NewRecorder()
		handler.ServeHTTP(resp, req)
		if got := resp.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accepted, got, want)
		}
	}
}

func TestScrape_OnlyTheFamiliesThatAreNamed(t *testing.T) {
	t.Parallel()
	portal := newFakePortal(t, &fakeClient{}, &logs{}, &clock{at: now})
	handler := collector.MetricsHandler(collector.NewExporter(), portal, collector.Limits{Timeout: time.Second}, log.NewNopLogger())
	resp := httptest.NewRecorder()
	handler.ServeHTTP(resp, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics?name[]=docspace_up", http.NoBody))
	if got := resp.Body.String(); strings.Count(got, "\n") != 3 || !strings.HasSuffix(got, "\ndocspace_up 1\n") {
		t.Errorf("got:\n%s", got)
	}
}
