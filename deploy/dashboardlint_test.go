package deploy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDashboardPanels(t *testing.T) {
	t.Parallel()
	// Units of Grafana that mean what the panels show; an unknown one is shown as text.
	units := []string{"none", "short", "percentunit", "s", "bytes", "cpm", "reqpm", "dateTimeFromNow"}
	d := readDashboard(t)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("%s has the id %d of another panel", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies over %q or beyond the edge", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		shown := []string{p.FieldConfig.Defaults.Unit}
		for _, o := range p.FieldConfig.Overrides {
			for _, property := range o.Properties {
				if unit, ok := property.Value.(string); ok && property.ID == "unit" {
					shown = append(shown, unit)
				}
			}
		}
		for _, unit := range shown {
			if !slices.Contains(units, unit) {
				t.Errorf("%s has the unit %q", p.Title, unit)
			}
		}
		if p.Title == "" || !strings.HasSuffix(p.Description, ".") || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
			t.Errorf("%q lacks a title, a description, a target, or the data source of the variable", p.Title)
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("%s has the data source %s", p.Title, target.Datasource.UID)
			}
			if strings.Contains(target.Expr, "$__rate_interval") && target.Interval != "1m" {
				t.Errorf("%s may ask for a rate over less than two scrapes", p.Title)
			}
		}
	}
}

var (
	selector  = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	ofCounter = regexp.MustCompile(`^[a-z_]+_(total|bucket|count|sum)$`)
	rateOf    = regexp.MustCompile(`\brate\(([a-z_]+)\{[^}]*\}\[\$__rate_interval\]`)
	increased = regexp.MustCompile(`\bincrease\(([a-z_]+)\{[^}]*\}\[\$__range\]`)
	anyRate   = regexp.MustCompile(`\b(i?rate|increase|i?delta)\(`)
	// isMetric tells metrics from labels and words of PromQL.
	isMetric = regexp.MustCompile(`docspace_|^up$|^process_|^ALERTS`)
)

// What Grafana's dashboard-linter demands of queries, and that what they ask for exists.
func TestDashboardQueries(t *testing.T) {
	t.Parallel()
	d, exists := readDashboard(t), knownMetric(t)
	for title, expr := range d.queries() {
		selectors, named := selector.FindAllStringSubmatch(expr, -1), 0
		for _, name := range identifier.FindAllString(quoted.ReplaceAllString(expr, ""), -1) {
			if isMetric.MatchString(name) {
				named++
			}
		}
		if named != len(selectors) || named == 0 {
			t.Errorf("%s: %d metrics, but %d with matchers: %s", title, named, len(selectors), expr)
		}
		var counters []string
		for _, s := range selectors {
			name, matchers := s[1], s[2]
			if strings.Contains(name, "docspace_") && !exists(name) {
				t.Errorf("%s uses %s, which neither the exporter emits nor a rule records", title, name)
			}
			if !strings.Contains(matchers, `job=~"$job"`) || !strings.Contains(matchers, `instance=~"$instance"`) {
				t.Errorf("%s: no job or instance for %s", title, name)
			}
			if ofCounter.MatchString(name) {
				counters = append(counters, name)
			}
		}
		counted := append(names(rateOf, expr), names(increased, expr)...)
		slices.Sort(counters)
		slices.Sort(counted)
		if !slices.Equal(counters, counted) || len(anyRate.FindAllString(expr, -1)) != len(counted) {
			t.Errorf("%s: not every counter, or not only counters, are in a rate of $__rate_interval or an increase of $__range: %s", title, expr)
		}
	}
	for _, v := range d.Templating.List {
		for _, name := range metricName.FindAllString(v.Query, -1) {
			if !exists(name) {
				t.Errorf("the variable %s uses %s, which does not exist", v.Name, name)
			}
		}
	}
}

// names are what the group of a pattern matches.
func names(pattern *regexp.Regexp, text string) []string {
	found := pattern.FindAllStringSubmatch(text, -1)
	all := make([]string, len(found))
	for i := range found {
		all[i] = found[i][1]
	}
	return all
}
