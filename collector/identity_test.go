package collector_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"html"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const (
	keyExpiry = "docspace_api_key_expiry_timestamp_seconds"
	complete  = "docspace_webhooks_complete"
)

func TestIdentity_ByRoleAndVersion(t *testing.T) {
	t.Parallel()
	end := now.Add(40 * 24 * time.Hour)
	const unknown = -1
	for _, tc := range []struct {
		name     string
		portal   simulator.Options
		complete float64
		expiry   float64
	}{
		{"owner, 3.7", simulator.Options{Version: simulator.V37, Role: simulator.Owner}, 1, 0},
		{"owner, 3.1", simulator.Options{Version: simulator.V31, Role: simulator.Owner}, 1, 0},
		{"administrator", simulator.Options{Version: simulator.V37}, 1, 0},
		{"room administrator", simulator.Options{Version: simulator.V37, Role: simulator.RoomAdmin}, 0, 0},
		{"user", simulator.Options{Version: simulator.V37, Role: simulator.User}, 0, 0},
		{"key with an end", simulator.Options{Version: simulator.V37, KeyExpiresOn: end}, 1, float64(end.Unix())},
		{"key with an end in a zone", simulator.Options{Version: simulator.V31, KeyExpiresOn: end, TimeZone: zone(t, "Asia/Kolkata")}, 1, float64(end.Unix())},
		{"3.1.1 refuses a restricted key", simulator.Options{Version: simulator.V31, EarlyLog: true}, unknown, unknown},
		{"3.1.1 accepts an unrestricted key", simulator.Options{Version: simulator.V31, EarlyLog: true, Scope: simulator.Unrestricted, KeyExpiresOn: end}, 1, float64(end.Unix())},
		{"3.0 has no keys", simulator.Options{Version: simulator.V30}, 1, unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{simulator: tc.portal})
			s := r.scrape(t)
			for metric, want := range map[string]float64{complete: tc.complete, keyExpiry: tc.expiry} {
				if got, ok := s[metric]; ok != (want != unknown) || ok && got != want {
					t.Errorf("%s is %v (present: %t), want %v", metric, got, ok, want)
				}
			}
			if s["docspace_up"] != 1 || r.logs.String() != "" {
				t.Errorf("up %v, logged\n%s", s["docspace_up"], r.logs)
			}
		})
	}
}

// identityPortal counts the requests for key and user.
type identityPortal struct {
	*fakeClient
	clock       *clock
	keys, users int
	fail        error
	webhooks    []docspace.Webhook
}

func newIdentityPortal(t *testing.T) (*identityPortal, func(*testing.T) map[string]float64) {
	t.Helper()
	p := &identityPortal{clock: &clock{at: now}, webhooks: []docspace.Webhook{{ID: 1}, {ID: 2}}}
	p.fakeClient = &fakeClient{
		credential: sha256.Sum256([]byte("a key")),
		key: func(context.Context) (docspace.Key, error) {
			p.keys++
			return docspace.Key{ExpiresOn: now.Add(time.Hour)}, p.fail
		},
		user: func(context.Context) (docspace.User, error) {
			p.users++
			return docspace.User{Owner: true}, p.fail
		},
	}
	p.fakeClient.webhooks = func(context.Context) (docspace.WebhookList, error) {
		return docspace.WebhookList{Webhooks: p.webhooks}, nil
	}
	portal := newFakePortal(t, p.fakeClient, &logs{}, p.clock)
	return p, func(t *testing.T) map[string]float64 {
		t.Helper()
		c := portal.Collector(t.Context())
		return map[string]float64{
			complete: value(t, c, complete, ""), keyExpiry: float64(testutil.CollectAndCount(portal.Collector(t.Context()), keyExpiry)),
			"up": value(t, portal.Collector(t.Context()), "docspace_up", ""),
		}
	}
}

func TestIdentity_IsRequestedOnceAnHour(t *testing.T) {
	t.Parallel()
	p, scrape := newIdentityPortal(t)
	for range 60 {
		scrape(t)
		p.clock.Advance(time.Minute)
	}
	if p.keys != 1 || p.users != 1 {
		t.Errorf("%d requests for the key, %d for the user", p.keys, p.users)
	}
	scrape(t)
	if p.keys != 2 || p.users != 2 {
		t.Errorf("after an hour: %d requests for the key, %d for the user", p.keys, p.users)
	}
}

func TestIdentity_IsRequestedAtOnceWhenTheKeyChanges(t *testing.T) {
	t.Parallel()
	p, scrape := newIdentityPortal(t)
	scrape(t)
	p.credential = sha256.Sum256([]byte("another key"))
	p.fail = nil
	if s := scrape(t); p.keys != 2 || p.users != 2 || s[complete] != 1 {
		t.Errorf("%d requests for the key, %d for the user, complete %v", p.keys, p.users, s[complete])
	}
	p.credential, p.fail = sha256.Sum256([]byte("a third one")), errors.New("down")
	if s := scrape(t); s[complete] != -1 || s[keyExpiry] != 0 {
		t.Errorf("what was known about the key before is still shown: %v", s)
	}
}

func TestIdentity_IsRequestedAtOnceWhenAWebhookLeavesTheList(t *testing.T) {
	t.Parallel()
	p, scrape := newIdentityPortal(t)
	scrape(t)
	p.webhooks = p.webhooks[:1]
	scrape(t)
	scrape(t)
	if p.keys != 2 || p.users != 2 {
		t.Errorf("%d requests for the key, %d for the user", p.keys, p.users)
	}
	p.webhooks = append(p.webhooks, docspace.Webhook{ID: 3})
	scrape(t)
	if p.keys != 2 || p.users != 2 {
		t.Errorf("a webhook that is new: %d requests for the key, %d for the user", p.keys, p.users)
	}
}

func TestIdentity_FailureTouchesNothingElse(t *testing.T) {
	t.Parallel()
	p, scrape := newIdentityPortal(t)
	scrape(t)
	p.fail = statusError(docspace.EndpointKey, 500)
	p.clock.Advance(time.Hour)
	for minute := range 61 {
		if s := scrape(t); s["up"] != 1 || s[complete] != 1 || s[keyExpiry] != 1 {
			t.Fatalf("minute %d: %v", minute, s)
		}
		p.clock.Advance(time.Minute)
	}
	if s := scrape(t); s["up"] != 1 || s[complete] != -1 || s[keyExpiry] != 0 {
		t.Errorf("after an hour of failures: %v", s)
	}
}

func TestIdentity_NotReportedIsRequestedAnHourLater(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 405} {
		p, scrape := newIdentityPortal(t)
		p.fail = statusError(docspace.EndpointKey, status)
		for range 30 {
			if s := scrape(t); s["up"] != 1 || s[complete] != -1 || s[keyExpiry] != 0 {
				t.Fatalf("HTTP %d: %v", status, s)
			}
			p.clock.Advance(time.Minute)
		}
		p.fail = nil
		p.clock.Advance(30 * time.Minute)
		if s := scrape(t); p.keys != 2 || p.users != 2 || s[complete] != 1 {
			t.Errorf("HTTP %d: %d and %d requests, %v", status, p.keys, p.users, s)
		}
	}
}

// What a person reads about the key, in check and on the status page.
func TestIdentity_InWords(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name          string
		portal        simulator.Options
		check, status string
	}{
		{
			"administrator",
			simulator.Options{Version: simulator.V37, TimeZone: zone(t, "Europe/Berlin"), KeyExpiresOn: end},
			"read webhooks    ok: all of them\n", "API key ends 2027-03-01 10:00:00 CET, webhooks all listed",
		},
		{
			"user without an end",
			simulator.Options{Version: simulator.V37, Role: simulator.User},
			"read webhooks    ok: only those that the key&#39;s user created, who is no administrator\n",
			"API key without an end, asked",
		},
		{
			"unknown",
			simulator.Options{Version: simulator.V31, EarlyLog: true},
			"read webhooks    ok: all of them if the key&#39;s user is an administrator, else only those that the user created\n", "clock in step, asked",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{simulator: tc.portal})
			if got := r.checkText(t); !strings.Contains(got, html.UnescapeString(tc.check)) {
				t.Errorf("check printed\n%s", got)
			}
			if page := r.get(t, "/status", nil).body; !strings.Contains(page, tc.status) {
				t.Errorf("the page has no %q:\n%s", tc.status, page)
			}
		})
	}
}

// Nothing is learnt about key and user from a portal that is down, whatever it responds.
func TestIdentity_OutageIsNotTakenForAnOldPortal(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 405} {
		p, scrape := newIdentityPortal(t)
		down := statusError(docspace.EndpointKey, status)
		list := p.fakeClient.webhooks
		p.fail, p.fakeClient.webhooks = down, func(context.Context) (docspace.WebhookList, error) { return docspace.WebhookList{}, down }
		scrape(t)
		p.fail, p.fakeClient.webhooks = nil, list
		if s := scrape(t); s["up"] != 1 || s[complete] != 1 || s[keyExpiry] != 1 {
			t.Errorf("after an outage with HTTP %d: %v", status, s)
		}
	}
}

func TestIdentity_IsRequestedOnceInAScrape(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37}, front: func(portal http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/@self") {
				w = &failing{w}
			}
			portal.ServeHTTP(w, r)
		})
	}})
	for n := 1; n <= 3; n++ {
		r.scrape(t)
		if got := r.portal.Requests(); got["keys/@self"] != n || got["people/@self"] != n {
			t.Errorf("after %d scrapes: %v", n, got)
		}
	}
}

// failing makes each response an error of the server.
type failing struct{ http.ResponseWriter }

func (f *failing) WriteHeader(int) { f.ResponseWriter.WriteHeader(http.StatusInternalServerError) }
