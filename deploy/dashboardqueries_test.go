package deploy_test

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// fill puts values in the places of the variables, escaped as Grafana does it.
func (d *dashboard) fill(expr, instance string) string {
	escaped := strings.ReplaceAll(regexp.QuoteMeta(instance), `\`, `\\`)
	expr = strings.NewReplacer("$__rate_interval", "1m", "$__range", "1m", "$job", "docspace", "$instance", escaped).Replace(expr)
	for _, v := range d.Templating.List {
		expr = strings.ReplaceAll(expr, "$"+v.Name, v.AllValue)
	}
	return expr
}

// notInTheDemo are the queries that have no data in the first minute of the demo, and why.
// TestDashboardShowsWhatTheDemoDoesNot has data for them.
func notInTheDemo() map[string]string {
	const unchanged, fine = "no webhook is changed so soon", "everything can be read"
	return map[string]string{
		"Configuration changes A":          unchanged,
		"annotation Configuration changed": unchanged,
		"annotation Switched off":          unchanged,
		"annotation Removed":               unchanged,
		"Collectors that fail A":           fine,
		"Portals E":                        fine,
	}
}

// Every query of the dashboard has data of the demo, in a real Prometheus with the shipped rules.
func TestDashboardShowsTheDemo(t *testing.T) {
	t.Parallel()
	toolPath(t, "prometheus")
	p := start(t, nil, "--demo")
	instance := strings.TrimPrefix(p.url, "http://")
	prometheus := startPrometheus(t, map[string]string{
		"rules.yml": read(t, "prometheus/rules.yml"),
		"prometheus.yml": fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: docspace, static_configs: [{targets: [%s]}]}]
`, instance),
	})
	d := readDashboard(t)
	quiet := notInTheDemo()
	queries := d.queries()
	for _, title := range slices.Sorted(maps.Keys(queries)) {
		wanted := func(v vector) bool { return v.finite() || quiet[title] != "" }
		ask(t, prometheus+"/api/v1/query?query="+url.QueryEscape(d.fill(queries[title], instance)), wanted)
	}
	for title := range quiet {
		if queries[title] == "" {
			t.Errorf("there is no query %s", title)
		}
	}
	checkVariables(t, prometheus, &d, instance)
	p.stop(t)
}

// finite reports whether there is a number that can be drawn.
func (v vector) finite() bool {
	for _, r := range v.Result {
		text, _ := r.Value[1].(string)
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return true
		}
	}
	return false
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// checkVariables looks at what people can choose from, which Grafana works out of the answers as is done here.
func checkVariables(t *testing.T, prometheus string, d *dashboard, instance string) {
	t.Helper()
	offers := map[string]string{"job": "docspace", "instance": instance, "webhook": "1 crm-sync #1", "trigger": "user.created"}
	for _, v := range d.Templating.List {
		var values []string
		query := d.fill(v.Query, instance)
		if found := labelValues.FindStringSubmatch(query); found != nil {
			values = ask(t, prometheus+"/api/v1/label/"+found[2]+"/values?match[]="+url.QueryEscape(found[1]), func(v []string) bool { return len(v) > 0 })
		}
		if inner, ok := strings.CutPrefix(query, "query_result("); ok {
			pattern := regexp.MustCompile(strings.Trim(v.Regex, "/"))
			for _, r := range ask(t, prometheus+"/api/v1/query?query="+url.QueryEscape(strings.TrimSuffix(inner, ")")), vector.finite).Result {
				var labels []string
				for _, name := range slices.Sorted(maps.Keys(r.Metric)) {
					labels = append(labels, name+`="`+r.Metric[name]+`"`)
				}
				if found := pattern.FindStringSubmatch("{" + strings.Join(labels, ",") + "} 1 1700000000000"); found != nil {
					values = append(values, found[pattern.SubexpIndex("value")]+" "+found[pattern.SubexpIndex("text")])
				}
			}
		}
		if offer := offers[v.Name]; offer != "" && !slices.Contains(values, offer) {
			t.Errorf("%s offers %q, but not %s", v.Name, values, offer)
		}
	}
}

// shown is a query that must have these results at 10m, all of the same value, of series that are made up.
type shown struct {
	query, instance string
	value           float64
	labels          []string
}

// Other webhooks than the one that a query is to show are beside it, unchanged.
func TestDashboardShowsWhatTheDemoDoesNot(t *testing.T) {
	t.Parallel()
	const target = `job="docspace", instance="acme"`
	series := func(metric, labels, values string) map[string]string {
		return map[string]string{"series": metric + "{" + target + ", " + labels + "}", "values": values}
	}
	input := []map[string]string{
		{"series": "docspace_up{" + target + "}", "values": "1x20"},
		{"series": "up{" + target + "}", "values": "1x20"},
		{"series": `up{job="docspace", instance="beta"}`, "values": "0x20"}, // its exporter does not answer
		series("docspace_scrape_collector_failure", `collector="webhooks", reason="timeout"`, "0x5 1x14"),
		series("docspace_scrape_collector_failure", `collector="webhooks", reason="tls"`, "0x20"),
		series("webhook:docspace_webhook_config_hash:max", `id="1"`, "5x9 6x10"), // somebody changes it
		series("webhook:docspace_webhook_config_hash:max", `id="2"`, "7x9 8x10"), // it is switched off
		series("webhook:docspace_webhook_config_hash:max", `id="3"`, "9x20"),
		series("webhook:docspace_webhook_enabled:max", `id="1"`, "1x20"),
		series("webhook:docspace_webhook_enabled:max", `id="2"`, "1x9 0x10"),
		series("webhook:docspace_webhook_enabled:max", `id="3"`, "0x20"),
		series("webhook_name:docspace_webhook_enabled:timestamp", `id="1", name="one"`, "1x20"),
		series("webhook_name:docspace_webhook_enabled:timestamp", `id="4", name="four"`, "1x8 stale"), // it is deleted
		series("webhook:docspace_webhook_name:info", `id="1", name="one"`, "1x20"),
		series("webhook:docspace_webhook_name:info", `id="2", name="two"`, "1x20"),
		series("webhook:docspace_webhook_name:info", `id="3", name="three"`, "1x20"),
	}
	d := readDashboard(t)
	queries := d.queries()
	cases := []shown{
		{"Not read A", "acme", 0, []string{`{}`}},
		{"Not read A", "beta", 1, []string{`{}`}},
		{"Configuration changes A", "acme", 1, []string{`{` + target + `, id="1", name="one"}`, `{` + target + `, id="2", name="two"}`}},
		{"annotation Configuration changed", "acme", 1, []string{`{` + target + `, id="1", name="one"}`}},
		{"annotation Switched off", "acme", 1, []string{`{` + target + `, id="2", name="two"}`}},
		{"annotation Removed", "acme", 1, []string{`webhook_name:docspace_webhook_enabled:timestamp{` + target + `, id="4", name="four"}`}},
		{"Collectors that fail A", "acme", 1, []string{`{` + target + `, collector="webhooks", reason="timeout"}`}},
		{"Portals E", "acme", 1, []string{`{` + target + `, reason="timeout"}`}},
	}
	tests := make([]any, 0, len(cases))
	for _, c := range cases {
		samples := make([]any, 0, len(c.labels))
		for _, labels := range c.labels {
			samples = append(samples, map[string]any{"labels": labels, "value": c.value})
		}
		tests = append(tests, map[string]any{"expr": d.fill(queries[c.query], c.instance), "eval_time": "10m", "exp_samples": samples})
	}
	text, err := yaml.Marshal(map[string]any{"tests": []any{
		map[string]any{"interval": "1m", "input_series": input, "promql_expr_test": tests},
	}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dashboard.yml")
	writeFile(t, path, string(text))
	tool(t, "promtool", "test", "rules", path)
}
