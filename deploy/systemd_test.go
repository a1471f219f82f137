package deploy_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exposure is what systemd's own rating of a unit may come to, in tenths: 0 is a unit that can do nothing. What is
// left is the network.
const exposure = "12"

// units puts the units into a directory as they are installed, with the exporter where it is, and returns their paths.
func units(t *testing.T, dropIns ...string) (service, socket string) {
	t.Helper()
	dir := t.TempDir()
	service, socket = filepath.Join(dir, "docspace_exporter.service"), filepath.Join(dir, "docspace_exporter.socket")
	writeFile(t, service, strings.ReplaceAll(read(t, "systemd/docspace_exporter.service"), "/usr/local/bin/docspace_exporter", binary))
	writeFile(t, socket, read(t, "systemd/docspace_exporter.socket"))
	for _, name := range dropIns {
		makeDir(t, service+".d")
		writeFile(t, filepath.Join(service+".d", name), read(t, "systemd/"+name))
	}
	return service, socket
}

func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	for name, dropIns := range map[string][]string{"one portal": nil, "several portals": {"portals.conf"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, socket := units(t, dropIns...)
			if printed := tool(t, "systemd-analyze", "verify", "--man=no", service, socket); printed != "" {
				t.Error(printed) // what it warns of is ignored when the unit starts
			}
		})
	}
}

func TestTheServiceCanDoLittle(t *testing.T) {
	t.Parallel()
	service, _ := units(t)
	for _, directive := range []string{"DynamicUser=yes", "ProtectSystem=strict", "ProtectHome=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet="} {
		if !strings.Contains(read(t, service), "\n"+directive+"\n") { // systemd's rating hardly tells yes from strict
			t.Errorf("the unit does not say %s", directive)
		}
	}
	tool(t, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+exposure, service)
}

var assignment = regexp.MustCompile(`(?m)^(?:Environment=|UnsetEnvironment=|#)?(DOCSPACE_[A-Z_]+)(?:=|$)`)

// A misspelt variable sets nothing.
func TestVariablesOfTheUnitsExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, row := range table(t, "flags") {
		known[row[0]] = true
	}
	for _, name := range []string{"docspace_exporter.service", "docspace_exporter.env", "portals.conf"} {
		found := assignment.FindAllStringSubmatch(read(t, "systemd/"+name), -1)
		if len(found) < 2 {
			t.Errorf("%s sets %v", name, found)
		}
		for _, variable := range found {
			if !known[variable[1]] {
				t.Errorf("%s: no flag has the variable %s", name, variable[1])
			}
		}
	}
}
