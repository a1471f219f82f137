package collector_test

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// value is a sample of a portal without labels other than those given, or -1 if it is missing.
func value(t *testing.T, c prometheus.Collector, metric, labels string) float64 {
	t.Helper()
	text, err := exposition(c, metric)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), metric+labels+" "); ok {
			if rest == "1" {
				return 1
			}
			return 0
		}
	}
	return -1
}

func TestScrapesAtOneMomentShareAFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, fetches := make(chan struct{}), atomic.Int32{}
		portal := newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
			fetches.Add(1)
			select {
			case <-release:
				return docspace.WebhookList{}, nil
			case <-ctx.Done():
				return docspace.WebhookList{}, ctx.Err()
			}
		}}, &logs{}, &clock{at: now})

		// 50 scrapers come, the first and every third of them goes away again.
		var scrapes sync.WaitGroup
		var up atomic.Int32
		var leave []context.CancelFunc
		for i := range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			t.Cleanup(cancel)
			if i%3 == 0 {
				leave = append(leave, cancel)
			}
			scrapes.Go(func() {
				if value(t, portal.Collector(ctx), "docspace_up", "") == 1 {
					up.Add(1)
				}
			})
			synctest.Wait() // the first one begins the fetch
		}
		for _, cancel := range leave {
			cancel()
		}
		synctest.Wait()
		<-time.After(time.Second) // those who left give up
		close(release)
		scrapes.Wait()
		if fetches.Load() != 1 || up.Load() != int32(50-len(leave)) {
			t.Errorf("%d fetches, %d scrapes succeeded", fetches.Load(), up.Load())
		}
	})
}

// A scrape that has little time begins the fetch, which then ends too early for one that has more.
func TestAScrapeInAHurryDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fetches := atomic.Int32{}
		portal := newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
			fetches.Add(1)
			select {
			case <-time.After(3 * time.Second):
				return docspace.WebhookList{}, nil
			case <-ctx.Done():
				return docspace.WebhookList{}, ctx.Err()
			}
		}}, &logs{}, &clock{at: now})
		var scrapes sync.WaitGroup
		for _, s := range []struct {
			timeout time.Duration
			up      float64
		}{{time.Second, 0}, {10 * time.Second, 1}, {20 * time.Second, 1}, {time.Second, 0}} {
			scrapes.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), s.timeout)
				defer cancel()
				if got := value(t, portal.Collector(ctx), "docspace_up", ""); got != s.up {
					t.Errorf("a scrape of %s: up %v, want %v", s.timeout, got, s.up)
				}
			})
			synctest.Wait()
		}
		scrapes.Wait()
		if n := fetches.Load(); n < 2 || n > 3 { // the scrape of 10 s does not wait for a fetch of the one of 20 s
			t.Errorf("%d fetches", n)
		}
	})
}

func TestAFetchThatNobodyWaitsForIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gaveUp error
		w := &logs{}
		portal := newFakePortal(t, &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
			<-ctx.Done()
			gaveUp = ctx.Err()
			return docspace.WebhookList{}, gaveUp
		}}, w, &clock{at: now})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		time.AfterFunc(time.Second, cancel)
		if value(t, portal.Collector(ctx), "docspace_up", "") != 0 {
			t.Error("up without an answer")
		}
		synctest.Wait() // for the fetch to end
		if !errors.Is(gaveUp, context.Canceled) || w.String() != "" {
			t.Errorf("fetch ended with %v, logged %q", gaveUp, w)
		}
	})
}

func TestAtTheDeadlineWhatWasReadIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		portal := newFakePortal(t, &fakeClient{triggers: func(ctx context.Context) ([]docspace.Trigger, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}, &logs{}, &clock{at: now})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if value(t, portal.Collector(ctx), "docspace_up", "") != 1 {
			t.Error("a slow list of triggers takes the webhooks down")
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if value(t, portal.Collector(ctx), "docspace_scrape_collector_failure", `{collector="triggers",reason="timeout"}`) != 1 {
			t.Error("no timeout of the triggers")
		}
	})
}

func TestCloseEndsTheFetchUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		client := &fakeClient{webhooks: func(ctx context.Context) (docspace.WebhookList, error) {
			<-ctx.Done()
			<-time.After(time.Second) // to wind up
			ended = true
			return docspace.WebhookList{}, ctx.Err()
		}}
		portal := newFakePortal(t, client, &logs{}, &clock{at: now})
		var scrape sync.WaitGroup
		scrape.Go(func() { value(t, portal.Collector(context.Background()), "docspace_up", "") })
		synctest.Wait()
		portal.Close()
		if !ended {
			t.Error("the fetch goes on")
		}
		scrape.Wait()
		if !client.closed || value(t, portal.Collector(t.Context()), "docspace_up", "") != 0 {
			t.Error("a closed portal is still asked")
		}
	})
}

func TestSettingsAndTriggersAreAskedRarelyAndAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	var settings, triggers int
	var fail error
	client := &fakeClient{
		settings: func(context.Context) (docspace.Settings, error) {
			settings++
			return docspace.Settings{TimeZone: "UTC"}, fail
		},
		triggers: func(context.Context) ([]docspace.Trigger, error) {
			triggers++
			return nil, fail
		},
	}
	c := &clock{at: now}
	portal := newFakePortal(t, client, &logs{}, c)
	for _, step := range []struct {
		after              time.Duration
		fail               error
		settings, triggers int // requests so far
	}{
		{0, nil, 1, 1},
		{9 * time.Minute, nil, 1, 1},
		{time.Minute, errors.New("down"), 2, 1},
		{time.Second, errors.New("down"), 3, 1},
		{time.Second, nil, 4, 1},
		{time.Second, nil, 4, 1},
		{50 * time.Minute, errors.New("down"), 5, 2},
		{time.Second, nil, 6, 3},
		{time.Second, nil, 6, 3},
	} {
		c.Advance(step.after)
		fail = step.fail
		testutil.CollectAndCount(portal.Collector(t.Context()))
		if settings != step.settings || triggers != step.triggers {
			t.Fatalf("at %s: %d requests for settings, %d for triggers, want %d and %d",
				c.Now(), settings, triggers, step.settings, step.triggers)
		}
	}
}

func TestPortalInfo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		settings docspace.Settings
		err      error
		want     string
		logged   string
	}{
		{
			"a zone",
			docspace.Settings{Version: "3.7.2.1", Alias: "p1", TimeZone: "Asia/Kolkata"},
			nil,
			`{alias="p1",time_zone="Asia/Kolkata",version="3.7.2.1"} 1`, "",
		},
		{
			"the key was refused",
			docspace.Settings{Version: "3.6.1.1", Alias: "p1"},
			nil,
			`{alias="p1",time_zone="",version="3.6.1.1"} 1`, "settings name none",
		},
		{
			"an unknown zone",
			docspace.Settings{Alias: "p1", TimeZone: "Mars/Olympus"},
			nil,
			`{alias="p1",time_zone="",version=""} 1`, "Mars/Olympus",
		},
		{
			"a page in place of a zone",
			docspace.Settings{Alias: "p1", TimeZone: strings.Repeat("<p>\n", 1000)},
			nil,
			`{alias="p1",time_zone="",version=""} 1`, `<p>\\n\" is unknown`,
		},
		{
			"not this machine's zone",
			docspace.Settings{Alias: "p1", TimeZone: "Local"},
			nil,
			`{alias="p1",time_zone="",version=""} 1`, "Local",
		},
		{
			"no settings",
			docspace.Settings{},
			&docspace.Error{Endpoint: docspace.EndpointSettings, Reason: docspace.ReasonForbidden, Err: errors.New("HTTP 403")},
			`{alias="",time_zone="",version=""} 1`, "cannot read the portal's settings",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := &logs{}
			portal := newFakePortal(t, &fakeClient{settings: func(context.Context) (docspace.Settings, error) {
				return tc.settings, tc.err
			}}, w, &clock{at: now})
			for range 3 {
				got, err := exposition(portal.Collector(t.Context()), "docspace_portal_info")
				if err != nil || got != "docspace_portal_info"+tc.want {
					t.Errorf("got %s, %v", got, err)
				}
			}
			if strings.Count(w.String(), tc.logged) != 1 && tc.logged != "" || tc.logged == "" && w.String() != "" {
				t.Errorf("logged:\n%s", w)
			}
		})
	}
}

func TestHelpTellsWhatIsCached(t *testing.T) {
	t.Parallel()
	portal := newFakePortal(t, &fakeClient{}, &logs{}, &clock{at: now})
	for metric, want := range map[string]string{
		"docspace_portal_info": "every ten minutes", "docspace_webhook_trigger_available": "once an hour",
	} {
		text, err := testutil.CollectAndFormat(portal.Collector(t.Context()), expfmt.TypeTextPlain, metric)
		if help, _, _ := strings.Cut(string(text), "\n"); err != nil || !strings.Contains(help, want) {
			t.Errorf("%s: %s, %v", metric, help, err)
		}
	}
}

func TestTheLastKnownZoneOutlivesAFailure(t *testing.T) {
	t.Parallel()
	settings := docspace.Settings{TimeZone: "Asia/Kolkata"}
	var fail error
	client := &fakeClient{settings: func(context.Context) (docspace.Settings, error) { return settings, fail }}
	c := &clock{at: now}
	portal := newFakePortal(t, client, &logs{}, c)
	for _, fail = range []error{nil, errors.New("down"), errors.New("down")} {
		if value(t, portal.Collector(t.Context()), "docspace_portal_info", `{alias="",time_zone="Asia/Kolkata",version=""}`) != 1 {
			t.Errorf("zone was forgotten after %v", fail)
		}
		c.Advance(time.Hour)
	}
}

func TestTriggers_UnsupportedIsNoFailureWhereTheListIsRead(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status   int
		list     error
		success  float64
		requests int // from minute 0 to minute 60
	}{
		{404, nil, 1, 2},
		{405, nil, 1, 2},
		{404, statusError(docspace.EndpointWebhooks, 404), 0, 61},
		{403, nil, 0, 61},
		{500, nil, 0, 61},
	} {
		requests := 0
		c := &clock{at: now}
		portal := newFakePortal(t, &fakeClient{
			webhooks: func(context.Context) (docspace.WebhookList, error) { return docspace.WebhookList{}, tc.list },
			triggers: func(context.Context) ([]docspace.Trigger, error) {
				requests++
				return nil, statusError(docspace.EndpointTriggers, tc.status)
			},
		}, &logs{}, c)
		for range 61 {
			if got := value(t, portal.Collector(t.Context()), "docspace_scrape_collector_success", `{collector="triggers"}`); got != tc.success {
				t.Errorf("HTTP %d: success %v, want %v", tc.status, got, tc.success)
			}
			c.Advance(time.Minute)
		}
		if requests != tc.requests {
			t.Errorf("HTTP %d: %d requests, want %d", tc.status, requests, tc.requests)
		}
	}
}

// statusError is the error of a client that got a status.
func statusError(e docspace.Endpoint, status int) error {
	reason := map[int]docspace.Reason{403: docspace.ReasonForbidden, 404: docspace.ReasonNotFound, 500: docspace.ReasonServerError}[status]
	return &docspace.Error{Endpoint: e, Reason: cmp.Or(reason, docspace.ReasonUnexpectedStatus), Status: status, Err: errors.New("HTTP " + strconv.Itoa(status))}
}

func TestTriggerNames(t *testing.T) {
	t.Parallel()
	webhook := docspace.Webhook{ID: 1, Triggers: docspace.NewTriggerSet(1<<8 | 1<<9)}
	for _, tc := range []struct {
		name string
		list []docspace.Trigger
		err  error
		want string
	}{
		{"are the portal's", []docspace.Trigger{{Name: "doc.up", Mask: 1 << 8}}, nil, "bit_9 doc.up"},
		{"are those of the releases without a list", nil, errors.New("down"), "file.updated file.uploaded"},
		{
			"are never the same for two bits",
			[]docspace.Trigger{{Name: "x", Mask: 1 << 8}, {Name: "x", Mask: 1 << 9}},
			nil,
			"bit_8 x", // the last one counts
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			portal := newFakePortal(t, &fakeClient{
				webhooks: func(context.Context) (docspace.WebhookList, error) {
					return docspace.WebhookList{Webhooks: []docspace.Webhook{webhook}}, nil
				},
				triggers: func(context.Context) ([]docspace.Trigger, error) { return tc.list, tc.err },
			}, &logs{}, &clock{at: now})
			text, err := exposition(portal.Collector(t.Context()), "docspace_webhook_enabled")
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for line := range strings.Lines(text) {
				_, rest, _ := strings.Cut(line, `trigger="`)
				name, _, _ := strings.Cut(rest, `"`)
				names = append(names, name)
			}
			if got := strings.Join(names, " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestSkippedTriggersAreLoggedOnceAndTheRestServed(t *testing.T) {
	t.Parallel()
	w := &logs{}
	portal := newFakePortal(t, &fakeClient{
		triggers: func(context.Context) ([]docspace.Trigger, error) {
			return []docspace.Trigger{{Name: "file.uploaded", Mask: 1 << 8}}, nil
		},
		skipped: []error{errors.New("not a number")},
	}, w, &clock{at: now})
	for range 3 {
		if n := testutil.CollectAndCount(portal.Collector(t.Context()), "docspace_webhook_trigger_available"); n != 1 {
			t.Fatalf("%d triggers", n)
		}
	}
	if w.String() != "level=warn portal=default msg=\"skipped triggers that cannot be read\" err=\"not a number\"\n" {
		t.Errorf("logged:\n%s", w)
	}
}

func TestTroubleIsLoggedWhenItStartsChangesAndEnds(t *testing.T) {
	t.Parallel()
	w, c := &logs{}, &clock{at: now}
	var fail error
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{}, fail
	}}, w, c)
	refused := &docspace.Error{Endpoint: docspace.EndpointWebhooks, Reason: docspace.ReasonUnauthorized, Status: 401, Err: errors.New("HTTP 401 Unauthorized")}
	broken := &docspace.Error{Endpoint: docspace.EndpointWebhooks, Reason: docspace.ReasonServerError, Status: 502, Err: errors.New("HTTP 502 Bad Gateway")}
	for _, fail = range []error{nil, refused, refused, refused, broken, broken, nil, nil} {
		testutil.CollectAndCount(portal.Collector(t.Context()))
		c.Advance(time.Minute)
	}
	want := `level=warn portal=default msg="cannot read the webhooks" reason=unauthorized err="get webhooks: HTTP 401 Unauthorized"
level=warn portal=default msg="cannot read the webhooks" reason=server_error err="get webhooks: HTTP 502 Bad Gateway"
level=info portal=default msg="trouble is over" trouble="cannot read the webhooks" after=5m0s
`
	if w.String() != want {
		t.Errorf("logged:\n%s", w)
	}
}

func TestWithoutTheListThereIsNoSeriesOfAnyWebhook(t *testing.T) {
	t.Parallel()
	var fail error
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{Webhooks: []docspace.Webhook{{ID: 1}}}, fail
	}}, &logs{}, &clock{at: now})
	testutil.CollectAndCount(portal.Collector(t.Context()))
	fail = errors.New("down")
	families, err := gather(portal.Collector(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range families {
		if strings.HasPrefix(name, "docspace_webhook_") && name != "docspace_webhook_trigger_available" || name == "docspace_webhooks" {
			t.Errorf("%s is still there", name)
		}
	}
}

func gather(c prometheus.Collector) ([]string, error) {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		return nil, err
	}
	families, err := registry.Gather()
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	return names, err
}

var _ collector.Client = (*docspace.Client)(nil)
