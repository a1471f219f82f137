package deploy_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const runbookBase = "https://github.com/docspace-exporter/docspace_exporter/blob/main/deploy/runbooks/"

// runbooks are the parts of all runbooks, by file and anchor: "failing.md#docspacewebhookfailing".
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, path := range paths {
		for i, part := range strings.Split(read(t, path), "\n## ") {
			if name, text, ok := strings.Cut(part, "\n"); ok && i > 0 {
				parts[filepath.Base(path)+"#"+strings.ToLower(strings.ReplaceAll(name, " ", "-"))] = text
			}
		}
	}
	return parts
}

// Whoever is called at night finds all that is needed in the alert and in the page that it links to.
func TestEveryAlertIsExplained(t *testing.T) {
	t.Parallel()
	pages := runbooks(t)
	named := map[string]bool{}
	_, alerts := rules(t)
	for _, a := range alerts {
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s has the severity %q", a.Alert, a.Labels["severity"])
		}
		for _, name := range []string{"summary", "description"} {
			if !strings.HasSuffix(strings.TrimSuffix(a.Annotations[name], "{{ end }}"), ".") {
				t.Errorf("%s has the %s %q", a.Alert, name, a.Annotations[name])
			}
		}
		if !strings.HasPrefix(a.Annotations["dashboard_url"], "https://grafana.example.com/d/docspace-webhooks") {
			t.Errorf("%s has the dashboard %q", a.Alert, a.Annotations["dashboard_url"])
		}
		page, ok := strings.CutPrefix(a.Annotations["runbook_url"], runbookBase)
		if !ok || !strings.HasSuffix(page, "#"+strings.ToLower(a.Alert)) {
			t.Errorf("%s has the runbook %q", a.Alert, a.Annotations["runbook_url"])
		}
		named[page] = true
		for _, part := range []string{"**Meaning.**", "**Impact.**", "**How to look.**", "**What to do.**"} {
			if !strings.Contains(pages[page], part) {
				t.Errorf("%s has no part %s", page, part)
			}
		}
		if severity := "Severity: " + a.Labels["severity"]; !strings.Contains(pages[page], severity) && !strings.Contains(pages[page], " and "+a.Labels["severity"]) {
			t.Errorf("%s does not say %q", page, severity)
		}
	}
	for page := range pages {
		if !named[page] && !strings.HasPrefix(page, "README.md#") {
			t.Errorf("no alert links to %s", page)
		}
	}
}

var (
	link       = regexp.MustCompile(`\]\(([a-z]+\.md#\w+)\)`)
	linkHere   = regexp.MustCompile(`\]\((#\w+)\)`)
	metricName = regexp.MustCompile(`[a-z_:]*docspace_[a-z0-9_]+(:\w+)?`)
)

func TestRunbooksPointAtWhatThereIs(t *testing.T) {
	t.Parallel()
	pages, exists := runbooks(t), knownMetric(t)
	index := read(t, "runbooks/README.md")
	_, alerts := rules(t)
	for _, a := range alerts {
		if entry := "[" + a.Alert + "](" + strings.TrimPrefix(a.Annotations["runbook_url"], runbookBase) + ")"; !strings.Contains(index, entry) {
			t.Errorf("runbooks/README.md does not list %s", entry)
		}
	}
	for name, text := range pages {
		targets := link.FindAllStringSubmatch(text, -1)
		for _, here := range linkHere.FindAllStringSubmatch(text, -1) {
			file, _, _ := strings.Cut(name, "#")
			targets = append(targets, []string{"", file + here[1]})
		}
		for _, target := range targets {
			if _, ok := pages[target[1]]; !ok {
				t.Errorf("%s links to %s, which does not exist", name, target[1])
			}
		}
		for _, metric := range metricName.FindAllString(text, -1) {
			if metric != "docspace_exporter" && !exists(metric) {
				t.Errorf("%s names the metric %s, which does not exist", name, metric)
			}
		}
	}
}
