package deploy_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// exits runs the exporter to its end and returns its exit code and what it printed.
func exits(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, env, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// The exit code tells how the portal is; everything that hinders the check is a portal that can't be read.
func TestExitCodesOfCheck(t *testing.T) {
	t.Parallel()
	well := simulator.Webhook{ID: 1, Name: "crm", URL: "https://hooks.example/s3cret", Enabled: true, SSL: true, LastSuccessOn: time.Now().Add(-time.Minute)}
	ailing := well
	ailing.ID, ailing.LastFailureOn, ailing.LastFailureContent = 2, time.Now(), "Connection refused (hooks.example:443)"
	wrongKey := []string{"DOCSPACE_API_KEY=sk-wrong"}
	for _, tc := range []struct {
		name    string
		options simulator.Options
		env     []string // empty for the right key
		args    []string
		code    int
		want    string
	}{
		{name: "healthy", options: simulator.Options{Webhooks: []simulator.Webhook{well}}, code: 0, want: "portal default: 1 webhook, none needs attention"},
		{name: "no webhooks", code: 0, want: "portal default: no webhooks"},
		{name: "a webhook ails", options: simulator.Options{Webhooks: []simulator.Webhook{well, ailing}}, code: 1, want: "Start the receiver"},
		{name: "wrong key", env: wrongKey, code: 2, want: "does not accept the API key"},
		{name: "scope", options: simulator.Options{Scope: simulator.Restricted}, code: 2, want: "lacks the permission to read (*:read)"},
		{name: "guest", options: simulator.Options{Role: simulator.Guest}, code: 2, want: "Have a DocSpace administrator make the key."},
		{name: "user", options: simulator.Options{Role: simulator.User}, code: 0, want: "neither the owner nor a DocSpace administrator"},
		{name: "address", options: simulator.Options{RestrictedIP: true}, code: 2, want: "does not let in the address of this machine"},
		{name: "unpaid", options: simulator.Options{Unpaid: true}, code: 2, want: "payment_required"},
		{name: "suspended", options: simulator.Options{TenantStatus: 1}, code: 2, want: "The portal is suspended."},
		{name: "restoring", options: simulator.Options{TenantStatus: 4}, code: 2, want: "restored from a backup"},
		{name: "the only portal by its name", args: []string{"--portal=default"}, code: 0, want: "no webhooks"},
		{name: "another name", args: []string{"--portal=acme"}, code: 2, want: `there is no portal "acme"`},
		{name: "another name by its variable", env: []string{"DOCSPACE_API_KEY=sk-1", "DOCSPACE_EXPORTER_PORTAL=acme"}, code: 2, want: `there is no portal "acme"`},
		{name: "an unknown flag", args: []string{"--jsn"}, code: 2, want: "unknown long flag"},
		{name: "a bad variable", env: []string{"DOCSPACE_EXPORTER_DOCSPACE_TIMEOUT=soon"}, code: 2, want: "invalid duration"},
		{name: "no key", env: []string{"DOCSPACE_EXPORTER_LOG_LEVEL=info"}, code: 2, want: "no API key"},
		{name: "nobody there", args: []string{"--docspace.url=http://127.0.0.1:1"}, code: 2, want: "connect          failed, connection"},
		{name: "no time", args: []string{"--docspace.timeout=1ns"}, code: 2, want: "cannot be read, timeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.options.Version = simulator.V37
			server := httptest.NewServer(simulator.New(tc.options))
			t.Cleanup(server.Close)
			env := append([]string{"DOCSPACE_URL=" + server.URL}, tc.env...)
			if tc.env == nil {
				env = append(env, "DOCSPACE_API_KEY="+simulator.DefaultKey)
			}
			code, stdout, stderr := exits(t, env, append([]string{"check"}, tc.args...)...)
			printed := stdout + stderr
			if code != tc.code || !strings.Contains(printed, tc.want) {
				t.Errorf("exit code %d, want %d; printed without %q:\n%s", code, tc.code, tc.want, printed)
			}
			if strings.Contains(printed, "hooks.example") || strings.Contains(printed, simulator.DefaultKey) {
				t.Errorf("printed a secret:\n%s", printed)
			}
			if mistake := strings.HasPrefix(stderr, "docspace_exporter: error: "); mistake == (stdout != "") {
				t.Errorf("printed %q and the error %q", stdout, stderr)
			}
		})
	}
}

func TestCheckOfTheDemo(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := exits(t, nil, "check", "--demo", "--json")
	var printed struct {
		Portals []struct {
			Alias    string
			Webhooks []struct {
				Name       string
				Pending    *int `json:"pending_deliveries"`
				Conditions []struct{ State string }
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &printed); err != nil || code != 1 || stderr != "" || len(printed.Portals) != 1 {
		t.Fatalf("exit code %d, %v:\n%s%s", code, err, stdout, stderr)
	}
	p := printed.Portals[0]
	if p.Alias != "demo" || len(p.Webhooks) < 10 || len(p.Webhooks[0].Conditions) == 0 || p.Webhooks[0].Pending == nil {
		t.Errorf("printed %+v", p)
	}
}
