package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestFields(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ path, want string }{
		{"settings?fields=version,timezone", `{"timezone":"UTC","version":"3.7.2.1234"}`},
		{"settings?fields=none", `{}`},
		{"settings/webhook?fields=status", `[{"status":200}]`},
		{"settings/webhook?fields=configs.id,configs.name,none", `[{"configs":{"id":7,"name":"crm"}}]`},
		{"settings/webhook?fields=configs.createdBy.id", `[{"configs":{"createdBy":{"id":"11111111-2222-3333-4444-555555555555"}}}]`},
		{"settings/webhook?fields=configs.lastFailureOn", `[{}]`},
		{"settings/webhook?fields=id,Status", `[{}]`},
		{"settings/webhook?fields=status,%20configs.id", `[{"status":200}]`}, // names are not trimmed
	} {
		p := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{crm()}})
		endpoint, _, _ := strings.Cut(tc.path, "?")
		if got, want := get(t, p, tc.path).body, enveloped(tc.want, endpoint); got != want {
			t.Errorf("%s: %s", tc.path, got)
		}
	}
}

// The parameter came with 3.2.1.
func TestFieldsByVersion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		options simulator.Options
		heeded  bool
	}{
		{simulator.Options{Version: simulator.Flat}, false},
		{simulator.Options{Version: simulator.V30}, false},
		{simulator.Options{Version: simulator.V31, EarlyLog: true}, false},
		{simulator.Options{Version: simulator.V31}, true},
		{simulator.Options{Version: simulator.V37}, true},
	} {
		tc.options.Webhooks = []simulator.Webhook{crm()}
		p := simulator.New(tc.options)
		if tc.heeded && tc.options.Version == simulator.V31 {
			const path = "settings/webhook/triggers"
			if got := get(t, p, path+"?fields=user.invited").body; got != enveloped(`{"user.invited":2}`, path) {
				t.Errorf("of a trigger: %s", got)
			}
		}
		whole, some := get(t, p, "settings/webhook").body, get(t, p, "settings/webhook?fields=none").body
		if heeded := some != whole; heeded != tc.heeded || heeded && some != enveloped("[{}]", "settings/webhook") {
			t.Errorf("%s, early %t: %s", tc.options.Version, tc.options.EarlyLog, some)
		}
	}
}

// Naming a whole object kills a 3.7 server.
func TestAWholeObjectBreaksTheConnection(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"configs", "configs.createdBy"} {
		p := simulator.New(simulator.Options{Version: simulator.V37, Webhooks: []simulator.Webhook{crm()}})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/2.0/settings/webhook?fields="+field, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+simulator.DefaultKey)
		func() {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // the value of a panic
					t.Errorf("%s: panic %v", field, got)
				}
			}()
			p.ServeHTTP(httptest.NewRecorder(), r)
		}()
	}
}

// Naming leaves leaves the payloads out.
func TestFieldsOfTheLog(t *testing.T) {
	t.Parallel()
	const query = "?fields=id,configName,status,delivery,attempts"
	const lean = `{"response":[{"configName":"crm","delivery":"2026-01-15T10:00:01Z","id":2,"status":200},{"configName":"crm","id":1,"status":0}],` +
		`"count":1,"total":2,"links":[{"href":"http://p.example/api/2.0/settings/webhooks/log","action":"GET"}],"status":0,"statusCode":200}`
	for version, o := range versions() {
		p := logOf(o, delivered(2), refused(1))
		heeded := version == "3.6.1" || version == "3.7.2"
		switch got := get(t, p, logPath+query).body; {
		case heeded && got != lean:
			t.Errorf("%s: %s", version, got)
		case !heeded && got != get(t, p, logPath).body:
			t.Errorf("%s knows the parameter: %s", version, got)
		}
	}
}
