package deploy_test

import (
	"os"
	"os/exec"
	"testing"
)

// toolPath is where a program is that is not the exporter's own. Where it is not installed, the test is skipped;
// .ci/run, which sets CI, installs them all.
func toolPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "" {
		t.Skipf("%s is not installed", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// toolCommand is such a program, about to run.
func toolCommand(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), toolPath(t, name), args...)
}

// tool runs such a program to its end and returns what it printed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := toolCommand(t, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
