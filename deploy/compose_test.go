package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// service is what compose makes of a service.
type service struct {
	Build       map[string]any `json:"build"`
	Command     []string       `json:"command"`
	CapDrop     []string       `json:"cap_drop"`
	Image       string         `json:"image"`
	ReadOnly    bool           `json:"read_only"`
	NetworkMode string         `json:"network_mode"`
	Ports       []struct {
		HostIP string `json:"host_ip"`
	} `json:"ports"`
	SecurityOpt []string `json:"security_opt"`
	Volumes     []struct{ Type, Source, Target string }
	Secrets     []struct{ Source string }
	Environment map[string]*string // nil is taken from where compose runs
	HealthCheck struct{ Test []string }
}

// composed loads files as docker compose does.
func composed(t *testing.T, files ...string) map[string]service {
	t.Helper()
	cmd := toolCommand(t, "compose-config", append([]string{"-format=json"}, files...)...)
	cmd.Dir = "compose"
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var project struct{ Services map[string]service }
	if err := json.Unmarshal(out, &project); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return project.Services
}

// pinned is an image with its exact version.
var pinned = regexp.MustCompile(`:v?\d+\.\d+\.\d+$`)

func TestComposeRunsEverythingWithoutRights(t *testing.T) {
	t.Parallel()
	services := composed(t, "compose.yml")
	if len(services) != 5 {
		t.Errorf("%d services", len(services))
	}
	for name, s := range services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s is not hardened: %+v", name, s)
		}
		if name != "exporter" && s.NetworkMode != "service:exporter" {
			t.Errorf("%s is not on the network of the exporter: %s", name, s.NetworkMode)
		}
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("%s has no exact version: %s", name, s.Image)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s can be reached from outside, at %s", name, port.HostIP)
			}
		}
	}
	if test := services["exporter"].HealthCheck.Test; !slices.Equal(test, []string{"CMD", "/bin/docspace_exporter", "healthcheck"}) {
		t.Errorf("the exporter's health check is %q", test)
	}
}

func TestComposeTakesAnotherPortal(t *testing.T) {
	t.Parallel()
	exporter := composed(t, "compose.yml", "compose.portal.yml")["exporter"]
	known := map[string]bool{}
	for _, row := range table(t, "flags") {
		known[row[0]] = true
	}
	for variable := range exporter.Environment {
		if !known[variable] {
			t.Errorf("no flag has the variable %s", variable)
		}
	}
	if len(exporter.Command) != 0 || len(exporter.Environment) != 2 || len(exporter.Secrets) != 1 ||
		*exporter.Environment["DOCSPACE_API_KEY_FILE"] != "/run/secrets/"+exporter.Secrets[0].Source {
		t.Errorf("the exporter is %+v", exporter)
	}
}

// What is mounted is there, and where Grafana looks for it.
func TestComposeMountsWhatIsShipped(t *testing.T) {
	t.Parallel()
	mounted := 0
	for name, s := range composed(t, "compose.yml") {
		for _, volume := range s.Volumes {
			if volume.Type != "bind" {
				continue
			}
			mounted++
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if found := strings.HasSuffix(volume.Source, ".json"); found &&
				!strings.Contains(read(t, "grafana/provisioning/dashboards/docspace.yml"), "path: "+filepath.Dir(volume.Target)+" ") {
				t.Errorf("Grafana does not look at %s", volume.Target)
			}
		}
	}
	if mounted < 6 {
		t.Errorf("%d files are mounted", mounted)
	}
}

func TestTheReceiverShowsAlerts(t *testing.T) {
	t.Parallel()
	receiver := filepath.Join(t.TempDir(), "receiver")
	tool(t, "go", "build", "-o", receiver, "./compose/receiver")
	cmd := toolCommand(t, receiver)
	cmd.Env = []string{"RECEIVER_ADDRESS=127.0.0.1:0"}
	p := launch(t, cmd)
	if _, page := p.get(t, "/"); !strings.Contains(page, "None yet") {
		t.Errorf("before any alert:\n%s", page)
	}
	alert := map[string]any{
		"fingerprint": "1", "startsAt": "2026-05-04T03:02:01Z",
		"labels":      map[string]string{"alertname": "DocSpacePortalDown", "severity": "critical"},
		"annotations": map[string]string{"description": "<b>acme</b> is down", "runbook_url": "javascript:alert(1)"},
	}
	for _, status := range []string{"firing", "resolved"} {
		alert["status"] = status
		p.post(t, "/pager", map[string]any{"receiver": "pager", "alerts": []any{alert}})
		_, page := p.get(t, "/")
		if strings.Count(page, "<article") != 1 || !strings.Contains(page, "DocSpacePortalDown: "+status) ||
			!strings.Contains(page, "&lt;b&gt;acme&lt;/b&gt; is down") || strings.Contains(page, `"javascript:`) {
			t.Errorf("after a message:\n%s", page)
		}
	}
	if logged := p.logged(); strings.Count(logged, "alertname=DocSpacePortalDown") != 2 {
		t.Errorf("logged:\n%s", logged)
	}
	p.stop(t)
}
