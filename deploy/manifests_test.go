package deploy_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// manifest is what the tests look at in a Kubernetes object.
type manifest struct {
	Kind     string
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Spec struct {
		Replicas    int
		Selector    map[string]any
		JobLabel    string         `yaml:"jobLabel"`
		PodSelector map[string]any `yaml:"podSelector"`
		Template    struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
	}
}

type pod struct {
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	EnableServiceLinks           *bool `yaml:"enableServiceLinks"`
	SecurityContext              struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		RunAsUser      int                   `yaml:"runAsUser"`
		FSGroup        int                   `yaml:"fsGroup"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	Containers []container
	Volumes    []struct {
		Name   string
		Secret struct {
			DefaultMode int `yaml:"defaultMode"`
		}
	}
}

type container struct {
	Args            []string
	Env, EnvFrom    []any
	Resources       struct{ Limits map[string]string }
	LivenessProbe   probe `yaml:"livenessProbe"`
	ReadinessProbe  probe `yaml:"readinessProbe"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// manifests are the objects of the golden files, by kind.
func manifests(t *testing.T, each func(t *testing.T, objects map[string]manifest)) {
	t.Helper()
	files, err := filepath.Glob("*/testdata/*.golden.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("found %q, %v", files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			objects := map[string]manifest{}
			for text := range strings.SplitSeq(read(t, file), "---\n") {
				var m manifest
				if err := yaml.Unmarshal([]byte(text), &m); err != nil {
					t.Fatal(err)
				}
				objects[m.Kind] = m
			}
			each(t, objects)
		})
	}
}

func TestPodsAreHardened(t *testing.T) {
	t.Parallel()
	manifests(t, func(t *testing.T, objects map[string]manifest) {
		t.Helper()
		p := objects["Deployment"].Spec.Template.Spec
		if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken || p.EnableServiceLinks == nil || *p.EnableServiceLinks {
			t.Error("the pod gets a token, or variables of other services")
		}
		if s := p.SecurityContext; !s.RunAsNonRoot || s.RunAsUser != 65532 || s.FSGroup != 65532 || s.SeccompProfile.Type != "RuntimeDefault" {
			t.Errorf("the pod runs as %+v", s)
		}
		if len(p.Containers) != 1 {
			t.Fatalf("%d containers", len(p.Containers))
		}
		c := p.Containers[0]
		if s := c.SecurityContext; s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []string{"ALL"}) {
			t.Errorf("the container runs as %+v", s)
		}
		if c.Resources.Limits["cpu"] == "" || c.Resources.Limits["memory"] == "" {
			t.Errorf("the limits are %v", c.Resources.Limits)
		}
		if c.LivenessProbe.HTTPGet.Path != "/-/healthy" || c.ReadinessProbe.HTTPGet.Path != "/-/ready" {
			t.Errorf("the probes are %+v and %+v", c.LivenessProbe, c.ReadinessProbe)
		}
		if len(c.Env)+len(c.EnvFrom) > 0 {
			t.Errorf("the environment holds %v", c.Env)
		}
		for _, v := range p.Volumes {
			if v.Name == "keys" && v.Secret.DefaultMode != 0o440 {
				t.Errorf("the keys have the mode %o", v.Secret.DefaultMode)
			}
		}
	})
}

// A selector that selects nothing, or too much, is valid.
func TestSelectorsSelectTheExporter(t *testing.T) {
	t.Parallel()
	manifests(t, func(t *testing.T, objects map[string]manifest) {
		t.Helper()
		labels := objects["Deployment"].Spec.Template.Metadata.Labels
		service := objects["Service"]
		selectors := map[string]map[string]any{"Service": service.Spec.Selector}
		for _, kind := range []string{"Deployment", "PodDisruptionBudget"} {
			selectors[kind], _ = objects[kind].Spec.Selector["matchLabels"].(map[string]any)
		}
		selectors["NetworkPolicy"], _ = objects["NetworkPolicy"].Spec.PodSelector["matchLabels"].(map[string]any)
		for kind, selector := range selectors {
			if _, there := objects[kind]; there && !selects(selector, labels) {
				t.Errorf("%s selects %v, the pod has %v", kind, selector, labels)
			}
		}
		if monitor, there := objects["ServiceMonitor"]; there {
			if selector, _ := monitor.Spec.Selector["matchLabels"].(map[string]any); !selects(selector, service.Metadata.Labels) {
				t.Errorf("ServiceMonitor selects %v, the service has %v", selector, service.Metadata.Labels)
			}
			// Else the name of the service is the job, which whoever installs it chooses.
			if job := service.Metadata.Labels[monitor.Spec.JobLabel]; !strings.HasPrefix(job, "docspace") {
				t.Errorf("the job is %q, the rules look for docspace.*", job)
			}
		}
		if _, several := objects["ScrapeConfig"]; several && objects["Deployment"].Spec.Replicas != 1 {
			t.Error("several exporters share the scrapes of a portal")
		}
	})
}

func selects(selector map[string]any, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

// The exporter itself takes the arguments that it is given there.
func TestArgumentsOfPodsAreFlags(t *testing.T) {
	t.Parallel()
	known := table(t, "flags")
	manifests(t, func(t *testing.T, objects map[string]manifest) {
		t.Helper()
		args := objects["Deployment"].Spec.Template.Spec.Containers[0].Args
		for _, arg := range args {
			if flag, _, _ := strings.Cut(arg, "="); known[flag] == nil {
				t.Errorf("there is no flag %s", flag)
			}
		}
		if len(args) == 0 {
			t.Error("there are no arguments")
		}
	})
}
