package deploy_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The mixin hands over the same groups, alerts and recordings apart.
func TestMixinHoldsTheRules(t *testing.T) {
	t.Parallel()
	const program = `
		local mixin = (import 'mixin.libsonnet') + { _config+:: { grafanaURL: 'https://grafana.acme.example', runbookURL: 'https://wiki.acme.example' } };
		{ groups: mixin.prometheusRules.groups + mixin.prometheusAlerts.groups, kinds: [std.length(mixin.prometheusRules.groups), std.length(mixin.prometheusAlerts.groups)] }`
	var got struct {
		Groups []any
		Kinds  []int
	}
	if err := json.Unmarshal([]byte(tool(t, "jsonnet", "--exec", program)), &got); err != nil {
		t.Fatal(err)
	}
	shipped := strings.ReplaceAll(read(t, "prometheus/rules.yml"), "https://grafana.example.com", "https://grafana.acme.example")
	shipped = strings.ReplaceAll(shipped, strings.TrimSuffix(runbookBase, "/"), "https://wiki.acme.example")
	var want struct{ Groups []any }
	if err := yaml.Unmarshal([]byte(shipped), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Groups, want.Groups) {
		t.Errorf("the mixin holds %v, rules.yml %v", got.Groups, want.Groups)
	}
	if got.Kinds[0] == 0 || got.Kinds[1] == 0 {
		t.Errorf("%d groups record and %d alert", got.Kinds[0], got.Kinds[1])
	}
}
