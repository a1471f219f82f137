package collector_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// scrapeUp returns docspace_up of a scrape with a timeout.
func scrapeUp(t *testing.T, p *collector.Portal, timeout time.Duration) float64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return value(t, p.Collector(ctx), "docspace_up", "")
}

// One scrape with a long timeout meets a request that hangs; the portal itself is well again at once.
func TestFetch_PatientScrapeHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		portal := newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
			if calls.Add(1) == 1 {
				<-ctx.Done()
				return docspace.WebhookList{}, ctx.Err()
			}
			return docspace.WebhookList{}, nil
		}}, &logs{}, &clock{at: now})
		var patient sync.WaitGroup
		patient.Go(func() {
			if up := scrapeUp(t, portal, 2*time.Minute); up != 0 {
				t.Errorf("the patient scrape: up %v", up)
			}
		})
		synctest.Wait()
		for range 10 {
			if up := scrapeUp(t, portal, 10*time.Second); up != 1 {
				t.Errorf("up %v", up)
			}
			<-time.After(10 * time.Second)
		}
		patient.Wait()
	})
}

// The same in the delivery log, which one fetch at a time follows.
func TestFetch_PatientScrapeYieldsTheDeliveryLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pages atomic.Int32
		client := &fakeClient{log: func(ctx context.Context, q docspace.LogQuery) (docspace.LogPage, error) {
			rows := []docspace.Delivery{{ID: 200 - int64(q.Start), Outcome: docspace.Accepted, CreatedOn: date(t, "2026-01-15T09:59:00Z")}}
			if q.Start > 0 && pages.Add(1) == 1 {
				<-ctx.Done()
				return docspace.LogPage{}, ctx.Err()
			}
			return docspace.LogPage{Deliveries: rows, Total: 3}, nil
		}}
		portal := newFakePortal(t, client, &logs{}, &clock{at: now})
		read := func(timeout time.Duration) float64 {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			return value(t, portal.Collector(ctx), "docspace_scrape_collector_success", `{collector="deliveries"}`)
		}
		var patient sync.WaitGroup
		start := time.Now()
		patient.Go(func() {
			if got := read(2 * time.Minute); got != 1 {
				t.Errorf("the patient scrape: success %v", got)
			}
		})
		synctest.Wait()
		if got := read(10 * time.Second); got != 1 {
			t.Errorf("success %v", got)
		}
		patient.Wait()
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// Whatever a fetch hangs in, it costs its own scrapes only.
func TestFetch_HangingForEverIsAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
			if calls.Add(1) == 1 {
				<-release // no context ends this
			}
			return docspace.WebhookList{}, nil
		}}, &logs{}, &clock{at: now})
		start := time.Now()
		if up := scrapeUp(t, portal, 10*time.Second); up != 0 {
			t.Errorf("the hanging scrape: up %v", up)
		}
		if took := time.Since(start); took > 11*time.Second {
			t.Errorf("took %s", took)
		}
		if up := scrapeUp(t, portal, 10*time.Second); up != 1 {
			t.Errorf("the next one: up %v", up)
		}
		close(release)
	})
}

func TestFetch_PanicCostsOneScrape(t *testing.T) {
	t.Parallel()
	boom := true
	explode := func() {
		if boom {
			panic("sk-secret in a panic")
		}
	}
	for part, client := range map[string]*fakeClient{
		"webhooks": {webhooks: func(context.Context) (docspace.WebhookList, error) { explode(); return docspace.WebhookList{}, nil }},
		"triggers": {triggers: func(context.Context) ([]docspace.Trigger, error) { explode(); return nil, nil }},
		"log": {log: func(context.Context, docspace.LogQuery) (docspace.LogPage, error) {
			explode()
			return docspace.LogPage{}, nil
		}},
		"settings": {settings: func(context.Context) (docspace.Settings, error) { explode(); return docspace.Settings{}, nil }},
		"key":      {key: func(context.Context) (docspace.Key, error) { explode(); return docspace.Key{}, nil }},
		"user":     {user: func(context.Context) (docspace.User, error) { explode(); return docspace.User{}, nil }},
	} {
		w := &logs{}
		portal := newFakePortal(t, client, w, &clock{at: now})
		boom = true
		if up := scrapeUp(t, portal, time.Minute); (up == 0) != (part == "webhooks") {
			t.Errorf("%s: up %v", part, up)
		}
		if !strings.Contains(w.String(), `msg="panic while reading the portal" panic=string stack=`) || strings.Contains(w.String(), "sk-secret") {
			t.Errorf("%s: logged %s", part, w)
		}
		boom = false
		if up := scrapeUp(t, portal, time.Minute); up != 1 {
			t.Errorf("%s, afterwards: up %v", part, up)
		}
	}
}

// intervalPortal counts the fetches of a portal with a minimum interval of 2 s.
func intervalPortal(t *testing.T, c *clock, fail func() error) (p *collector.Portal, fetches *atomic.Int32) {
	t.Helper()
	fetches = new(atomic.Int32)
	client := &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		fetches.Add(1)
		c.Advance(time.Second) // that the fetch takes
		return docspace.WebhookList{}, fail()
	}}
	p = collector.NewPortal(client, collector.PortalOptions{
		Name: "default", Logger: log.NewNopLogger(), Clock: c.Now,
		Settings: docspace.PortalSettings{
			MinInterval: 2 * time.Second, AutoDisableAfter: 72 * time.Hour, Deliveries: logOptions,
			Collectors: docspace.CollectorSwitch{Webhooks: true, Triggers: true, Deliveries: true},
		},
	})
	t.Cleanup(p.Close)
	return p, fetches
}

func TestMinInterval_CountsFromTheEndOfACompleteFetch(t *testing.T) {
	t.Parallel()
	c := &clock{at: now}
	portal, fetches := intervalPortal(t, c, func() error { return nil })
	for _, step := range []struct {
		after   time.Duration
		fetches int32
	}{{0, 1}, {0, 1}, {1999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 2}, {time.Second, 3}} {
		c.Advance(step.after)
		if up := scrapeUp(t, portal, time.Minute); up != 1 || fetches.Load() != step.fetches {
			t.Errorf("%s later: up %v, %d fetches, want %d", step.after, up, fetches.Load(), step.fetches)
		}
	}
}

func TestMinInterval_FailureIsNotShared(t *testing.T) {
	t.Parallel()
	fail := errors.New("down")
	portal, fetches := intervalPortal(t, &clock{at: now}, func() error { return fail })
	for range 3 {
		scrapeUp(t, portal, time.Minute)
	}
	if fetches.Load() != 3 {
		t.Errorf("%d fetches", fetches.Load())
	}
	fail = nil
	if up := scrapeUp(t, portal, time.Minute); up != 1 {
		t.Error("not read again after a failure")
	}
}

func TestMinInterval_EndsWithAReload(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "acme")
	const interval = "acme\n    min_interval: 1h"
	f.reconfigure(t, interval)
	f.probe(t, "acme")
	f.probe(t, "acme")
	if n := f.portals["acme"].Requests()["settings/webhook"]; n != 1 {
		t.Fatalf("%d requests", n)
	}
	f.reconfigure(t, interval) // nothing has changed
	f.probe(t, "acme")
	if n := f.portals["acme"].Requests()["settings/webhook"]; n != 2 {
		t.Errorf("after a reload: %d requests", n)
	}
}

// What the delivery log does not need does not take its time.
func TestFetch_HangingPartLeavesTheOthersTheirTime(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for part, client := range map[string]*fakeClient{
		"key":      {key: func(ctx context.Context) (docspace.Key, error) { return docspace.Key{}, hang(ctx) }},
		"user":     {user: func(ctx context.Context) (docspace.User, error) { return docspace.User{}, hang(ctx) }},
		"settings": {settings: func(ctx context.Context) (docspace.Settings, error) { return docspace.Settings{}, hang(ctx) }},
		"triggers": {triggers: func(ctx context.Context) ([]docspace.Trigger, error) { return nil, hang(ctx) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			client.log = func(ctx context.Context, q docspace.LogQuery) (docspace.LogPage, error) {
				row := docspace.Delivery{ID: 200 - int64(q.Start), Outcome: docspace.Accepted, CreatedOn: date(t, "2026-01-15T09:59:00Z")}
				return docspace.LogPage{Deliveries: []docspace.Delivery{row}, Total: 5}, ctx.Err()
			}
			portal := newFakePortal(t, client, &logs{}, &clock{at: now})
			for _, want := range []string{"webhooks", "deliveries"} {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				if got := value(t, portal.Collector(ctx), "docspace_scrape_collector_success", `{collector="`+want+`"}`); got != 1 {
					t.Errorf("%s hangs: %s has success %v", part, want, got)
				}
				cancel()
			}
		})
	}
}
