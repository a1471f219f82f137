package simulator

import (
	"cmp"
	"net/http"
)

// endpoint is what the portal serves at one path of the API.
type endpoint struct {
	portal *Portal
	// public endpoints answer without a key, and in most states of the portal.
	public bool
	// ownersOnly endpoints are for users who may own webhooks.
	ownersOnly bool
	read       func(who caller, r *http.Request) result
}

// result is what an endpoint has to say.
type result struct {
	response any
	count    int
	total    *int // of a list that is read in pages
	status   int  // 0 means 200
	bare     bool // without the envelope
}

// endpoint returns what answers requests for a path of the API.
func (p *Portal) endpoint(path string) http.Handler {
	switch {
	case path == "settings":
		return endpoint{portal: p, public: true, read: p.readSettings}
	case path == "settings/webhook":
		return endpoint{portal: p, ownersOnly: true, read: p.readWebhooks}
	case path == "settings/webhooks/log":
		return endpoint{portal: p, ownersOnly: true, read: p.readLog}
	case path == "settings/webhook/triggers" && p.options.Version != V30:
		return endpoint{portal: p, read: p.readTriggers}
	default:
		return NotFoundPage()
	}
}

// ServeHTTP answers a request unless the portal refuses it.
func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who := e.portal.callerOf(r)
	if refusal := e.portal.refusal(e, who, r); refusal != nil {
		refusal.ServeHTTP(w, r)
		return
	}
	res := e.read(who, r)
	res.status = cmp.Or(res.status, http.StatusOK)
	if names := fieldNames(r.URL.Query()); e.portal.knowsFields() && names != nil && res.status == http.StatusOK {
		res.response = project(res.response, names)
	}
	body := res.response
	if !res.bare {
		body = e.envelope(res, r)
	}
	answer{status: res.status, contentType: typeJSON, body: mustJSON(body)}.ServeHTTP(w, r)
}

// envelope is what servers put around every answer that is a success, and around the complaint
// about a bad parameter.
type envelope struct {
	Response   any    `json:"response"`
	Count      int    `json:"count"`
	Total      *int   `json:"total,omitempty"`
	Links      []link `json:"links"`
	Status     int    `json:"status"`
	StatusCode int    `json:"statusCode"`
}

type link struct {
	Href   string `json:"href"`
	Action string `json:"action"`
}

func (e endpoint) envelope(res result, r *http.Request) envelope {
	whole := envelope{
		Response: res.response, Count: res.count, Total: res.total, StatusCode: http.StatusOK,
		Links: []link{{Href: "http://" + r.Host + r.URL.Path, Action: http.MethodGet}},
	}
	if e.portal.options.Version == V37 && res.status != http.StatusOK { // earlier ones say that all is well
		whole.Status, whole.StatusCode = 1, res.status
	}
	return whole
}
