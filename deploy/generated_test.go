package deploy_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the files that are made from others, in place of comparing them")

// golden compares a file with what it must hold.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { // like every file of the repository
			t.Fatal(err)
		}
		return
	}
	if read(t, path) != want {
		t.Errorf("%s is not up to date: run go test ./deploy/ -update, and look at what changed", path)
	}
}

const ruleHead = `# Made from prometheus/rules.yml by go test ./deploy/ -update.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: docspace-exporter
spec:
`

// Neither kustomize nor Helm reads what is above its own directory. It is not parallel, so that with -update the copies are
// there before they are used.
func TestRulesAreCopied(t *testing.T) {
	rules := read(t, "prometheus/rules.yml")
	_, groups, found := strings.Cut(rules, "\ngroups:\n")
	if !found {
		t.Fatal("rules.yml has no groups")
	}
	var indented strings.Builder
	for line := range strings.Lines("groups:\n" + groups) {
		if line != "\n" {
			indented.WriteString("  ")
		}
		indented.WriteString(line)
	}
	golden(t, "kubernetes/portal/prometheusrule.yaml", ruleHead+indented.String())
	golden(t, chart+"/files/rules.yml", rules)
}

// withoutRules takes the rules, which must be the shipped ones but for these texts, out of manifests.
func withoutRules(t *testing.T, manifests string, replaced ...string) string {
	t.Helper()
	var want struct{ Groups []any }
	if err := yaml.Unmarshal([]byte(strings.NewReplacer(replaced...).Replace(read(t, "prometheus/rules.yml"))), &want); err != nil {
		t.Fatal(err)
	}
	var rest []string
	for manifest := range strings.SplitSeq(manifests, "---\n") {
		var got struct {
			Kind string
			Spec struct{ Groups []any }
		}
		if err := yaml.Unmarshal([]byte(manifest), &got); err != nil {
			t.Fatal(err)
		}
		switch {
		case got.Kind != "PrometheusRule":
			rest = append(rest, manifest)
		case !reflect.DeepEqual(got.Spec.Groups, want.Groups):
			t.Error("the rules are not those of prometheus/rules.yml")
		}
	}
	return strings.Join(rest, "---\n")
}
