package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

func TestKustomizeBuildsTheManifests(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"portal", "portals"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			built := tool(t, "kustomize", "build", "kubernetes/"+name)
			golden(t, "kubernetes/testdata/"+name+".golden.yaml", withoutRules(t, built))
			if problems := conform(t, built); problems != "" {
				t.Error(problems)
			}
		})
	}
}

// conform returns what an API server with the Prometheus operator would say against manifests.
func conform(t *testing.T, manifests string) string {
	t.Helper()
	schemas := os.Getenv("KUBERNETES_SCHEMAS") // the directory to which .ci/schemas writes
	if schemas == "" && os.Getenv("CI") == "" {
		t.Skip("KUBERNETES_SCHEMAS is not set")
	}
	cmd := toolCommand(t, "kubeconform", "-strict", "-schema-location", filepath.Join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json"))
	cmd.Stdin = strings.NewReader(manifests)
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// A check that lets everything pass is none.
func TestMistakesInManifestsAreFound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ good, bad string }{
		{"replicas: 1", "replica: 1"},
		{"replicas: 1", "replicas: one"},
		{"readOnlyRootFilesystem", "readonlyRootFilesystem"},
		{"maxUnavailable", "maxUnavailables"},
		{"cpu: 10m", "cpu: [10m]"},
		{"cidr: 0.0.0.0/0", "cidrs: 0.0.0.0/0"},
		{"kind: Service\n", "kind: Services\n"},
		{"scrapeTimeout: 15s", "scrapeTimeout: 15 s"},
		{"httpSDConfigs", "httpSdConfigs"},
		{"action: labeldrop", "action: drops"},
		{"interval: 1m", "interval: 1 minute"},
	} {
		t.Run(tc.bad, func(t *testing.T) {
			t.Parallel()
			manifests := read(t, "kubernetes/testdata/portals.golden.yaml")
			if !strings.Contains(manifests, tc.good) {
				t.Fatalf("no %s in the manifests", tc.good)
			}
			if conform(t, strings.Replace(manifests, tc.good, tc.bad, 1)) == "" {
				t.Error("passed")
			}
		})
	}
}

func TestKubernetesHasAFileThatLoads(t *testing.T) {
	t.Parallel()
	loaded(t, "kubernetes/portals/docspace.yml", 2)
}

// loaded has the exporter's own eyes look at a configuration file; the keys need not be there.
func loaded(t *testing.T, path string, portals int) {
	t.Helper()
	file, err := docspace.File{Path: path, Defaults: docspace.PortalSettings{
		Timeout: time.Second, TimeZone: "auto", AutoDisableAfter: time.Hour, MaxResponseSize: 1,
		Deliveries: docspace.LogSettings{StuckAfter: time.Minute, Lookback: time.Hour, MaxPages: 1},
	}}.Load()
	if err != nil || len(file.List()) != portals {
		t.Errorf("%d portals, %v", len(file.List()), err)
	}
}
