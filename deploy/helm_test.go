package deploy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const chart = "helm/docspace-exporter"

// rendered is what Helm makes of the chart.
func rendered(t *testing.T, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"template", "docspace", chart, "--namespace=monitoring", "--kube-version=1.36"}, args...)
	out, err := toolCommand(t, "helm", args...).CombinedOutput()
	return string(out), err
}

func TestHelmRendersTheChart(t *testing.T) {
	t.Parallel()
	for name, replaced := range map[string][]string{
		"portal":   nil,
		"portals":  nil,
		"operator": {"https://grafana.example.com", "https://grafana.acme.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := "--values=helm/testdata/" + name + ".values.yaml"
			tool(t, "helm", "lint", "--strict", "--kube-version=1.36", chart, values)
			manifests, err := rendered(t, values)
			if err != nil {
				t.Fatalf("%v\n%s", err, manifests)
			}
			golden(t, "helm/testdata/"+name+".golden.yaml", withoutRules(t, manifests, replaced...))
			if problems := conform(t, manifests); problems != "" {
				t.Error(problems)
			}
		})
	}
}

func TestTheChartWritesAFileThatLoads(t *testing.T) {
	t.Parallel()
	for manifest := range strings.SplitSeq(read(t, "helm/testdata/portals.golden.yaml"), "---\n") {
		var config struct {
			Kind string
			Data map[string]string
		}
		if err := yaml.Unmarshal([]byte(manifest), &config); err != nil {
			t.Fatal(err)
		}
		if config.Kind == "ConfigMap" {
			path := filepath.Join(t.TempDir(), "docspace.yml")
			writeFile(t, path, config.Data["docspace.yml"])
			loaded(t, path, 2)
			return
		}
	}
	t.Error("there is no ConfigMap")
}

// A mistake in the values is told before anything is installed.
func TestTheChartRefusesBadValues(t *testing.T) {
	t.Parallel()
	const good = "docspace.url=https://portal.example.com,docspace.secretName=docspace-keys"
	for _, tc := range []struct{ name, values, want string }{
		{"nothing", "replicas=1", "secretName"},
		{"no portal", "docspace.secretName=docspace-keys", "/docspace"},
		{"no secret", "docspace.url=https://portal.example.com", "/docspace/secretName"},
		{"a URL without a scheme", "docspace.secretName=docspace-keys,docspace.url=portal.example.com", "/docspace"},
		{"a password in the URL", "docspace.secretName=docspace-keys,docspace.url=https://u:hunter2@portal.example.com", "/docspace"},
		{"one portal and several", good + ",docspace.config.portals.acme.url=https://acme.example.com", "/docspace"},
		{"a portal without a URL", "docspace.secretName=docspace-keys,docspace.config.portals.acme.timeout=10s", "/docspace"},
		{"a key in the values", good + ",docspace.apiKey=sk-1", "apiKey"},
		{"an unknown value", good + ",replica=2", "replica"},
		{"three of a pair", good + ",replicas=3", "/replicas"},
		{"a digest that is none", good + ",image.digest=latest", "/image/digest"},
		{"an argument that is no flag", good + ",extraArgs={check}", "/extraArgs"},
		{"a duration without a unit", good + ",serviceMonitor.scrapeTimeout=15", "/serviceMonitor/scrapeTimeout"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			printed, err := rendered(t, "--set="+tc.values)
			if err == nil || !strings.Contains(printed, "values don't meet the specifications of the schema") || !strings.Contains(printed, tc.want) {
				t.Errorf("ended with %v, printed:\n%s", err, printed)
			}
		})
	}
	_, example, _ := strings.Cut(read(t, "helm/README.md"), "```yaml\n")
	example, _, _ = strings.Cut(example, "```\n")
	path := filepath.Join(t.TempDir(), "values.yaml")
	writeFile(t, path, example)
	for _, accepted := range []string{"--set=" + good, "--values=" + path} {
		if printed, err := rendered(t, accepted); err != nil {
			t.Errorf("refused good values: %s", printed)
		}
	}
}
