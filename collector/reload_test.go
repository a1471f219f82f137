package collector_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const (
	reloaded   = "docspace_exporter_config_last_reload_successful"
	reloadedAt = "docspace_exporter_config_last_reload_success_timestamp_seconds"
)

func TestAReloadAddsChangesAndRemovesPortals(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta", "gone")
	f.add(t, "late")
	for _, name := range []string{"acme", "beta", "gone"} {
		f.probe(t, name)
	}
	f.clock.Advance(time.Minute)
	f.reconfigure(t, "late", "acme\n    labels: {team: crm}", "beta\n    time_zone: Asia/Kolkata")

	for name, settings := range map[string]int{"acme": 1, "beta": 2, "late": 1} {
		f.probe(t, name).want(t, samples{"docspace_up": 1})
		if got := f.portals[name].Requests()["settings"]; got != settings {
			t.Errorf("the settings of %s were asked for %d times, want %d: what did not change is kept, all else is new", name, got, settings)
		}
	}
	f.probe(t, "beta").want(t, samples{`docspace_portal_info{alias="beta",time_zone="Asia/Kolkata",version="3.7.2.1234"}`: 1})
	if p := f.get(t, "/probe?target=gone", nil); p.status != http.StatusNotFound {
		t.Errorf("a removed portal answers %d", p.status)
	}
	eventually(t, "the counters of the removed portal go", func() bool {
		return !strings.Contains(f.get(t, "/metrics", nil).body, `portal="gone"`)
	})
	f.scrape(t).want(t, samples{
		reloaded: 1, reloadedAt: float64(now.Add(time.Minute).Unix()),
		`docspace_api_requests_total{code="200",endpoint="webhooks",portal="acme"}`: 2,
		`docspace_api_requests_total{code="200",endpoint="webhooks",portal="beta"}`: 3, // a changed portal is the same to those who count
		`docspace_api_requests_total{code="200",endpoint="webhooks",portal="late"}`: 1,
	})
}

func TestABadFileLeavesEverythingAsItIs(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	f.probe(t, "acme")
	good, err := os.ReadFile(filepath.Join(f.dir, "docspace.yml"))
	if err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
	for name, bad := range map[string]string{
		"a mistake":             string(good) + "  beta: {url: 'https://u:hunter2@b.example'}",
		"not YAML":              "portals: [hunter2",
		"a missing certificate": strings.Replace(string(good), "    http_client_config:\n", "    http_client_config:\n      tls_config: {ca_file: none.pem}\n", 1),
		"a new portal before one with a missing certificate": string(good) +
			"  new: {url: 'https://n.example', http_client_config: {bearer_token: hunter2}}\n" +
			"  bad: {url: 'https://b.example', http_client_config: {bearer_token: hunter2, tls_config: {ca_file: none.pem}}}\n",
	} {
		f.writeFile(t, "docspace.yml", bad)
		p := f.reload(t)
		if p.status != http.StatusInternalServerError || !strings.Contains(p.body, "docspace.yml:") {
			t.Errorf("%s answered %d: %s", name, p.status, p.body)
		}
		if strings.Contains(p.body+f.logs.String(), "hunter2") {
			t.Errorf("%s: a secret was shown", name)
		}
		if !strings.Contains(f.logs.String(), `msg="the configuration was not loaded, the old one stays" err=`) {
			t.Errorf("%s: logged\n%s", name, f.logs)
		}
		s := f.scrape(t)
		s.want(t, samples{reloaded: 0, reloadedAt: float64(now.Unix())})
		if s.count("docspace_api_requests_total") != 2*len(docspace.Endpoints()) {
			t.Errorf("%s: counters of portals that never were", name)
		}
		f.probe(t, "acme").want(t, samples{"docspace_up": 1})
	}
	if got := f.portals["acme"].Requests()["settings"]; got != 1 {
		t.Errorf("the settings were asked for %d times, so the portal was made anew", got)
	}
	f.writeFile(t, "docspace.yml", string(good))
	if p := f.reload(t); p.status != http.StatusOK {
		t.Errorf("answered %d: %s", p.status, p.body)
	}
	f.scrape(t).want(t, samples{reloaded: 1, reloadedAt: float64(now.Add(time.Minute).Unix())})
}

// A key that one customer lost must not keep the portal of another out, nor the exporter down.
func TestAReloadDoesNotFailByATroubleOfOnePortal(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	f.add(t, "late")
	if err := os.Remove(filepath.Join(f.dir, "acme.key")); err != nil {
		t.Fatal(err)
	}
	f.reconfigure(t, "acme\n    time_zone: UTC", "beta", "late")
	if got := f.probe(t, "acme").failure(t, "webhooks"); got != "unauthorized" {
		t.Errorf("reason %q", got)
	}
	for _, name := range []string{"beta", "late"} {
		f.probe(t, name).want(t, samples{"docspace_up": 1})
	}
	if !strings.Contains(f.logs.String(), `portal=acme msg="the portal cannot be read until this is mended" err=`) || !strings.Contains(f.logs.String(), "acme.key: no such file") {
		t.Errorf("logged:\n%s", f.logs)
	}
	f.writeFile(t, "acme.key", keyOf("acme"))
	f.probe(t, "acme").want(t, samples{"docspace_up": 1})
}

func TestAScrapeUnderWayOutlivesTheReloadThatRemovesItsPortal(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "changed")
	reached, release := make(chan struct{}, 10), make(chan struct{})
	for _, portal := range f.portals {
		portal.Fail(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reached <- struct{}{}
			<-release
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"response":[]}`))
		}))
	}
	var scrapes sync.WaitGroup
	for name := range f.portals {
		scrapes.Go(func() { f.probe(t, name).want(t, samples{"docspace_up": 1}) })
	}
	for range 8 { // settings, webhooks, triggers and log of each
		<-reached
	}
	f.reconfigure(t, "changed\n    time_zone: UTC")
	if p := f.get(t, "/probe?target=acme", nil); p.status != http.StatusNotFound {
		t.Errorf("a removed portal answers %d", p.status)
	}
	close(release)
	scrapes.Wait()
}

func TestOneThatIsBackBeforeItsLastScrapeEndedIsCounted(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	reached, release := make(chan struct{}, 10), make(chan struct{})
	f.portals["acme"].Fail(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		reached <- struct{}{}
		<-release
	}))
	var scrape sync.WaitGroup
	scrape.Go(func() { f.probe(t, "acme") })
	<-reached
	f.reconfigure(t)
	f.reconfigure(t, "acme")
	close(release)
	scrape.Wait()
	f.set.Close() // waits for the one that was removed
	f.scrape(t).want(t, samples{`docspace_api_requests_total{code="error",endpoint="webhooks",portal="acme"}`: 0})
}

// A portal that was removed while it hangs does not hold up the end of the exporter.
func TestTheEndIsTheEndOfRemovedPortals(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	asked := make(chan struct{}, 10)
	f.portals["acme"].Fail(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	var scrape sync.WaitGroup
	scrape.Go(func() { f.probe(t, "acme") })
	<-asked
	f.reconfigure(t)
	start := time.Now()
	f.set.Close()
	scrape.Wait()
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("took %v, as long as the portal had", took)
	}
}

func TestReloadIsForPOSTAlone(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	f.configure(t)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		req, err := http.NewRequestWithContext(t.Context(), method, f.exporter.URL+"/-/reload", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := f.exporter.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != http.MethodPost {
			t.Errorf("%s answered %d, allows %s", method, resp.StatusCode, resp.Header.Get("Allow"))
		}
	}
	f.probe(t, "acme")
}

func TestSignalsReload(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	f.add(t, "late")
	f.configure(t, "acme", "late")
	ctx, stop := context.WithCancel(t.Context())
	signals := make(chan os.Signal)
	var watch sync.WaitGroup
	watch.Go(func() {
		if err := f.reloader.Watch(ctx, signals); err != nil {
			t.Error(err)
		}
	})
	signals <- syscall.SIGHUP
	eventually(t, "the new portal is there", func() bool { return f.get(t, "/probe?target=late", nil).status == http.StatusOK })
	f.writeFile(t, "docspace.yml", "portals: []")
	signals <- syscall.SIGHUP
	eventually(t, "the signal is heeded", func() bool { return f.scrape(t)[reloaded] == 0 })
	stop()
	watch.Wait()
}

func TestWithoutAFileThereIsNothingToReload(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	none := collector.NewReloader(docspace.File{}, f.set)
	if err := none.Reload(); err == nil || !strings.Contains(err.Error(), "without --config.file") {
		t.Errorf("error %v", err)
	}
	f.scrape(t).want(t, samples{reloaded: 1})
	f.probe(t, "acme")
}

// Reloads, scrapes and reads at once: each scrape is of a portal that is whole.
func TestReloadsAndScrapesAtOnce(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	both, one := filepath.Join(f.dir, "both.yml"), filepath.Join(f.dir, "one.yml")
	for path, names := range map[string][]string{both: {"acme", "beta"}, one: {"acme", "beta\n    time_zone: Asia/Kolkata"}} {
		f.configure(t, names...)
		if err := os.Rename(filepath.Join(f.dir, "docspace.yml"), path); err != nil {
			t.Fatal(err)
		}
	}
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			link := filepath.Join(f.dir, "link"+string(rune('a'+i)))
			if err := os.Symlink([]string{both, one}[i%2], link); err != nil {
				t.Error(err)
			}
			if err := os.Rename(link, filepath.Join(f.dir, "docspace.yml")); err != nil { // as Kubernetes does it
				t.Error(err)
			}
			if p := f.reload(t); p.status != http.StatusOK {
				t.Errorf("answered %d: %s", p.status, p.body)
			}
		})
		for _, name := range []string{"acme", "beta"} {
			work.Go(func() { f.probe(t, name).want(t, samples{"docspace_up": 1}) })
		}
		work.Go(func() { f.get(t, "/sd", nil) })
	}
	work.Wait()
	if got := f.portals["acme"].Requests()["settings"]; got != 1 {
		t.Errorf("the settings of the one that never changed were asked for %d times", got)
	}
	last, err := os.Readlink(filepath.Join(f.dir, "docspace.yml"))
	if err != nil {
		t.Fatal(err)
	}
	zone := map[string]string{both: "UTC", one: "Asia/Kolkata"}[last]
	f.probe(t, "beta").want(t, samples{`docspace_portal_info{alias="beta",time_zone="` + zone + `",version="3.7.2.1234"}`: 1})
	f.scrape(t).want(t, samples{reloaded: 1})
}

// The file that is read last is the one in use, even if another takes longer to read.
func TestReloadsWaitForEachOther(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme", "beta")
	path := filepath.Join(f.dir, "docspace.yml")
	slow, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	var first, second sync.WaitGroup
	first.Go(func() { f.reload(t) })
	pipe, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the first reload to read
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.configure(t, "acme")
	done := make(chan struct{})
	second.Go(func() { f.reload(t); close(done) })
	select {
	case <-done:
		t.Error("a reload overtook another")
	case <-time.After(100 * time.Millisecond): // is only as long as the test must be able to fail
	}
	if _, err := pipe.Write(slow); err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	second.Wait()
	if p := f.get(t, "/probe?target=beta", nil); p.status != http.StatusNotFound {
		t.Errorf("the older configuration is in use: %d", p.status)
	}
}

// Not parallel: it counts the descriptors of the process.
func TestHundredsOfReloadsLeaveNothingBehind(t *testing.T) {
	f := newFleet(t, "acme", "beta")
	round := func(i int) {
		f.reconfigure(t, "acme", "beta\n    time_zone: "+[]string{"UTC", "Asia/Kolkata"}[i%2])
		f.probe(t, "acme")
		f.probe(t, "beta")
		f.portals["beta"].Fail(simulator.Reset())
		f.probe(t, "beta")
		f.portals["beta"].Fail(nil)
		f.probe(t, "beta") // leaves idle connections
		f.reconfigure(t, "acme")
	}
	round(0)
	files := openFiles(t)
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	for i := range rounds {
		round(i)
	}
	eventually(t, "the connections of removed portals are closed", func() bool { return openFiles(t) <= files+5 })
}
