package simulator

import (
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
	bare     bool // without the envelope
}

// endpoint returns what answers requests for a path of the API.
func (p *Portal) endpoint(path string) http.Handler {
	switch {
	case path == "settings":
		return endpoint{portal: p, public: true, read: p.readSettings}
	case path == "settings/webhook":
		return endpoint{portal: p, ownersOnly: true, read: p.readWebhooks}
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
	if names := fieldNames(r.URL.Query()); e.portal.options.Version == V37 && names != nil {
		res.response = project(res.response, names)
	}
	body := mustJSON(res.response)
	if !res.bare {
		body = mustJSON(newEnvelope(res, r))
	}
	answer{status: http.StatusOK, contentType: typeJSON, body: body}.ServeHTTP(w, r)
}

// envelope is what servers put around every answer that is a success.
type envelope struct {
	Response   any    `json:"response"`
	Count      int    `json:"count"`
	Links      []link `json:"links"`
	Status     int    `json:"status"`
	StatusCode int    `json:"statusCode"`
}

type link struct {
	Href   string `json:"href"`
	Action string `json:"action"`
}

func newEnvelope(res result, r *http.Request) envelope {
	return envelope{
		Response: res.response, Count: res.count, StatusCode: http.StatusOK,
		Links: []link{{Href: "http://" + r.Host + r.URL.Path, Action: http.MethodGet}},
	}
}
