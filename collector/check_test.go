package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// checked is what check --json prints of a portal.
type checked struct {
	Portal  string
	Trouble *struct {
		Reason, Words, Detail string
		NextStep              string `json:"next_step"`
	}
	Version, Alias string
	TimeZone       string   `json:"time_zone"`
	ClockOffset    *float64 `json:"clock_offset_seconds"`
	Access         []struct{ Step, Outcome, Reason, Hint string }
	Remarks        []string
	Webhooks       []checkedWebhook
}

type checkedWebhook struct {
	ID            int64
	Name          string
	LastSuccess   *time.Time `json:"last_success"`
	LastFailure   *time.Time `json:"last_failure"`
	FailureReason string     `json:"last_failure_reason"`
	FailureText   string     `json:"last_failure_text"`
	Pending       *int       `json:"pending_deliveries"`
	Conditions    []condition
}

type condition struct {
	State, Words   string
	NeedsAttention bool   `json:"needs_attention"`
	NextStep       string `json:"next_step"`
}

// check checks the portal and returns what is printed for scripts.
func (r *rig) check(t *testing.T) (checked, collector.Verdict) {
	t.Helper()
	var out bytes.Buffer
	verdict, err := collector.Check(t.Context(), &out, []collector.Target{r.target()}, true)
	if err != nil {
		t.Fatal(err)
	}
	var printed struct{ Portals []checked }
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil || len(printed.Portals) != 1 {
		t.Fatalf("%v in %s", err, out.String())
	}
	return printed.Portals[0], verdict
}

// checkText checks the portal and returns what is printed for people.
func (r *rig) checkText(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	if _, err := collector.Check(t.Context(), &out, []collector.Target{r.target()}, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// access is the outcome of each step in one line.
func (c *checked) access() string {
	steps := make([]string, len(c.Access))
	for i, a := range c.Access {
		steps[i] = strings.TrimPrefix(a.Step, "read ") + " " + strings.TrimSpace(a.Outcome+" "+a.Reason)
	}
	return strings.Join(steps, ", ")
}

func TestARefusalIsExplainedByAllAnswersTogether(t *testing.T) {
	t.Parallel()
	const (
		all    = "resolve ok, connect ok, authenticate ok, "
		scope  = "The API key lacks the permission to read (*:read)."
		denied = "The user of the API key may not see webhooks"
	)
	for _, tc := range []struct {
		name    string
		options simulator.Options
		key     string // instead of the right one
		words   string
		access  string
	}{
		{"wrong key, 3.1", simulator.Options{Version: simulator.V31}, "sk-wrong", "The portal does not accept the API key", "resolve ok, connect ok, authenticate failed unauthorized, webhooks failed unauthorized, settings ok, triggers failed unauthorized"},
		{"wrong key, 3.7", simulator.Options{Version: simulator.V37}, "sk-wrong", "The portal does not accept the API key", "resolve ok, connect ok, authenticate failed unauthorized, webhooks failed unauthorized, settings failed forbidden, triggers failed unauthorized"},
		{"scope, 3.1", simulator.Options{Version: simulator.V31, Scope: simulator.Restricted}, "", scope, all + "webhooks failed forbidden, settings ok, triggers failed forbidden"},
		{"scope, 3.7", simulator.Options{Version: simulator.V37, Scope: simulator.Restricted}, "", scope, all + "webhooks failed forbidden, settings failed forbidden, triggers failed forbidden"},
		{"guest", simulator.Options{Version: simulator.V37, Role: simulator.Guest}, "", denied, all + "webhooks failed forbidden, settings ok, triggers ok"},
		{"limited user", simulator.Options{Version: simulator.V31, Role: simulator.LimitedUser}, "", denied, all + "webhooks failed forbidden, settings ok, triggers ok"},
		{"address", simulator.Options{Version: simulator.V37, RestrictedIP: true}, "", "The portal does not let in the address", all + "webhooks failed forbidden, settings failed forbidden, triggers failed forbidden"},
		{"unpaid", simulator.Options{Version: simulator.V37, Unpaid: true}, "", "The portal is not paid for.", all + "webhooks failed payment_required, settings ok, triggers failed payment_required"},
		{"suspended", simulator.Options{Version: simulator.V37, TenantStatus: 1}, "", "The portal is suspended.", "resolve ok, connect ok, authenticate unknown, webhooks failed not_found, settings ok, triggers failed not_found"},
		{"to be removed", simulator.Options{Version: simulator.V37, TenantStatus: 2}, "", "There is no DocSpace API at this address, or the portal is about to be removed.", "resolve ok, connect ok, authenticate unknown, webhooks failed not_found, settings failed not_found, triggers failed not_found"},
		{"moving", simulator.Options{Version: simulator.V37, TenantStatus: 3}, "", "The portal is being moved.", all + "webhooks failed forbidden, settings ok, triggers failed forbidden"},
		{"restoring", simulator.Options{Version: simulator.V31, TenantStatus: 4}, "", "The portal is being restored from a backup.", all + "webhooks failed forbidden, settings ok, triggers failed forbidden"},
		{"encrypting", simulator.Options{Version: simulator.V37, TenantStatus: 6}, "", "The portal's files are being encrypted or decrypted.", all + "webhooks failed forbidden, settings ok, triggers failed forbidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := rigOptions{simulator: tc.options, off: "deliveries"}
			if tc.key != "" {
				o.client = docspace.KeyFromValue(tc.key)
			}
			got, verdict := newRig(t, o).check(t)
			if verdict != collector.Unreadable || got.Trouble == nil {
				t.Fatalf("verdict %d: %+v", verdict, got)
			}
			if !strings.HasPrefix(got.Trouble.Words, tc.words) || got.Trouble.NextStep == "" || got.access() != tc.access {
				t.Errorf("words %q, next step %q, access %q", got.Trouble.Words, got.Trouble.NextStep, got.access())
			}
		})
	}
}

func TestEveryFaultIsExplained(t *testing.T) {
	t.Parallel()
	elsewhere := newDecoy(t)
	r := faultyRig(t, plainHTTP)
	for _, f := range faults(elsewhere.URL, r.clock.Now) {
		if f.hangs || f.pause > 0 {
			continue // as the others of the same reason
		}
		r.portal.Fail(f.handler)
		got, verdict := r.check(t)
		if verdict != collector.Unreadable || got.Trouble == nil || got.Trouble.Reason != f.reason || got.Trouble.Words == "" || got.Trouble.NextStep == "" {
			t.Errorf("%s: verdict %d, %+v", f.name, verdict, got.Trouble)
		}
	}
}

// A portal that does not answer may be reached all the same.
func TestATimeoutTellsOfNoStep(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{timeout: time.Second / 4})
	r.portal.Fail(simulator.Hang())
	got, _ := r.check(t)
	const want = "resolve unknown, connect unknown, authenticate unknown, webhooks failed timeout, settings failed timeout, " +
		"triggers failed timeout, deliveries failed timeout"
	if got.access() != want {
		t.Errorf("access %q, want %q", got.access(), want)
	}
}

func TestEveryReasonIsExplained(t *testing.T) {
	t.Parallel()
	for _, reason := range docspace.Reasons() {
		portal := newFakePortal(t, &fakeClient{webhooks: func(context.Context) (docspace.WebhookList, error) {
			return docspace.WebhookList{}, &docspace.Error{Endpoint: docspace.EndpointWebhooks, Reason: reason, Err: errors.New("no")}
		}}, &logs{}, &clock{at: now})
		trouble := portal.Report(t.Context()).Trouble
		if trouble == nil || trouble.Reason != reason || trouble.Words == "" || trouble.NextStep == "" {
			t.Errorf("%s: %+v", reason, trouble)
		}
	}
}

// What the settings said ten minutes ago does not tell what a 403 means now.
func TestARefusalIsExplainedByThePresentStateOfThePortal(t *testing.T) {
	t.Parallel()
	active := simulator.New(simulator.Options{Version: simulator.V37, Clock: func() time.Time { return now }})
	restoring := simulator.New(simulator.Options{Version: simulator.V37, TenantStatus: 4, Clock: func() time.Time { return now }})
	r := newRig(t, rigOptions{})
	r.portal.Fail(active)
	if got, _ := r.check(t); got.Trouble != nil {
		t.Fatalf("not healthy: %+v", got.Trouble)
	}
	r.portal.Fail(restoring)
	if got, _ := r.check(t); got.Trouble == nil || got.Trouble.Words != "The portal is being restored from a backup." {
		t.Errorf("explained as %+v", got.Trouble)
	}
	if n := r.portal.Requests()["settings"]; n != 2 {
		t.Errorf("settings were asked for %d times, want once in each check", n)
	}
	r.portal.Fail(active)
	if got, _ := r.check(t); got.Trouble != nil || r.portal.Requests()["settings"] != 2 {
		t.Errorf("not healed: %+v", got.Trouble)
	}
}

func TestRemarksTellWhatTheReportLacks(t *testing.T) {
	t.Parallel()
	webhooks := []simulator.Webhook{{ID: 1, Name: "mine", URL: "https://a", Enabled: true, SSL: true}, {ID: 2, Name: "yours", URL: "https://a", OwnedByOther: true}}
	for _, tc := range []struct {
		name string
		rig  rigOptions
		want string
	}{
		{"nothing", rigOptions{simulator: simulator.Options{Version: simulator.V37}}, ""},
		{"a user's key", rigOptions{simulator: simulator.Options{Version: simulator.V37, Role: simulator.User, Webhooks: webhooks}}, "neither the owner nor a DocSpace administrator"},
		{"a key that ends soon", rigOptions{simulator: simulator.Options{Version: simulator.V37, KeyExpiresOn: now.Add(13*24*time.Hour + time.Hour)}}, "The API key ends in 13 d: create another one."},
		{"a key that ends later", rigOptions{simulator: simulator.Options{Version: simulator.V37, KeyExpiresOn: now.Add(15 * 24 * time.Hour)}}, ""},
		{"no time zone", rigOptions{front: instead("settings", `{"response":{"version":"3.7"}}`)}, "time zone is unknown"},
		{"a webhook that can't be read", rigOptions{front: instead("settings/webhook", `[{"id":1,"ssl":true,"enabled":true},{"id":"x"}]`)}, "left out: element 1: unexpected answer: no integer id."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, verdict := newRig(t, tc.rig).check(t)
			all := strings.Join(got.Remarks, "\n")
			if verdict != collector.Healthy || !strings.Contains(all, tc.want) || (tc.want == "") != (all == "") {
				t.Errorf("verdict %d, remarks %q, want %q", verdict, all, tc.want)
			}
		})
	}
}

// instead has the portal answer something else on one path of the API.
func instead(path, body string) func(http.Handler) http.Handler {
	return func(portal http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", portal)
		mux.Handle("/api/2.0/"+path, simulator.Body("application/json", body))
		return mux
	}
}

func TestAgesAreByThePortalsClock(t *testing.T) {
	t.Parallel()
	ahead := func(portal http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			portal.ServeHTTP(dated{w, now.Add(2 * time.Hour)}, r)
		})
	}
	r := newRig(t, rigOptions{front: ahead, simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{
		{ID: 1, Name: "crm", URL: "https://a", Enabled: true, SSL: true, CreatedOn: now.Add(-time.Hour), LastSuccessOn: now.Add(time.Hour)},
	}}})
	text := r.checkText(t)
	for _, want := range []string{"clock 2 h ahead", "differ by 2 h", "ok     1 h ago"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// dated has answers carry another date.
type dated struct {
	http.ResponseWriter
	at time.Time
}

func (d dated) WriteHeader(status int) {
	d.Header().Set("Date", d.at.UTC().Format(http.TimeFormat))
	d.ResponseWriter.WriteHeader(status)
}

func TestCheckPrintsATable(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{simulator: simulator.Options{
		Version: simulator.V37, TimeZone: time.UTC, Webhooks: []simulator.Webhook{
			{ID: 7, Name: "crm", URL: "https://a", Enabled: true, SSL: true, CreatedOn: now.Add(-time.Hour), LastSuccessOn: now.Add(-time.Minute)},
			{
				ID: 12, Name: "erp\x1b[2J\n\u202e", URL: "https://a", Enabled: true, SSL: true, CreatedOn: now.Add(-240 * time.Hour),
				LastSuccessOn: now.Add(-58 * time.Hour), LastFailureOn: now.Add(-30 * time.Second), LastFailureContent: "Connection refused (a:443)",
			},
		},
	}})
	const want = `portal default: 2 webhooks, 1 needs attention
  DocSpace 3.7.2.1234, alias p1, time zone UTC, clock in step, API key without an end, webhooks all listed
  resolve          ok
  connect          ok
  authenticate     ok
  read webhooks    ok: all of them
  read settings    ok
  read triggers    ok
  read deliveries  ok

  ID  WEBHOOK    STATE                         LAST SUCCESS  LAST FAILURE          NEXT STEP
  12  erp�[2J��  about to be disabled in 14 h  2 d 10 h ago  30 s ago, connection  Start the receiver, or let DocSpace's server through to it.
  7   crm        ok                            1 min ago     never                 -
`
	if got := r.checkText(t); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
	r.portal.Fail(simulator.BadGateway())
	got := r.checkText(t)
	for _, line := range []string{"portal default: cannot be read, server_error\n", "\n  The portal is in trouble.\n", "\n  (get webhooks: HTTP 502 Bad Gateway)\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
}

func TestTheWorstPortalDecides(t *testing.T) {
	t.Parallel()
	healthy, down := newRig(t, rigOptions{}), newRig(t, rigOptions{})
	ailing := newRig(t, rigOptions{simulator: simulator.Options{Webhooks: []simulator.Webhook{{ID: 1, Name: "crm", Enabled: true, SSL: true, LastFailureOn: now}}}})
	down.portal.Fail(simulator.BadGateway())
	for _, tc := range []struct {
		rigs []*rig
		want collector.Verdict
	}{
		{nil, collector.Healthy},
		{[]*rig{healthy}, collector.Healthy},
		{[]*rig{ailing, healthy}, collector.NeedsAttention},
		{[]*rig{healthy, down, ailing}, collector.Unreadable},
	} {
		portals := make([]collector.Target, len(tc.rigs))
		for i, r := range tc.rigs {
			portals[i] = r.target()
		}
		var out strings.Builder
		got, err := collector.Check(t.Context(), &out, portals, false)
		if err != nil || got != tc.want || strings.Count(out.String(), "portal default: ") != len(tc.rigs) {
			t.Errorf("%d portals: verdict %d, %v; want %d\n%s", len(tc.rigs), got, err, tc.want, out.String())
		}
		if len(tc.rigs) == 0 && out.String() != "no portals\n" {
			t.Errorf("printed %q", out.String())
		}
		if len(tc.rigs) == 3 && !strings.HasPrefix(out.String(), "portal default: cannot be read") {
			t.Errorf("the worst is not the first:\n%s", out.String())
		}
	}
}

func TestEachPortalHasTheTimeThatTheFileSays(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "patient", "hasty")
	f.portals["hasty"].Fail(simulator.Hang())
	f.configure(t, "patient", "hasty\n    timeout: 100ms")
	if err := f.reloader.Reload(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	start := time.Now()
	verdict, err := collector.Check(t.Context(), &out, f.set.All(), false)
	if err != nil || verdict != collector.Unreadable || !strings.Contains(out.String(), "portal hasty: cannot be read, timeout") {
		t.Errorf("verdict %d, %v:\n%s", verdict, err, out.String())
	}
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("took %v, as if the default were its time", took)
	}
}
