package deploy_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The mixin hands over the same groups, alerts and recordings apart, and the same dashboard.
func TestMixinHoldsTheRulesAndTheDashboard(t *testing.T) {
	t.Parallel()
	const program = `
		local mixin = (import 'mixin.libsonnet') + { _config+:: {
			grafanaURL: 'https://grafana.acme.example', runbookURL: 'https://wiki.acme.example', statusURL: 'https://status.acme.example',
		} };
		{ groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups,
		  kinds: [std.length(mixin.prometheusRules.groups), std.length(mixin.prometheusAlerts.groups)],
		  dashboards: mixin.grafanaDashboards }`
	var got struct {
		Groups     []any
		Kinds      []int
		Dashboards map[string]any
	}
	if err := json.Unmarshal([]byte(tool(t, "jsonnet", "--exec", program)), &got); err != nil {
		t.Fatal(err)
	}
	placed := strings.NewReplacer(
		"https://grafana.example.com", "https://grafana.acme.example",
		strings.TrimSuffix(runbookBase, "/"), "https://wiki.acme.example",
		"https://docspace-exporter.example.com/status", "https://status.acme.example",
	)
	var want struct{ Groups []any }
	if err := yaml.Unmarshal([]byte(placed.Replace(read(t, "prometheus/rules.yml"))), &want); err != nil {
		t.Fatal(err)
	}
	var board any
	if err := json.Unmarshal([]byte(placed.Replace(read(t, dashboardFile))), &board); err != nil {
		t.Fatal(err)
	}
	if len(got.Dashboards) != 1 || !reflect.DeepEqual(got.Dashboards["docspace-webhooks.json"], board) {
		t.Errorf("the mixin holds the dashboards %v", got.Dashboards)
	}
	if !reflect.DeepEqual(got.Groups, want.Groups) {
		t.Errorf("the mixin holds %v, rules.yml %v", got.Groups, want.Groups)
	}
	if got.Kinds[0] == 0 || got.Kinds[1] == 0 {
		t.Errorf("%d groups record and %d alert", got.Kinds[0], got.Kinds[1])
	}
}
