package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// statuses are the answers to GET settings/webhook, settings/webhook/triggers and settings.
type statuses [3]int

// What the portal answers in bad situations, by version.
func TestAccess(t *testing.T) {
	t.Parallel()
	const wrong, session = "Bearer sk-wrong", "Bearer something"
	for _, tc := range []struct {
		name          string
		options       simulator.Options
		authorization string // empty means the right key
		v31, v37      statuses
	}{
		{name: "right key", v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "no key", authorization: " ", v31: statuses{401, 401, 200}, v37: statuses{401, 401, 200}},
		{name: "no API key", authorization: session, v31: statuses{401, 401, 200}, v37: statuses{401, 401, 200}},
		{name: "key without Bearer", authorization: simulator.DefaultKey, v31: statuses{401, 401, 200}, v37: statuses{401, 401, 200}},
		{name: "wrong key", authorization: wrong, v31: statuses{401, 401, 200}, v37: statuses{401, 401, 403}},
		{name: "restricted", options: simulator.Options{Scope: simulator.Restricted}, v31: statuses{403, 403, 200}, v37: statuses{403, 403, 403}},
		{name: "scope of the user only", options: simulator.Options{Scope: simulator.SelfRead}, v31: statuses{403, 403, 200}, v37: statuses{403, 403, 403}},
		{name: "unrestricted", options: simulator.Options{Scope: simulator.Unrestricted}, v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "expired key", options: simulator.Options{KeyExpiresOn: event()}, v31: statuses{401, 401, 200}, v37: statuses{401, 401, 403}},
		{name: "owner", options: simulator.Options{Role: simulator.Owner}, v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "room administrator", options: simulator.Options{Role: simulator.RoomAdmin}, v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "user", options: simulator.Options{Role: simulator.User}, v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "limited user", options: simulator.Options{Role: simulator.LimitedUser}, v31: statuses{403, 200, 200}, v37: statuses{403, 200, 200}},
		{name: "guest", options: simulator.Options{Role: simulator.Guest}, v31: statuses{403, 200, 200}, v37: statuses{403, 200, 200}},
		{name: "address", options: simulator.Options{RestrictedIP: true}, v31: statuses{403, 403, 403}, v37: statuses{403, 403, 403}},
		{
			name: "address and no key", options: simulator.Options{RestrictedIP: true}, authorization: " ",
			v31: statuses{401, 401, 200}, v37: statuses{401, 401, 200},
		},
		{name: "unpaid", options: simulator.Options{Unpaid: true}, v31: statuses{402, 402, 200}, v37: statuses{402, 402, 200}},
		{name: "suspended", options: simulator.Options{TenantStatus: 1}, v31: statuses{404, 404, 200}, v37: statuses{404, 404, 200}},
		{name: "to be removed", options: simulator.Options{TenantStatus: 2}, v31: statuses{404, 404, 404}, v37: statuses{404, 404, 404}},
		{name: "moving", options: simulator.Options{TenantStatus: 3}, v31: statuses{403, 403, 200}, v37: statuses{403, 403, 200}},
		{name: "restoring", options: simulator.Options{TenantStatus: 4}, v31: statuses{403, 403, 200}, v37: statuses{403, 403, 200}},
		{name: "migrating", options: simulator.Options{TenantStatus: 5}, v31: statuses{200, 200, 200}, v37: statuses{200, 200, 200}},
		{name: "encrypting", options: simulator.Options{TenantStatus: 6}, v31: statuses{403, 403, 200}, v37: statuses{403, 403, 200}},
	} {
		for version, want := range map[simulator.Version]statuses{simulator.V31: tc.v31, simulator.V37: tc.v37} {
			t.Run(tc.name+"/"+version.String(), func(t *testing.T) {
				t.Parallel()
				o := tc.options
				o.Version = version
				p := simulator.New(o)
				var headers []string
				if tc.authorization != "" {
					headers = []string{"Authorization", strings.TrimSpace(tc.authorization)}
				}
				got := statuses{
					get(t, p, "settings/webhook", headers...).status,
					get(t, p, "settings/webhook/triggers", headers...).status,
					get(t, p, "settings", headers...).status,
				}
				if got != want {
					t.Errorf("%v, want %v", got, want)
				}
				if log := get(t, p, logPath, headers...).status; log != want[0] {
					t.Errorf("log: %d, want that of the list", log)
				}
			})
		}
	}
}

// 3.0 has neither scopes nor triggers, and lets administrators only see webhooks.
func TestAccessTo30(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		options  simulator.Options
		webhooks int
	}{
		{simulator.Options{}, 200},
		{simulator.Options{Scope: simulator.Restricted}, 200},
		{simulator.Options{Role: simulator.Owner}, 200},
		{simulator.Options{Role: simulator.RoomAdmin}, 403},
		{simulator.Options{Role: simulator.User}, 403},
		{simulator.Options{Role: simulator.Guest}, 403},
	} {
		tc.options.Version = simulator.V30
		p := simulator.New(tc.options)
		if got := get(t, p, "settings/webhook").status; got != tc.webhooks {
			t.Errorf("%+v: %d, want %d", tc.options, got, tc.webhooks)
		}
		if got := get(t, p, logPath).status; got != tc.webhooks {
			t.Errorf("%+v: log %d, want %d", tc.options, got, tc.webhooks)
		}
		for _, key := range []string{"Bearer " + simulator.DefaultKey, ""} {
			r := get(t, p, "settings/webhook/triggers", "Authorization", key)
			if allow := r.header.Get("Allow"); r.status != http.StatusMethodNotAllowed || allow != "DELETE, PUT" || r.body != "" {
				t.Errorf("triggers: %d, Allow %q, %q", r.status, allow, r.body)
			}
		}
	}
}

// 3.1.1 does not check scopes.
func TestAccessTo311(t *testing.T) {
	t.Parallel()
	p := simulator.New(simulator.Options{Version: simulator.V31, EarlyLog: true, Scope: simulator.Restricted})
	for _, path := range []string{"settings/webhook", logPath, "settings/webhook/triggers", "settings"} {
		if got := get(t, p, path).status; got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	if body := get(t, p, "settings").body; !strings.Contains(body, `"version":"3.1.1.1234"`) {
		t.Error(body)
	}
}

// The bodies that come with the refusals, which tell them apart.
func TestBodiesOfRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name              string
		options           simulator.Options
		accept            string
		contentType, body string // the beginning of the body
	}{
		{name: "wrong key", options: simulator.Options{Key: "sk-other"}},
		{name: "scope", options: simulator.Options{Scope: simulator.Restricted}},
		{
			name: "role", options: simulator.Options{Role: simulator.Guest}, contentType: "application/json; charset=utf-8",
			body: `{"error":{"message":"Access denied","type":"System.Security.SecurityException","stack":"   at `,
		},
		{
			name: "address", options: simulator.Options{RestrictedIP: true}, contentType: "text/plain; charset=utf-8",
			body: "Access to the portal is restricted",
		},
		{
			name: "address for those who want JSON", options: simulator.Options{RestrictedIP: true}, accept: "application/json",
			contentType: "application/json; charset=utf-8", body: `"Access to the portal is restricted`,
		},
		{
			name: "unpaid", options: simulator.Options{Unpaid: true}, contentType: "application/problem+json; charset=utf-8",
			body: `{"type":"https://tools.ietf.org/html/rfc9110","title":"Payment Required","status":402,"traceId":`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.Version = simulator.V37
			r := get(t, simulator.New(tc.options), "settings/webhook", "Accept", tc.accept)
			if log := get(t, simulator.New(tc.options), logPath, "Accept", tc.accept); log.body != r.body {
				t.Errorf("body of the log: %s", log.body)
			}
			if r.header.Get("Content-Type") != tc.contentType || !strings.HasPrefix(r.body, tc.body) || (tc.body == "") != (r.body == "") {
				t.Errorf("content type %q, body %s", r.header.Get("Content-Type"), r.body)
			}
		})
	}
}
