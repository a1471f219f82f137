package deploy_test

import (
	"os"
	"os/exec"
	"testing"
)

// tool runs a program that is not the exporter's own and returns what it printed. Where the program is not installed,
// the test is skipped; .ci/run, which sets CI, installs them all.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("%s is not installed", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
