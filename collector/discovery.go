package collector

import (
	"encoding/json"
	"maps"
	"net/http"
)

// nameLabel holds the name of the portal, for the relabelling to /probe?target=NAME.
const nameLabel = "__meta_docspace_portal"

// targetGroup is an element of what Prometheus's http_sd_configs read.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// DiscoveryHandler serves the list of portals to Prometheus. The address to scrape is the one at which
// the list was asked for.
func DiscoveryHandler(p *Portals) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		members := p.configured()
		groups := make([]targetGroup, len(members))
		for i, m := range members {
			labels := map[string]string{nameLabel: m.Name}
			maps.Copy(labels, m.Labels)
			groups[i] = targetGroup{Targets: []string{r.Host}, Labels: labels}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(groups) // the client has gone
	})
}

// ReservedLabels are the names of labels that a portal can't have: Prometheus would rename the label
// that a metric has by the same name, or its own would not fit the scrape.
func ReservedLabels() []string {
	return []string{
		"alias", "code", "collector", "id", "le", "name", "reason", "scheme", "state", "target", "time_zone", "trigger", "version",
		"instance", "job",
	}
}
