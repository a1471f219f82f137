package collector_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// Every date is the true instant, whatever the version and wherever the portal and its server are.
func TestTimestampsAreTrueForEveryVersionAndZone(t *testing.T) {
	t.Parallel()
	winter, summer := now.Add(-25*time.Hour), time.Date(2025, 7, 15, 22, 30, 5, 0, time.UTC)
	webhook := simulator.Webhook{
		ID: 7, Name: "crm", URL: "https://hooks.example/in", Enabled: true, SSL: true, Triggers: 1 << 8,
		CreatedOn: summer, LastSuccessOn: winter, LastFailureOn: summer, LastFailureContent: "Connection refused (hooks.example:443)",
	}
	overEach(t, func(t *testing.T, k transport) {
		t.Helper()
		for _, version := range []simulator.Version{simulator.Flat, simulator.V30, simulator.V31, simulator.V37} {
			for _, portal := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"} {
				for _, server := range []string{"UTC", "America/New_York"} {
					t.Run(fmt.Sprintf("%s/%s/%s", version, portal, server), func(t *testing.T) {
						t.Parallel()
						r := newRig(t, rigOptions{transport: k, simulator: simulator.Options{
							Version: version, TimeZone: zone(t, portal), ServerZone: zone(t, server), Webhooks: []simulator.Webhook{webhook},
						}})
						s := r.scrape(t)
						trigger, created, success, failure := "file.uploaded", summer, winter, summer
						switch version {
						case simulator.Flat:
							created = time.Time{}
						case simulator.V30:
							trigger, created, success, failure = "", time.Time{}, time.Time{}, time.Time{}
						default:
						}
						labels := fmt.Sprintf(`{id="7",name="crm",trigger=%q}`, trigger)
						s.near(t, "docspace_webhook_last_success_timestamp_seconds"+labels, success)
						s.near(t, "docspace_webhook_last_failure_timestamp_seconds"+labels, failure)
						s.near(t, `docspace_webhook_created_timestamp_seconds{id="7",name="crm"}`, created)
						s.want(t, samples{
							"docspace_up": 1, "docspace_webhook_enabled" + labels: 1, "docspace_webhook_ssl_enabled" + labels: 1,
							`docspace_webhooks{state="enabled"}`: 1, `docspace_webhooks{state="disabled"}`: 0,
							"docspace_portal_clock_offset_seconds": 0,
						})
						for _, collector := range []string{"webhooks", "triggers"} {
							if reason := s.failure(t, collector); reason != "" {
								t.Errorf("%s failed: %s\n%s", collector, reason, r.logs)
							}
						}
						if r.logs.String() != "" {
							t.Errorf("logged:\n%s", r.logs)
						}
					})
				}
			}
		}
	})
}

func (s samples) near(t *testing.T, series string, want time.Time) {
	t.Helper()
	seconds := 0.0
	if !want.IsZero() {
		seconds = float64(want.Unix())
	}
	if got, ok := s[series]; !ok || math.Abs(got-seconds) > 1 {
		t.Errorf("%s is %v (present: %t), want %v", series, got, ok, seconds)
	}
}

func TestAFixedZoneOverridesThePortals(t *testing.T) {
	t.Parallel()
	webhook := simulator.Webhook{ID: 7, Name: "crm", LastSuccessOn: now}
	r := newRig(t, rigOptions{
		zone:      zone(t, "Asia/Kolkata"),
		simulator: simulator.Options{Version: simulator.V37, TimeZone: time.UTC, Webhooks: []simulator.Webhook{webhook}},
	})
	s := r.scrape(t)
	s.near(t, `docspace_webhook_last_success_timestamp_seconds{id="7",name="crm",trigger="*"}`, now.Add(-5*time.Hour-30*time.Minute))
	if s[`docspace_portal_info{alias="p1",time_zone="Asia/Kolkata",version="3.7.2.1234"}`] != 1 {
		t.Error("the zone in use is not told")
	}
}

// What the versions do to a key that they don't accept, or whose user may see less.
func TestKeysThatSeeLess(t *testing.T) {
	t.Parallel()
	list := []simulator.Webhook{{ID: 1, Name: "own"}, {ID: 2, Name: "other", OwnedByOther: true}}
	for _, tc := range []struct {
		name                       string
		options                    simulator.Options
		webhooks, triggers, logged string
		seen                       float64
	}{
		{name: "administrator", options: simulator.Options{Version: simulator.V37}, seen: 2},
		{name: "another user sees its own and nobody says so", options: simulator.Options{Version: simulator.V37, Role: simulator.User}, seen: 1},
		{name: "user without developer tools", options: simulator.Options{Version: simulator.V37, Role: simulator.LimitedUser}, webhooks: "forbidden"},
		{name: "guest", options: simulator.Options{Version: simulator.V31, Role: simulator.Guest}, webhooks: "forbidden"},
		{
			name: "restricted key", options: simulator.Options{Version: simulator.V37, Scope: simulator.Restricted},
			webhooks: "forbidden", triggers: "forbidden",
		},
		{
			name: "wrong key on 3.7", options: simulator.Options{Version: simulator.V37, Key: "sk-other"},
			webhooks: "unauthorized", triggers: "unauthorized",
		},
		{
			name: "wrong key on 3.6", options: simulator.Options{Version: simulator.V31, Key: "sk-other"},
			webhooks: "unauthorized", triggers: "unauthorized",
		},
		{name: "unpaid", options: simulator.Options{Version: simulator.V37, Unpaid: true}, webhooks: "payment_required", triggers: "payment_required"},
		{name: "suspended", options: simulator.Options{Version: simulator.V37, TenantStatus: 1}, webhooks: "not_found", triggers: "not_found"},
		{name: "restoring", options: simulator.Options{Version: simulator.V31, TenantStatus: 4}, webhooks: "forbidden", triggers: "forbidden"},
		{name: "address not allowed", options: simulator.Options{Version: simulator.V37, RestrictedIP: true}, webhooks: "forbidden", triggers: "forbidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.Webhooks = list
			s := newRig(t, rigOptions{simulator: tc.options}).scrape(t)
			if got := s.failure(t, "webhooks"); got != tc.webhooks {
				t.Errorf("webhooks: %q, want %q", got, tc.webhooks)
			}
			if got := s.failure(t, "triggers"); got != tc.triggers {
				t.Errorf("triggers: %q, want %q", got, tc.triggers)
			}
			if seen := s[`docspace_webhooks{state="disabled"}`]; seen != tc.seen {
				t.Errorf("%v webhooks seen, want %v", seen, tc.seen)
			}
		})
	}
}
