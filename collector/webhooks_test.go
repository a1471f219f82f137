package collector_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// expect compares metrics of a portal with the text of an exposition, in a pedantic registry.
func expect(t *testing.T, c prometheus.Collector, want string, names ...string) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func portalWith(t *testing.T, list ...docspace.Webhook) prometheus.Collector {
	t.Helper()
	client := &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{Webhooks: list}, nil
	}}
	return newFakePortal(t, client, &logs{}, &clock{at: now}).Collector(t.Context())
}

func date(t *testing.T, s string) docspace.Date {
	t.Helper()
	d, err := docspace.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// crm is a webhook that worked and then failed, on a portal in Berlin.
func crm(t *testing.T) docspace.Webhook {
	t.Helper()
	return docspace.Webhook{
		ID: 7, Name: "crm", URI: "https://hooks.example/in?token=secret", Enabled: true, SSL: true,
		Triggers:      docspace.NewTriggerSet(1<<8 | 1<<40),
		CreatedOn:     date(t, "2026-01-02T09:15:00+00:00"),
		LastSuccessOn: date(t, "2026-01-14T11:00:00+00:00"), LastFailureOn: date(t, "2026-01-15T11:00:00+00:00"),
		LastFailureContent: "Connection refused (hooks.example:443)",
	}
}

func TestEveryMetricOfAWebhook(t *testing.T) {
	t.Parallel()
	expect(t, portalWith(t, crm(t)), `
# HELP docspace_webhook_auto_disable_timestamp_seconds From when on a failed delivery makes DocSpace switch the webhook off: the last success, else the creation (fields lastSuccessOn, createdOn), plus the grace; 0 when it is switched off already or none is known.
# TYPE docspace_webhook_auto_disable_timestamp_seconds gauge
docspace_webhook_auto_disable_timestamp_seconds{id="7",name="crm"} 1.7686440e+09
# HELP docspace_webhook_created_timestamp_seconds When the webhook was created (field createdOn), 0 for unknown.
# TYPE docspace_webhook_created_timestamp_seconds gauge
docspace_webhook_created_timestamp_seconds{id="7",name="crm"} 1.7673417e+09
# HELP docspace_webhook_enabled Whether the webhook is switched on (field enabled).
# TYPE docspace_webhook_enabled gauge
docspace_webhook_enabled{id="7",name="crm",trigger="bit_40"} 1
docspace_webhook_enabled{id="7",name="crm",trigger="file.uploaded"} 1
# HELP docspace_webhook_info The scheme of the receiver's URL (field uri), and whether the webhook is restricted to one room or file (field targetId).
# TYPE docspace_webhook_info gauge
docspace_webhook_info{id="7",name="crm",scheme="https",target="any"} 1
# HELP docspace_webhook_last_failure_info The class of the last failure (field lastFailureContent), which stays after a recovery.
# TYPE docspace_webhook_last_failure_info gauge
docspace_webhook_last_failure_info{id="7",name="crm",reason="connection"} 1
# HELP docspace_webhook_last_failure_timestamp_seconds When a delivery last failed after all retries (field lastFailureOn), 0 for never. It can go back.
# TYPE docspace_webhook_last_failure_timestamp_seconds gauge
docspace_webhook_last_failure_timestamp_seconds{id="7",name="crm",trigger="bit_40"} 1.7684712e+09
docspace_webhook_last_failure_timestamp_seconds{id="7",name="crm",trigger="file.uploaded"} 1.7684712e+09
# HELP docspace_webhook_last_success_timestamp_seconds When a delivery was last accepted (field lastSuccessOn), 0 for never. It can go back.
# TYPE docspace_webhook_last_success_timestamp_seconds gauge
docspace_webhook_last_success_timestamp_seconds{id="7",name="crm",trigger="bit_40"} 1.7683848e+09
docspace_webhook_last_success_timestamp_seconds{id="7",name="crm",trigger="file.uploaded"} 1.7683848e+09
# HELP docspace_webhook_ssl_enabled Whether the receiver's certificate is verified, and https demanded from DocSpace 3.7 on (field ssl).
# TYPE docspace_webhook_ssl_enabled gauge
docspace_webhook_ssl_enabled{id="7",name="crm",trigger="bit_40"} 1
docspace_webhook_ssl_enabled{id="7",name="crm",trigger="file.uploaded"} 1
# HELP docspace_webhooks How many webhooks are enabled and disabled (field enabled).
# TYPE docspace_webhooks gauge
docspace_webhooks{state="disabled"} 0
docspace_webhooks{state="enabled"} 1
`, "docspace_webhook_auto_disable_timestamp_seconds", "docspace_webhook_created_timestamp_seconds", "docspace_webhook_enabled",
		"docspace_webhook_info", "docspace_webhook_last_failure_info", "docspace_webhook_last_failure_timestamp_seconds",
		"docspace_webhook_last_success_timestamp_seconds", "docspace_webhook_ssl_enabled", "docspace_webhooks")
}

func TestWebhooksThatLackSomething(t *testing.T) {
	t.Parallel()
	created, success := "2026-01-02T01:00:00+00:00", "2026-01-10T01:00:00+00:00" // midnight in UTC
	for _, tc := range []struct {
		name, metric, want string
		webhook            docspace.Webhook
	}{
		{"triggers were not sent", "docspace_webhook_enabled", `{id="1",name="",trigger=""} 0`, docspace.Webhook{}},
		{"all triggers", "docspace_webhook_enabled", `{id="1",name="",trigger="*"} 0`, docspace.Webhook{Triggers: docspace.NewTriggerSet(0)}},
		{"never any success", "docspace_webhook_last_success_timestamp_seconds", `{id="1",name="",trigger=""} 0`, docspace.Webhook{}},
		{"never any failure", "docspace_webhook_last_failure_timestamp_seconds", `{id="1",name="",trigger=""} 0`, docspace.Webhook{}},
		{"never any failure, so no class", "docspace_webhook_last_failure_info", ``, docspace.Webhook{}},
		{
			"a failure without a text", "docspace_webhook_last_failure_info", `{id="1",name="",reason="other"} 1`,
			docspace.Webhook{LastFailureOn: date(t, created)},
		},
		{"no creation", "docspace_webhook_created_timestamp_seconds", `{id="1",name=""} 0`, docspace.Webhook{}},
		{"plain http", "docspace_webhook_info", `{id="1",name="",scheme="http",target="any"} 1`, docspace.Webhook{URI: "HTTP://a"}},
		{"no URL", "docspace_webhook_info", `{id="1",name="",scheme="other",target="any"} 1`, docspace.Webhook{}},
		{
			"one room only", "docspace_webhook_info", `{id="1",name="",scheme="other",target="restricted"} 1`,
			docspace.Webhook{TargetID: "1291"},
		},
		{
			"grace counts from the last success", "docspace_webhook_auto_disable_timestamp_seconds", `{id="1",name=""} 1.7682624e+09`,
			docspace.Webhook{Enabled: true, CreatedOn: date(t, created), LastSuccessOn: date(t, success)},
		},
		{
			"or else from the creation", "docspace_webhook_auto_disable_timestamp_seconds", `{id="1",name=""} 1.7675712e+09`,
			docspace.Webhook{Enabled: true, CreatedOn: date(t, created)},
		},
		{
			"no grace when disabled", "docspace_webhook_auto_disable_timestamp_seconds", `{id="1",name=""} 0`,
			docspace.Webhook{CreatedOn: date(t, created)},
		},
		{
			"no grace from nothing", "docspace_webhook_auto_disable_timestamp_seconds", `{id="1",name=""} 0`,
			docspace.Webhook{Enabled: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.webhook.ID = 1
			got, err := exposition(portalWith(t, tc.webhook), tc.metric)
			if err != nil {
				t.Fatal(err)
			}
			want := ""
			if tc.want != "" {
				want = tc.metric + tc.want
			}
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// exposition is the samples of one metric in the text format.
func exposition(c prometheus.Collector, metric string) (string, error) {
	text, err := testutil.CollectAndFormat(c, expfmt.TypeTextPlain, metric)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n"), err
}

func TestConfigHashChangesWithWhatPeopleConfigure(t *testing.T) {
	t.Parallel()
	hash := func(change func(*docspace.Webhook)) string {
		w := crm(t)
		change(&w)
		registry := prometheus.NewRegistry()
		registry.MustRegister(portalWith(t, w))
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "docspace_webhook_config_hash" {
				return f.GetMetric()[0].GetGauge().String()
			}
		}
		t.Fatal("no hash")
		return ""
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*docspace.Webhook){
		"nothing":  func(*docspace.Webhook) {},
		"name":     func(w *docspace.Webhook) { w.Name = "erp" },
		"url":      func(w *docspace.Webhook) { w.URI += "x" },
		"enabled":  func(w *docspace.Webhook) { w.Enabled = false },
		"ssl":      func(w *docspace.Webhook) { w.SSL = false },
		"triggers": func(w *docspace.Webhook) { w.Triggers = docspace.NewTriggerSet(0) },
		"target":   func(w *docspace.Webhook) { w.TargetID = "1" },
		"borders":  func(w *docspace.Webhook) { w.Name, w.URI = w.Name+"h", w.URI[1:] },
	} {
		got := hash(change)
		if other, ok := seen[got]; ok {
			t.Errorf("hash is the same after a change of %s and of %s", name, other)
		}
		seen[got] = name
	}
	if delivered := hash(func(w *docspace.Webhook) {
		w.LastSuccessOn, w.LastFailureOn, w.LastFailureContent = docspace.Date{}, docspace.Date{}, ""
	}); seen[delivered] != "nothing" {
		t.Error("a delivery changes the hash")
	}
}

func TestTheLastOfTwoWebhooksWithOneIDCounts(t *testing.T) {
	t.Parallel()
	w := &logs{}
	list := []docspace.Webhook{{ID: 1, Name: "old", Enabled: true}, {ID: 2, Name: "other"}, {ID: 1, Name: "new"}}
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{Webhooks: list}, nil
	}}, w, &clock{at: now})
	for range 3 {
		expect(t, portal.Collector(t.Context()), `
# HELP docspace_webhook_enabled Whether the webhook is switched on (field enabled).
# TYPE docspace_webhook_enabled gauge
docspace_webhook_enabled{id="1",name="new",trigger=""} 0
docspace_webhook_enabled{id="2",name="other",trigger=""} 0
# HELP docspace_webhooks How many webhooks are enabled and disabled (field enabled).
# TYPE docspace_webhooks gauge
docspace_webhooks{state="disabled"} 2
docspace_webhooks{state="enabled"} 0
`, "docspace_webhook_enabled", "docspace_webhooks")
	}
	if n := strings.Count(w.String(), "webhooks share an id"); n != 1 {
		t.Errorf("warned %d times:\n%s", n, w)
	}
}

func TestSkippedWebhooksAreLoggedOnceAndTheRestServed(t *testing.T) {
	t.Parallel()
	w := &logs{}
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{Webhooks: []docspace.Webhook{{ID: 1}}, Skipped: []error{errors.New("element 1: no integer id")}}, nil
	}}, w, &clock{at: now})
	for range 3 {
		if n := testutil.CollectAndCount(portal.Collector(t.Context()), "docspace_webhook_enabled"); n != 1 {
			t.Fatalf("%d webhooks", n)
		}
	}
	if n := strings.Count(w.String(), "element 1: no integer id"); n == 0 || strings.Count(w.String(), "\n") != 1 {
		t.Errorf("logged:\n%s", w)
	}
}

// The elements of a list come in any order, so the number of one says nothing.
func TestASkippedWebhookThatMovesInTheListIsNoNewTrouble(t *testing.T) {
	t.Parallel()
	w := &logs{}
	place, skipped := 0, 1
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		list := docspace.WebhookList{Webhooks: []docspace.Webhook{{ID: 1}}}
		place++
		for i := range skipped {
			list.Skipped = append(list.Skipped, fmt.Errorf("element %d: no integer id", place+i))
		}
		return list, nil
	}}, w, &clock{at: now})
	for _, skipped = range []int{1, 1, 1, 2, 2} {
		testutil.CollectAndCount(portal.Collector(t.Context()))
	}
	if n := strings.Count(w.String(), "skipped webhooks"); n != 2 || !strings.Contains(w.String(), "2 of them, the first: element 4") {
		t.Errorf("logged %d times, want one for one and one for two:\n%s", n, w)
	}
}

func TestNamesPassPromlint(t *testing.T) {
	t.Parallel()
	problems, err := testutil.CollectAndLint(portalWith(t, crm(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestTheClockOffsetIsThePortalsMinusOurs(t *testing.T) {
	t.Parallel()
	ahead := 90 * time.Second
	portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{ClockOffset: &ahead}, nil
	}}, &logs{}, &clock{at: now})
	expect(t, portal.Collector(t.Context()), `
# HELP docspace_portal_clock_offset_seconds The portal's clock minus the exporter's, by the Date header of the list of webhooks, which has whole seconds.
# TYPE docspace_portal_clock_offset_seconds gauge
docspace_portal_clock_offset_seconds 90
`, "docspace_portal_clock_offset_seconds")
}
