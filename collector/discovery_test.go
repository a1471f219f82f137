package collector_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

func TestServiceDiscovery(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "zeta", "acme")
	address := strings.TrimPrefix(f.exporter.URL, "http://")
	for _, tt := range []struct {
		name    string
		portals []string
		want    []targetGroup
	}{
		{
			"all portals in the file's order",
			[]string{"zeta", "acme\n    labels: {team: crm, tier: '1'}"},
			[]targetGroup{
				{[]string{address}, map[string]string{"__meta_docspace_portal": "zeta"}},
				{[]string{address}, map[string]string{"__meta_docspace_portal": "acme", "team": "crm", "tier": "1"}},
			},
		},
		{"other labels", []string{"acme\n    labels: {team: erp}"}, []targetGroup{{[]string{address}, map[string]string{"__meta_docspace_portal": "acme", "team": "erp"}}}},
		{"no portal", nil, []targetGroup{}},
	} {
		f.reconfigure(t, tt.portals...)
		p := f.get(t, "/sd", nil)
		if p.status != http.StatusOK || p.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d, %s", tt.name, p.status, p.header.Get("Content-Type"))
		}
		var got []targetGroup
		if err := json.Unmarshal([]byte(p.body), &got); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %s, %v", tt.name, p.body, err)
		}
	}
	if n := f.asked("zeta") + f.asked("acme"); n > 0 {
		t.Errorf("portals were asked %d times", n)
	}
}
