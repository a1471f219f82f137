package simulator_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// crm is the webhook of the worked examples.
func crm() simulator.Webhook {
	return simulator.Webhook{
		ID: 7, Name: "crm", URL: "https://hooks.example/in", Enabled: true, SSL: true, Triggers: 640, TargetID: "1291",
		CreatedOn: event().Add(-24 * time.Hour), LastSuccessOn: event(), Status: 200,
	}
}

// person is the creator of a webhook as versions list it: the title comes after the name.
func person(title string) string {
	return `{"id":"11111111-2222-3333-4444-555555555555","displayName":"Grace Hopper",` + title +
		`"avatar":"/skins/default/images/default_user_photo_size_82-82.png",` +
		`"avatarOriginal":"/skins/default/images/default_user_photo_size_200-200.png",` +
		`"avatarMax":"/skins/default/images/default_user_photo_size_200-200.png",` +
		`"avatarMedium":"/skins/default/images/default_user_photo_size_48-48.png",` +
		`"avatarSmall":"/skins/default/images/default_user_photo_size_32-32.png",` +
		`"profileUrl":"/accounts/view/grace","hasAvatar":false,"isAnonim":false}`
}

// enveloped is what servers put around a response.
func enveloped(response, path string) string {
	const format = `{"response":%s,"count":1,"links":[{"href":"http://p.example/api/2.0/%s","action":"GET"}],"status":0,"statusCode":200}`
	return fmt.Sprintf(format, response, path)
}

func TestListOfEachVersion(t *testing.T) {
	t.Parallel()
	listed := func(title string) string {
		const format = `[{"configs":{"id":7,"name":"crm","uri":"https://hooks.example/in","enabled":true,"ssl":true,"triggers":640,` +
			`"targetId":"1291","createdBy":%[1]s,"createdOn":"2026-01-14T11:00:00+00:00",` +
			`"modifiedBy":%[1]s,"modifiedOn":"2026-01-15T11:00:00+00:00","lastSuccessOn":"2026-01-15T11:00:00+00:00"},"status":200}]`
		return enveloped(fmt.Sprintf(format, person(title)), "settings/webhook")
	}
	for version, want := range map[simulator.Version]string{
		simulator.Flat: `[{"id":7,"name":"crm","uri":"https://hooks.example/in","enabled":true,"ssl":true,"triggers":640,` +
			`"lastSuccessOn":"2026-01-15T11:00:00+00:00"}]`,
		simulator.V30: enveloped(`[{"configs":{"id":7,"name":"crm","uri":"https://hooks.example/in","secretKey":"signing-secret-7",`+
			`"enabled":true,"ssl":true},"status":200}]`, "settings/webhook"),
		simulator.V31: listed(`"title":"Engineer",`),
		simulator.V37: listed(""),
	} {
		t.Run(version.String(), func(t *testing.T) {
			t.Parallel()
			p := simulator.New(simulator.Options{
				Version: version, TimeZone: zone(t, "Europe/Berlin"), Webhooks: []simulator.Webhook{crm()},
			})
			r := get(t, p, "settings/webhook")
			if r.body != want {
				t.Errorf("got\n%s\nwant\n%s", r.body, want)
			}
			if got := r.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
				t.Errorf("content type %q", got)
			}
			if got := r.header.Get("Cache-Control"); got != "no-cache, no-store, no-transform" {
				t.Errorf("cache control %q", got)
			}
		})
	}
}

func TestTheCountOfTheListIsAlwaysOne(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Version: simulator.V37})
	if got, want := get(t, p, "settings/webhook").body, enveloped("[]", "settings/webhook"); got != want {
		t.Errorf("empty list: %s", got)
	}
	p.SetWebhooks(make([]simulator.Webhook, 3))
	if got := get(t, p, "settings/webhook").body; !strings.Contains(got, `"count":1,`) {
		t.Errorf("list of three: %s", got)
	}
}

// The rows of the table of dates, and what a machine elsewhere does to them.
func TestDates(t *testing.T) {
	t.Parallel()
	summer := time.Date(2026, 7, 15, 10, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		portal, server string
		at             time.Time
		want           string
	}{
		{"UTC", "UTC", event(), "2026-01-15T10:00:00+00:00"},
		{"Europe/Berlin", "UTC", event(), "2026-01-15T11:00:00+00:00"},
		{"Europe/Berlin", "Europe/Berlin", event(), "2026-01-15T11:00:00+01:00"},
		{"Europe/Berlin", "UTC", summer, "2026-07-15T12:00:00+00:00"},
		{"America/New_York", "UTC", event(), "2026-01-15T05:00:00+00:00"},
		{"Asia/Kolkata", "UTC", event(), "2026-01-15T15:30:00+00:00"},
		{"Asia/Kolkata", "America/New_York", summer, "2026-07-15T15:30:00-04:00"},
		{"UTC", "UTC", event().Add(600 * time.Millisecond), "2026-01-15T10:00:01+00:00"},
	} {
		p := simulator.New(simulator.Options{
			Version: simulator.V31, TimeZone: zone(t, tc.portal), ServerZone: zone(t, tc.server),
			Webhooks: []simulator.Webhook{{LastFailureOn: tc.at}},
		})
		if body := get(t, p, "settings/webhook").body; !strings.Contains(body, `"lastFailureOn":"`+tc.want+`"`) {
			t.Errorf("%+v: %s", tc, body)
		}
	}
}

func TestUsersSeeTheirOwnWebhooksOnly(t *testing.T) {
	t.Parallel()
	list := []simulator.Webhook{{ID: 1, OwnedByOther: true}, {ID: 2}}
	for role, want := range map[simulator.Role]int{
		simulator.Admin: 2, simulator.Owner: 2, simulator.RoomAdmin: 1, simulator.User: 1,
	} {
		p := simulator.New(simulator.Options{Version: simulator.V37, Role: role, Webhooks: list})
		if got := response[[]any](t, get(t, p, "settings/webhook")); len(got) != want {
			t.Errorf("role %d sees %d webhooks, want %d", role, len(got), want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const format = `{"version":%q,"tenantStatus":5,"tenantAlias":"p1","standalone":true,"docSpace":true,"culture":"en-US","baseDomain":"localhost",`
	const users = format + `"ownerId":"11111111-2222-3333-4444-555555555555","utcOffset":%q,"utcHoursOffset":%s,"timezone":%q}`
	const anybodys = format + `"ownerId":"00000000-0000-0000-0000-000000000000","utcOffset":"00:00:00","utcHoursOffset":0,` +
		`"passwordHash":{"size":256,"iterations":100000,"salt":"c2ltdWxhdGVkIHNhbHQ="}}`
	for _, tc := range []struct {
		version             simulator.Version
		server              string
		zone, offset, hours string
	}{
		{simulator.Flat, "3.6.1.1234", "UTC", "00:00:00", "0"},
		{simulator.V30, "3.0.4", "Europe/Berlin", "01:00:00", "1"},
		{simulator.V31, "3.6.1.1234", "America/New_York", "-05:00:00", "-5"},
		{simulator.V37, "3.7.2.1234", "Asia/Kolkata", "05:30:00", "5.5"},
	} {
		p := simulator.New(simulator.Options{Version: tc.version, TimeZone: zone(t, tc.zone), TenantStatus: 5, Clock: event})
		want := enveloped(fmt.Sprintf(users, tc.server, tc.offset, tc.hours, tc.zone), "settings")
		if got := get(t, p, "settings").body; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.version, got, want)
		}
		want = enveloped(fmt.Sprintf(anybodys, tc.server), "settings")
		if got := get(t, p, "settings", "Authorization", "").body; got != want {
			t.Errorf("%s, anonymous: got\n%s\nwant\n%s", tc.version, got, want)
		}
	}
}

func TestTriggersUpTo36AreAnObject(t *testing.T) {
	t.Parallel()
	want := map[string]uint64{"*": 0}
	for bit, name := range docspace.ReleasedTriggerNames()[:28] {
		want[name] = 1 << bit
	}
	for _, version := range []simulator.Version{simulator.Flat, simulator.V31} {
		r := get(t, simulator.New(simulator.Options{Version: version}), "settings/webhook/triggers")
		if got := response[map[string]uint64](t, r); !maps.Equal(got, want) {
			t.Errorf("%s: %v", version, got)
		}
		if !strings.Contains(r.body, `"count":1,`) {
			t.Errorf("%s: %s", version, r.body)
		}
	}
}

type trigger struct {
	Name      string
	ID        uint64
	Available bool
}

func TestTriggersFrom37OnAreAList(t *testing.T) {
	t.Parallel()
	r := get(t, simulator.New(simulator.Options{Version: simulator.V37}), "settings/webhook/triggers")
	const begin = `{"response":[{"name":"*","id":0,"available":true},{"name":"user.created","id":1,"available":true},`
	if !strings.HasPrefix(r.body, begin) || !strings.Contains(r.body, `],"count":37,`) {
		t.Error(r.body)
	}
	list := response[[]trigger](t, r)
	names := make([]string, 0, len(list))
	for _, tr := range list {
		names = append(names, tr.Name)
	}
	if at := slices.Index(names, "file.moved"); names[at+1] != "file.downloaded" || names[at+2] != "folder.created" {
		t.Errorf("not in the order of display: %v", names)
	}
	slices.SortFunc(list, func(a, b trigger) int { return cmp.Compare(a.ID, b.ID) })
	for bit, name := range docspace.ReleasedTriggerNames()[:36] {
		if got := list[bit+1]; got != (trigger{name, 1 << bit, true}) {
			t.Errorf("bit %d: %+v, want %s", bit, got, name)
		}
	}
}

func TestTriggersAreAvailableByRole(t *testing.T) {
	t.Parallel()
	for role, want := range map[simulator.Role]int{
		simulator.Admin: 37, simulator.Owner: 37, simulator.RoomAdmin: 37, simulator.User: 29, simulator.LimitedUser: 29, simulator.Guest: 0,
	} {
		r := get(t, simulator.New(simulator.Options{Version: simulator.V37, Role: role}), "settings/webhook/triggers")
		got := slices.DeleteFunc(response[[]trigger](t, r), func(tr trigger) bool { return !tr.Available })
		if len(got) != want {
			t.Errorf("role %d: %d available, want %d", role, len(got), want)
		}
	}
}
