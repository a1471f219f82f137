package deploy_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/docspace-exporter/docspace_exporter/collector"
	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// table returns the rows of the README's table of that name, by the text of their first cell.
func table(t *testing.T, name string) map[string][]string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "<!-- "+name+" -->\n")
	text, _, closed := strings.Cut(rest, "<!-- end of "+name+" -->")
	if !ok || !closed {
		t.Fatalf("README has no table of %s", name)
	}
	rows := map[string][]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i < 2 {
			continue // the head
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(cell), "`"))
		}
		rows[cells[0]] = cells[1:]
	}
	return rows
}

// block returns the README's fenced block after a comment of that name.
func block(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "<!-- "+name+" -->\n```yaml\n")
	text, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatalf("README has no block of %s", name)
	}
	return text
}

// metricsOf are the metrics of an exporter with some flags.
func metricsOf(t *testing.T, env []string, flags ...string) map[string]*dto.MetricFamily {
	t.Helper()
	p := start(t, env, flags...)
	_, text := p.get(t, "/metrics")
	p.stop(t)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestREADMEListsEveryMetric(t *testing.T) {
	t.Parallel()
	portal, certificate := tlsServer(t)
	families := metricsOf(t, nil, "--demo")
	https := metricsOf(t, []string{"SSL_CERT_FILE=" + certificate, "DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+portal.URL)
	const expiry = "docspace_portal_certificate_expiry_timestamp_seconds" // which the demo has no certificate for
	families[expiry] = https[expiry]
	documented := table(t, "metrics")
	for name, family := range families {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") || strings.HasPrefix(name, "promhttp_") {
			continue
		}
		labels := map[string]bool{}
		for _, m := range family.GetMetric() {
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = true
			}
		}
		row := documented[name]
		if row == nil {
			t.Errorf("%s is not documented", name)
			continue
		}
		delete(documented, name)
		var want []string
		if row[1] != "" {
			want = strings.Split(row[1], ", ")
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(labels)); !slices.Equal(got, want) {
			t.Errorf("%s has the labels %v, README says %v", name, got, want)
		}
		if kind := strings.ToLower(family.GetType().String()); kind != row[0] {
			t.Errorf("%s is a %s, README says %s", name, kind, row[0])
		}
	}
	for name := range documented {
		t.Errorf("%s is documented, but the demo does not show it", name)
	}
}

// Prometheus would rename a metric's label by which a portal is labelled, too.
func TestLabelsOfMetricsAreReserved(t *testing.T) {
	t.Parallel()
	for name, row := range table(t, "metrics") {
		if strings.HasPrefix(name, "docspace_api_") || strings.HasPrefix(name, "docspace_exporter_") {
			continue // not those of a portal
		}
		for label := range strings.SplitSeq(row[1], ", ") {
			if label != "" && !slices.Contains(collector.ReservedLabels(), label) {
				t.Errorf("a portal may have a label %s, as %s has", label, name)
			}
		}
	}
}

// flagHelp is a flag in the help: its name, its default or a placeholder, and its variable.
var flagHelp = regexp.MustCompile(`(?s)^--(?:\[no-\])?([a-z.-]+)(?:=(\S+))?\s.*\(\$(\w+)\)\s*$`)

func TestREADMEListsEveryFlag(t *testing.T) {
	t.Parallel()
	help, err := command(t, nil, "check", "--help").Output() // which has flags of its own beside all others
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for name, row := range table(t, "flags") {
		documented[strings.TrimPrefix(strings.Replace(name, "[no-]", "", 1), "--")] = row
	}
	for entry := range strings.SplitSeq(string(help), "\n      --") {
		found := flagHelp.FindStringSubmatch("--" + entry)
		if found == nil {
			continue // the head, and --version, which has no variable
		}
		name, value, variable := found[1], strings.Trim(found[2], `"`), found[3]
		if value == "URL" || value == "FILE" || value == "NAME" {
			value = "" // a placeholder
		}
		row := documented[name]
		delete(documented, name)
		switch {
		case row == nil:
			t.Errorf("--%s is not documented", name)
		case row[0] != variable:
			t.Errorf("--%s has the variable %s, README says %s", name, variable, row[0])
		case found[2] != "" && row[1] != value:
			t.Errorf("--%s has the default %q, README says %q", name, value, row[1])
		}
	}
	for name := range documented {
		t.Errorf("--%s is documented, but does not exist", name)
	}
}

func TestREADMEExplainsEveryReason(t *testing.T) {
	t.Parallel()
	documented := table(t, "reasons")
	for _, reason := range docspace.Reasons() {
		if documented[string(reason)] == nil {
			t.Errorf("%s is not explained", reason)
		}
		delete(documented, string(reason))
	}
	for reason := range documented {
		t.Errorf("%s is explained, but does not exist", reason)
	}
}

func TestREADMEExplainsEveryState(t *testing.T) {
	t.Parallel()
	documented := table(t, "states")
	for _, state := range collector.States() {
		if documented[string(state)] == nil {
			t.Errorf("%s is not explained", state)
		}
		delete(documented, string(state))
	}
	for state := range documented {
		t.Errorf("%s is explained, but does not exist", state)
	}
}

func TestREADMEShowsTheShippedScrapeConfigurations(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"prometheus/prometheus.yml", "prometheus/portals.yml"} {
		shipped, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(readme), "```yaml\n"+string(shipped)+"```") {
			t.Errorf("README and %s differ", path)
		}
	}
}
