package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rule is a rule of prometheus/rules.yml: it records, or it alerts.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

// ruleTests is a file that promtool reads.
type ruleTests struct {
	Tests []struct {
		Alerts []struct {
			Name     string `yaml:"alertname"`
			Expected []struct {
				Labels map[string]string `yaml:"exp_labels"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, path)), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// rules are the recording rules by their names, and the alerting rules.
func rules(t *testing.T) (map[string]rule, []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	readYAML(t, "prometheus/rules.yml", &file)
	records, alerts := map[string]rule{}, []rule{}
	for _, group := range file.Groups {
		for _, r := range group.Rules {
			if r.Alert != "" {
				alerts = append(alerts, r)
				continue
			}
			if _, twice := records[r.Record]; twice {
				t.Errorf("%s is recorded twice", r.Record)
			}
			records[r.Record] = r
		}
	}
	return records, alerts
}

// alertNames are the names of all alerts.
func alertNames(t *testing.T) map[string]bool {
	t.Helper()
	_, alerts := rules(t)
	names := map[string]bool{}
	for _, a := range alerts {
		names[a.Alert] = true
	}
	return names
}

func TestPrometheusTakesItsConfiguration(t *testing.T) {
	t.Parallel()
	tool(t, "promtool", "check", "config", "--lint=all", "--lint-fatal", "prometheus/prometheus.yml", "prometheus/portals.yml")
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, path := range testFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			tool(t, "promtool", "test", "rules", path)
		})
	}
}

func testFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("prometheus/tests/*.yml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no tests of rules: %v", err)
	}
	return paths
}

// Of alerts with one name, each is tested for its own severity and window.
func TestEveryAlertIsSeenToFireAndNotToFire(t *testing.T) {
	t.Parallel()
	quiet, fired := map[string]bool{}, map[string][]map[string]string{}
	for _, path := range testFiles(t) {
		var file ruleTests
		readYAML(t, path, &file)
		for _, test := range file.Tests {
			for _, a := range test.Alerts {
				quiet[a.Name] = quiet[a.Name] || len(a.Expected) == 0
				for _, e := range a.Expected {
					fired[a.Name] = append(fired[a.Name], e.Labels)
				}
			}
		}
	}
	_, alerts := rules(t)
	for _, a := range alerts {
		if !quiet[a.Alert] {
			t.Errorf("%s: no test that it does not fire", a.Alert)
		}
		if !slices.ContainsFunc(fired[a.Alert], func(labels map[string]string) bool { return contains(labels, a.Labels) }) {
			t.Errorf("%s %v: no test that it fires", a.Alert, a.Labels)
		}
	}
}

// contains reports whether all has every element of some.
func contains(all, some map[string]string) bool {
	for name, value := range some {
		if all[name] != value {
			return false
		}
	}
	return true
}

var (
	quoted = regexp.MustCompile(`"[^"]*"`)
	// identifier is a metric, a label, a function, or a word of PromQL.
	identifier = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	inQuery    = regexp.MustCompile(`printf "(\w+)\{`)
	ofSample   = regexp.MustCompile(`_(bucket|count|sum)$`)
	recordName = regexp.MustCompile(`^(portal|webhook|webhook_name|trigger):docspace_[a-z_]+:(max|sum|info|bool|timestamp|increase1d|ratio_rate\d+[mhd])$`)
)

// knownMetric reports of a name whether the exporter emits it or a rule records it.
func knownMetric(t *testing.T) func(string) bool {
	t.Helper()
	records, _ := rules(t)
	emitted := table(t, "metrics")
	return func(name string) bool {
		_, recorded := records[name]
		return recorded || emitted[name] != nil || emitted[ofSample.ReplaceAllString(name, "")] != nil
	}
}

// A rule with a misspelt metric is valid, and never fires.
func TestRulesUseWhatThereIs(t *testing.T) {
	t.Parallel()
	records, alerts := rules(t)
	exists, used := knownMetric(t), map[string]bool{}
	for _, r := range append(slices.Collect(maps.Values(records)), alerts...) {
		names := identifier.FindAllString(quoted.ReplaceAllString(r.Expr, ""), -1)
		for _, found := range inQuery.FindAllStringSubmatch(r.Annotations["description"], -1) {
			names = append(names, found[1])
		}
		for _, name := range names {
			used[name] = true
			if strings.Contains(name, "docspace_") && !exists(name) {
				t.Errorf("%s%s uses %s, which neither the exporter emits nor a rule records", r.Record, r.Alert, name)
			}
		}
	}
	for name := range records {
		if !used[name] {
			t.Errorf("%s is recorded, but not used", name)
		}
		if !recordName.MatchString(name) {
			t.Errorf("%s is not named level:metric:operations", name)
		}
	}
}
