package deploy_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const dashboardFile = "grafana/docspace-webhooks.json"

// dashboard is as much of the dashboard as the tests look at.
type dashboard struct {
	UID         string
	Editable    bool
	Annotations struct{ List []*annotation }
	Templating  struct{ List []*variable }
	Panels      []*dashboardPanel
}

type datasource struct{ Type, UID string }

type annotation struct {
	Name       string
	Datasource datasource
	Target     target
}

type variable struct {
	Name, Label, Description, Type, Query, Regex, AllValue string
	Datasource                                             datasource
	Refresh                                                int
	Multi                                                  bool
}

type dashboardPanel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	Targets                  []target
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults  struct{ Unit string }
		Overrides []struct {
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
}

type target struct {
	RefID, Expr, Interval string
	Datasource            datasource
	Instant               bool
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, dashboardFile)), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// queries are all expressions of the dashboard by what they are for, those of annotations included.
func (d *dashboard) queries() map[string]string {
	all := map[string]string{}
	for _, a := range d.Annotations.List {
		all["annotation "+a.Name] = a.Target.Expr
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all[p.Title+" "+target.RefID] = target.Expr
		}
	}
	return all
}

// It is not parallel, so that with -update the dashboard is there before it is looked at.
func TestDashboardIsMadeOfItsSource(t *testing.T) {
	golden(t, dashboardFile, tool(t, "jsonnet", "grafana/src/dashboard.jsonnet"))
}

// Grafana passes over keys that it does not know.
func TestDashboardHasTheTypesOfGrafana(t *testing.T) {
	t.Parallel()
	tool(t, "check-dashboard", dashboardFile)
}

func TestDashboardVariables(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	variables := make([]string, 0, len(d.Templating.List))
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if v.Label == "" || v.Description == "" {
			t.Errorf("%s has no label or no description", v.Name)
		}
		switch {
		case v.Name == "datasource":
			if v.Type != "datasource" || v.Query != "prometheus" || v.Label != "Data source" {
				t.Errorf("the data source is %+v", *v)
			}
		case v.Type != "query" || v.Datasource.UID != "${datasource}" || !v.Multi || v.Refresh != 2 || v.AllValue == "":
			t.Errorf("%s is %+v", v.Name, *v)
		}
	}
	if want := []string{"datasource", "job", "instance", "webhook", "trigger"}; !slices.Equal(variables, want) {
		t.Errorf("the variables are %v, not %v", variables, want)
	}
	for _, a := range d.Annotations.List {
		if a.Datasource.UID != "${datasource}" {
			t.Errorf("annotation %s has the data source %s", a.Name, a.Datasource.UID)
		}
	}
	if d.Editable {
		t.Error("whoever edits the dashboard in Grafana loses that with the next version")
	}
	_, alerts := rules(t)
	for _, a := range alerts {
		path, query, _ := strings.Cut(a.Annotations["dashboard_url"], "?")
		if !strings.HasSuffix(path, "/d/"+d.UID) {
			t.Errorf("%s links to %s, the dashboard is %s", a.Alert, path, d.UID)
		}
		for _, name := range names(urlVariable, query) {
			if !slices.Contains(variables, name) {
				t.Errorf("%s links with the variable %s, which does not exist", a.Alert, name)
			}
		}
	}
}

var urlVariable = regexp.MustCompile(`\bvar-(\w+)=`)

var (
	runbookLink = regexp.MustCompile(`"` + regexp.QuoteMeta(runbookBase) + `([^"]*)"`)
	anyLink     = regexp.MustCompile(`"url": "([^"]*)"`)
)

func TestDashboardLinksToWhatThereIs(t *testing.T) {
	t.Parallel()
	text, pages := read(t, dashboardFile), runbooks(t)
	for _, page := range names(runbookLink, text) {
		file, anchor, _ := strings.Cut(page, "#")
		if _, ok := pages[page]; !ok && anchor != "" {
			t.Errorf("there is no runbook %s", page)
		}
		read(t, "runbooks/"+file)
	}
	var others []string
	for _, url := range names(anyLink, text) {
		if !strings.HasPrefix(url, runbookBase) {
			others = append(others, strings.SplitN(url, "?", 2)[0])
		}
	}
	slices.Sort(others)
	if want := []string{"/d/" + readDashboard(t).UID, "https://docspace-exporter.example.com/status"}; !slices.Equal(others, want) {
		t.Errorf("the other links are %v, not %v", others, want)
	}
}

func TestGrafanaProvisioning(t *testing.T) {
	t.Parallel()
	var sources struct {
		Datasources []struct {
			Type, UID, URL string
			JSONData       struct {
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	readYAML(t, "grafana/provisioning/datasources/prometheus.yml", &sources)
	var scraped struct {
		Configs []struct {
			Interval string `yaml:"scrape_interval"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "prometheus/prometheus.yml", &scraped)
	if s := sources.Datasources; len(s) != 1 || s[0].Type != "prometheus" || s[0].JSONData.TimeInterval != scraped.Configs[0].Interval {
		t.Errorf("the data sources are %+v", s)
	}
	var boards struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	readYAML(t, "grafana/provisioning/dashboards/docspace.yml", &boards)
	if b := boards.Providers; len(b) != 1 || b[0].Type != "file" || !strings.Contains(read(t, "grafana/README.md"), b[0].Options.Path) {
		t.Errorf("the providers are %+v", b)
	}
}
