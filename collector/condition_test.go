package collector_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

const (
	refused  = "Connection refused (a:443)"
	timedOut = "The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing."
)

// life is a webhook by how long ago things happened to it; 0 for never.
type life struct {
	created, success, failure time.Duration
	text                      string // of the last failure; empty for a refused connection
	disabled, unverified      bool
	url                       string // empty for one with https
}

func (l life) webhook() simulator.Webhook {
	before := func(age time.Duration) time.Time {
		if age == 0 {
			return time.Time{}
		}
		return now.Add(-age)
	}
	w := simulator.Webhook{
		ID: 7, Name: "crm", URL: "https://a.example", Enabled: !l.disabled, SSL: !l.unverified,
		CreatedOn: before(l.created), LastSuccessOn: before(l.success), LastFailureOn: before(l.failure),
	}
	if l.failure != 0 {
		w.LastFailureContent = refused
	}
	if l.text != "" {
		w.LastFailureContent = l.text
	}
	if l.url != "" {
		w.URL = l.url
	}
	return w
}

// Every state in words. An exclamation mark is for those that need attention.
func TestEveryStateOfAWebhook(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		version simulator.Version
		life    life
		want    string
		step    string // part of the first next step
	}{
		{name: "accepted", life: life{created: 9 * day, success: hour}, want: "ok: ok"},
		{name: "recovered long ago", life: life{created: 9 * day, success: hour, failure: 25 * hour}, want: "ok: ok"},
		{name: "a text that outlived the date", life: life{created: 9 * day, success: hour, text: refused}, want: "ok: ok"},
		{name: "recovered", life: life{created: 9 * day, success: hour, failure: 3 * hour}, want: "failing_now_and_then: failing now and then, last 3 h ago!", step: "retry the lost deliveries"},
		{name: "both in one second", life: life{created: 9 * day, success: hour, failure: hour}, want: "failing_now_and_then: failing now and then, last 1 h ago!"},
		{name: "failing", life: life{created: 9 * day, success: 26 * hour, failure: hour}, want: "failing: failing, last success 1 d 2 h ago!", step: "Start the receiver"},
		{name: "failing from the beginning", life: life{created: hour, failure: time.Minute}, want: "failing: failing, never a success!"},
		{name: "failing, of unknown age", life: life{failure: 9 * day}, want: "failing: failing, never a success!"},
		{name: "two days of grace are over", life: life{created: 9 * day, success: 48 * hour, failure: hour}, want: "failing: failing, last success 2 d ago!"},
		{name: "a second more", life: life{created: 9 * day, success: 48*hour + time.Second, failure: hour}, want: "about_to_be_disabled: about to be disabled in 23 h!"},
		{name: "about to be disabled", life: life{created: 9 * day, success: 58 * hour, failure: hour}, want: "about_to_be_disabled: about to be disabled in 14 h!", step: "Start the receiver"},
		{name: "about to be disabled, never a success", life: life{created: 71 * hour, failure: hour}, want: "about_to_be_disabled: about to be disabled in 1 h!"},
		{name: "only timeouts", life: life{created: 9 * day, success: 58 * hour, failure: hour, text: timedOut}, want: "about_to_be_disabled: about to be disabled in 14 h!", step: "timeouts alone do not disable"},
		{name: "at the end of its grace", life: life{created: 9 * day, success: 72 * hour, failure: hour}, want: "past_grace: failing, the next failure disables it!"},
		{name: "past its grace", life: life{created: 9 * day, success: 5 * day, failure: 4 * day}, want: "past_grace: failing, the next failure disables it!"},
		{name: "new", life: life{created: hour}, want: "never_delivered: never delivered", step: "Cause one of its events"},
		{name: "never used, for long", life: life{created: 9 * day}, want: "never_delivered: never delivered, quiet: quiet, its next failure disables it"},
		{name: "never used, of unknown age", life: life{}, want: "never_delivered: never delivered"},
		{name: "quiet", life: life{created: 9 * day, success: 4 * day}, want: "ok: ok, quiet: quiet, its next failure disables it", step: "still works"},
		{name: "no dates", version: simulator.V30, life: life{}, want: "unknown: unknown, this DocSpace does not tell", step: "Update DocSpace"},
		{name: "disabled without a date", version: simulator.V30, life: life{disabled: true}, want: "disabled: disabled"},
		{name: "disabled by its failures", life: life{created: 9 * day, success: 5 * day, failure: day, disabled: true}, want: "disabled_by_docspace: disabled by DocSpace!", step: "Repair the receiver"},
		{name: "the same without any success", life: life{created: 9 * day, failure: day, disabled: true}, want: "disabled_by_docspace: disabled by DocSpace!"},
		{name: "just within the grace", life: life{created: 9 * day, success: 4 * day, failure: day, disabled: true}, want: "disabled: disabled!"},
		{name: "disabled, and a timeout", life: life{created: 9 * day, success: 5 * day, failure: day, text: timedOut, disabled: true}, want: "disabled: disabled!"},
		{name: "disabled, and a timeout, 3.1", version: simulator.V31, life: life{created: 9 * day, success: 5 * day, failure: day, text: timedOut, disabled: true}, want: "disabled: disabled!"},
		{name: "disabled, perhaps for its name", life: life{created: 9 * day, success: day, disabled: true}, want: "disabled: disabled!", step: "DNS entry"},
		{name: "disabled by a person", version: simulator.V31, life: life{created: 9 * day, success: day, disabled: true}, want: "disabled: disabled", step: "if it is meant to deliver"},
		{name: "plain http", life: life{created: 9 * day, success: hour, url: "http://a", unverified: true}, want: "ok: ok, plain_http: plain http", step: "https"},
		{name: "certificate not verified", life: life{created: 9 * day, success: hour, unverified: true}, want: "ok: ok, certificate_not_verified: certificate not verified", step: "SSL verification"},
		{name: "failing over plain http", life: life{created: 9 * day, success: 2 * hour, failure: hour, url: "http://a"}, want: "failing: failing, last success 2 h ago!, plain_http: plain http", step: "Start"},
		{name: "a success in the future", life: life{created: 9 * day, success: -hour}, want: "ok: ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if tc.version == 0 {
				tc.version = simulator.V37
			}
			r := newRig(t, rigOptions{simulator: simulator.Options{Version: tc.version, Webhooks: []simulator.Webhook{tc.life.webhook()}}})
			got, verdict := r.check(t)
			if len(got.Webhooks) != 1 {
				t.Fatalf("%+v", got)
			}
			conditions := got.Webhooks[0].Conditions
			if states := states(conditions); states != tc.want {
				t.Errorf("%s\nwant %s", states, tc.want)
			}
			if want := strings.Contains(tc.want, "!"); (verdict == collector.NeedsAttention) != want {
				t.Errorf("verdict %d", verdict)
			}
			if tc.step != "" && !slices.ContainsFunc(conditions, func(c condition) bool { return strings.Contains(c.NextStep, tc.step) }) {
				t.Errorf("no %q in %+v", tc.step, conditions)
			}
		})
	}
}

func states(conditions []condition) string {
	list := make([]string, len(conditions))
	for i, c := range conditions {
		list[i] = c.State + ": " + c.Words
		if c.NeedsAttention {
			list[i] += "!"
		}
	}
	return strings.Join(list, ", ")
}

func TestPendingAndStuckDeliveries(t *testing.T) {
	t.Parallel()
	pending := func(id int64, age time.Duration) simulator.Delivery {
		return simulator.Delivery{ID: id, WebhookID: 7, Trigger: 1, CreatedOn: now.Add(-age)}
	}
	for _, tc := range []struct {
		name       string
		deliveries []simulator.Delivery
		pending    int
		want       string
	}{
		{"none", nil, 0, "ok: ok"},
		{"on their way", []simulator.Delivery{pending(1, time.Minute), pending(2, time.Second)}, 2, "ok: ok"},
		{"one stuck", []simulator.Delivery{pending(1, hour), pending(2, time.Second)}, 2, "stuck_deliveries: 1 delivery stuck!, ok: ok"},
		{"more stuck", []simulator.Delivery{pending(1, hour), pending(2, hour)}, 2, "stuck_deliveries: 2 deliveries stuck!, ok: ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{simulator: simulator.Options{
				Version: simulator.V37, Deliveries: tc.deliveries, Webhooks: []simulator.Webhook{life{created: 9 * day, success: hour}.webhook()},
			}})
			got, _ := r.check(t)
			w := got.Webhooks[0]
			if w.Pending == nil || *w.Pending != tc.pending || states(w.Conditions) != tc.want {
				t.Errorf("pending %v of %d, %s", w.Pending, tc.pending, states(w.Conditions))
			}
		})
	}
	r := newRig(t, rigOptions{off: "deliveries", simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{life{created: day}.webhook()}}})
	if got, _ := r.check(t); got.Webhooks[0].Pending != nil {
		t.Errorf("%d pending without a look into the log", *got.Webhooks[0].Pending)
	}
}

func TestEveryClassOfFailureHasANextStep(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"redirect": "Response status code does not indicate success: 302 (Found).", "unauthorized": "Response status code does not indicate success: 401 (Unauthorized).",
		"rate_limited": "Response status code does not indicate success: 429 (Too Many Requests).", "client_error": "Response status code does not indicate success: 404 (Not Found).",
		"server_error": "Response status code does not indicate success: 503 (Service Unavailable).", "timeout": timedOut,
		"dns": "Name or service not known (a:443)", "connection": refused, "tls": "The SSL connection could not be established, see inner exception.", "other": "?",
	}
	seen := map[string]bool{}
	for class, text := range texts {
		r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{
			life{created: 9 * day, success: 2 * hour, failure: hour, text: text}.webhook(),
		}}})
		got, _ := r.check(t)
		step := got.Webhooks[0].Conditions[0].NextStep
		if got.Webhooks[0].FailureReason != class || step == "" || seen[step] {
			t.Errorf("%s is %q with the next step %q", class, got.Webhooks[0].FailureReason, step)
		}
		seen[step] = true
	}
}

func TestWebhooksAreSortedByWhatIsWorst(t *testing.T) {
	t.Parallel()
	list := []simulator.Webhook{
		life{created: day, success: hour}.webhook(),
		life{created: day, success: hour}.webhook(),
		life{created: 9 * day, success: hour, disabled: true}.webhook(),
		life{created: 9 * day, success: 2 * hour, failure: hour}.webhook(),
		life{created: 9 * day, success: 5 * day, failure: hour}.webhook(),
		life{created: 9 * day, success: hour, failure: 2 * hour}.webhook(),
	}
	for i := range list {
		list[i].ID, list[i].Name = int64(10-i), []string{"b", "a", "off", "failing", "past grace", "unsteady"}[i]
	}
	r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V31, Webhooks: list}})
	got, _ := r.check(t)
	names := make([]string, len(list))
	for i, w := range got.Webhooks {
		names[i] = w.Name
	}
	if want := []string{"past grace", "failing", "unsteady", "off", "a", "b"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// What may be shown of the text of a failure.
func TestFailuresAreShownWithoutHostsURLsAndSecrets(t *testing.T) {
	t.Parallel()
	const status = "Response status code does not indicate success: "
	for text, want := range map[string]string{
		"Connection refused (hooks.example:443)":                            "Connection refused (…)",
		"Connection refused (hooks.example:443":                             "Connection refused (…)",
		"Name or service not known (s3cret.hooks.example:443)":              "Name or service not known (…)",
		"No such host is known. (10.0.0.1:443)":                             "No such host is known. (…)",
		status + "404 (Not Found).":                                         status + "404 (Not Found).",
		status + "503 (Service Unavailable).":                               status + "503 (Service Unavailable).",
		status + "401 (Unauthorized). s3cret":                               status + "401 (…)",
		status + "401 (bad (very) s3cret":                                   status + "401 (…)",
		"Invalid status line: 'it's s3cret' s3c":                            "Invalid status line: …",
		"Proxy 'it's s3cret' failed":                                        "Proxy … failed",
		"Proxy \"s3cret":                                                    "Proxy …",
		status + "401 (token s3cret is bad).":                               status + "401 (…)",
		"Received an invalid status line: 's3cret is here'.":                "Received an invalid status line: …",
		`Invalid "s3cret`:                                                   "Invalid …",
		"Proxy 'http://user:s3cret@proxy:3128/' failed with 407.":           "Proxy … failed with 407.",
		"Cannot reach https://hooks.example/in?token=s3cret at all":         "Cannot reach … at all",
		"Cannot reach hooks.example now":                                    "Cannot reach … now",
		"Cannot reach hooks.example/s3cret/x":                               "Cannot reach …",
		"Path /hooks/s3cret is gone":                                        "Path … is gone",
		"Mail to ada@hooks.example failed":                                  "Mail to … failed",
		"Key sk-0123456789abcdef0123456789abcdef is wrong":                  "Key … is wrong",
		`File C:\Users\s3cret is gone`:                                      "File … is gone",
		"Server doesn't answer, it's down":                                  "Server doesn't answer, it's down",
		timedOut:                                                            timedOut,
		"The SSL connection could not be established, see inner exception.": "The SSL connection could not be established, see inner exception.",
		"a\x1b[2Jb\x00c\u202ed":                                             "a\ufffd[2Jb\ufffdc\ufffdd",
		"<script>alert(1)</script>":                                         "<script>alert(1)</script>",
		"":                                                                  "",
	} {
		r := newRig(t, rigOptions{simulator: simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{
			{ID: 7, Name: "crm", Enabled: true, LastFailureOn: now, LastFailureContent: text},
		}}})
		if got, _ := r.check(t); got.Webhooks[0].FailureText != want {
			t.Errorf("%q is shown as %q, want %q", text, got.Webhooks[0].FailureText, want)
		}
	}
}

func TestStatesAreCompleteAndUnique(t *testing.T) {
	t.Parallel()
	seen := map[collector.State]bool{}
	for _, s := range collector.States() {
		if seen[s] || s == "" {
			t.Errorf("%q is empty or there twice", s)
		}
		seen[s] = true
	}
}
