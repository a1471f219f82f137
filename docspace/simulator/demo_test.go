package simulator_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// demo is the portal of a demo with a clock that is moved by hand.
type demo struct {
	*simulator.Portal
	now time.Time
}

func newDemo(seed uint64) *demo {
	d := &demo{now: event()}
	d.Portal = simulator.NewDemo(simulator.DemoOptions{Seed: seed, Clock: func() time.Time { return d.now }})
	return d
}

// watch looks at the demo every five seconds of its half hour.
func (d *demo) watch(look func(list []simulator.Webhook)) {
	for end := d.now.Add(30 * time.Minute); d.now.Before(end); d.now = d.now.Add(5 * time.Second) {
		look(d.Webhooks())
	}
}

func TestDemosOfOneSeedAreAlike(t *testing.T) {
	t.Parallel()
	a, b, other := newDemo(1), newDemo(1), newDemo(2)
	differs := false
	for range 200 {
		for _, d := range []*demo{a, b, other} {
			d.now = d.now.Add(7 * time.Second)
		}
		body := get(t, a, "settings/webhook").body
		if body != get(t, b, "settings/webhook").body {
			t.Fatalf("%s: not alike", a.now)
		}
		differs = differs || body != get(t, other, "settings/webhook").body
	}
	if !differs {
		t.Error("another seed makes no difference")
	}
}

// What a portal says depends on the time alone, not on how often it was asked, and a jump of the
// clock costs nothing.
func TestADemoIsAFunctionOfTime(t *testing.T) {
	t.Parallel()
	watched, left := newDemo(1), newDemo(1)
	watched.watch(func([]simulator.Webhook) {})
	left.now = watched.now
	if !slices.Equal(watched.Webhooks(), left.Webhooks()) {
		t.Error("watching changes the demo")
	}
	left.now = left.now.AddDate(5, 0, 0)
	if n := len(left.Webhooks()); n < 10 {
		t.Errorf("%d webhooks after five years", n)
	}
	left.now = event().Add(-time.Hour)
	if !slices.Equal(left.Webhooks(), newDemo(1).Webhooks()) {
		t.Error("a clock that went back shows more than the beginning")
	}
}

func TestADemoHasItsKeyAndZone(t *testing.T) {
	t.Parallel()
	p := simulator.NewDemo(simulator.DemoOptions{Key: "sk-demo", Clock: event})
	body := get(t, p, "settings", "Authorization", "Bearer sk-demo").body
	if !strings.Contains(body, `"timezone":"Europe/Berlin"`) || !strings.Contains(body, `"version":"3.7.2.1234"`) {
		t.Error(body)
	}
	if get(t, p, "settings/webhook").status != 401 {
		t.Error("the default key is accepted")
	}
}

func TestDemo_KeyOfAnAdministratorEnds(t *testing.T) {
	t.Parallel()
	d := newDemo(1)
	for days, want := range map[int]string{
		0:  "2026-02-04T11:00:00.0000000+01:00",
		19: "2026-02-04T11:00:00.0000000+01:00",
		20: "2026-02-24T11:00:00.0000000+01:00", // a demo that runs for long goes on
		-1: "2026-02-04T11:00:00.0000000+01:00",
	} {
		d.now = event().AddDate(0, 0, days)
		if got := response[map[string]any](t, get(t, d, "keys/@self"))["expiresAt"]; got != want {
			t.Errorf("after %d days: %v, want %s", days, got, want)
		}
	}
	user := response[map[string]bool](t, get(t, d, "people/@self?fields=isAdmin,isOwner"))
	if !user["isAdmin"] || user["isOwner"] {
		t.Errorf("user: %v", user)
	}
}

func TestADemoShowsEveryClassOfFailure(t *testing.T) {
	t.Parallel()
	seen, recovered := map[docspace.FailureReason]bool{}, map[docspace.FailureReason]bool{}
	newDemo(1).watch(func(list []simulator.Webhook) {
		for i := range list {
			w := &list[i]
			if w.Name != "partner-audit" {
				continue
			}
			reason := docspace.ClassifyFailure(w.LastFailureContent)
			seen[reason] = true
			recovered[reason] = recovered[reason] || w.LastSuccessOn.After(w.LastFailureOn)
		}
	})
	for _, reason := range []docspace.FailureReason{
		docspace.FailureRedirect, docspace.FailureUnauthorized, docspace.FailureRateLimited, docspace.FailureClientError,
		docspace.FailureServerError, docspace.FailureTimeout, docspace.FailureDNS, docspace.FailureConnection,
		docspace.FailureTLS, docspace.FailureOther,
	} {
		if !seen[reason] || !recovered[reason] {
			t.Errorf("%s: seen %t, recovered %t", reason, seen[reason], recovered[reason])
		}
	}
}

// The server disables a webhook at a failure more than three days after its last success, or after
// its creation.
func TestADemoSwitchesAWebhookOffAndAPersonEnablesIt(t *testing.T) {
	t.Parallel()
	const grace = 72 * time.Hour
	ids := map[int64]bool{}
	disabled, enabled := 0, 0
	before := simulator.Webhook{}
	newDemo(1).watch(func(list []simulator.Webhook) {
		at := slices.IndexFunc(list, func(w simulator.Webhook) bool { return w.Name == "backup-mirror" })
		w := list[at]
		if over := w.LastFailureOn.Sub(w.CreatedOn) > grace; !over && !w.Enabled {
			t.Errorf("switched off %s after its creation", w.LastFailureOn.Sub(w.CreatedOn))
		}
		if before.ID == w.ID && before.Enabled && !w.Enabled {
			disabled++
		}
		if before.ID == w.ID && !before.Enabled && w.Enabled {
			enabled++
		}
		ids[w.ID] = true
		before = w
	})
	if len(ids) < 2 || disabled < 2 || enabled < 2 {
		t.Errorf("ids %v, disabled %d times, enabled %d times", ids, disabled, enabled)
	}
}

func TestADemoRemovesAWebhookAndCreatesItAgain(t *testing.T) {
	t.Parallel()
	var ids []int64 // 0 while it is gone
	newDemo(1).watch(func(list []simulator.Webhook) {
		id := int64(0)
		if at := slices.IndexFunc(list, func(w simulator.Webhook) bool { return w.Name == "legacy-import" }); at >= 0 {
			id = list[at].ID
		}
		if len(ids) == 0 || ids[len(ids)-1] != id {
			ids = append(ids, id)
		}
	})
	if len(ids) < 4 || !slices.Equal(ids[:4], []int64{5, 0, 105, 0}) {
		t.Errorf("ids over time: %v", ids)
	}
}

// The kinds of webhook that a demo has at any time.
func TestADemoHasEveryKindOfWebhook(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(w *simulator.Webhook) bool{
		"healthy": func(w *simulator.Webhook) bool { return w.Enabled && w.LastFailureOn.IsZero() && w.Status/100 == 2 },
		"failing for hours": func(w *simulator.Webhook) bool {
			return w.LastFailureOn.Sub(w.LastSuccessOn) > time.Hour && w.Status/100 == 2
		},
		"never delivered":      func(w *simulator.Webhook) bool { return w.LastSuccessOn.IsZero() && w.LastFailureOn.IsZero() },
		"disabled by a person": func(w *simulator.Webhook) bool { return !w.Enabled && w.LastFailureOn.IsZero() },
		"plain HTTP":           func(w *simulator.Webhook) bool { return strings.HasPrefix(w.URL, "http:") && !w.SSL },
		"HTTPS, not verified":  func(w *simulator.Webhook) bool { return strings.HasPrefix(w.URL, "https:") && !w.SSL },
		"one room":             func(w *simulator.Webhook) bool { return w.TargetID != "" },
		"all triggers":         func(w *simulator.Webhook) bool { return w.Triggers == 0 },
		"unknown trigger":      func(w *simulator.Webhook) bool { return w.Triggers>>40 == 1 },
		"fails now and then":   func(w *simulator.Webhook) bool { return w.Name == "print-service" && !w.LastFailureOn.IsZero() },
	}
	d := newDemo(3)
	d.watch(func(list []simulator.Webhook) {
		names, ids := map[string]int{}, map[int64]bool{}
		for i := range list {
			w := &list[i]
			names[w.Name]++
			ids[w.ID] = true
			for _, at := range []time.Time{w.CreatedOn, w.LastSuccessOn, w.LastFailureOn} {
				if at.After(d.now) || !at.IsZero() && at.Before(w.CreatedOn) {
					t.Errorf("%s: %s of %s is not between its creation and now", d.now, at, w.Name)
				}
			}
		}
		if names["reports"] != 2 || len(ids) != len(list) {
			t.Errorf("%s: names %v, ids %v", d.now, names, slices.Sorted(maps.Keys(ids)))
		}
		for kind, is := range kinds {
			if !slices.ContainsFunc(list, func(w simulator.Webhook) bool { return is(&w) }) {
				t.Fatalf("%s: no webhook is %s", d.now, kind)
			}
		}
	})
}
