package simulator

import (
	"cmp"
	"net/http"
)

// area is the part of the API that an endpoint belongs to. Scopes and states of the portal are
// checked by area.
type area int

const (
	webhookArea area = iota // also the settings
	keyArea                 // the key that is sent
	userArea                // the user of the key
)

// endpoint is what the portal serves at one path of the API.
type endpoint struct {
	portal *Portal
	area   area
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
	switch path {
	case "settings":
		return endpoint{portal: p, public: true, read: p.readSettings}
	case "settings/webhook":
		return endpoint{portal: p, ownersOnly: true, read: p.readWebhooks}
	case "settings/webhooks/log":
		return endpoint{portal: p, ownersOnly: true, read: p.readLog}
	case "settings/webhook/triggers":
		return p.triggersEndpoint()
	case "keys/@self":
		return p.keyEndpoint()
	case "people/@self":
		return endpoint{portal: p, area: userArea, read: p.readUser}
	default:
		return NotFoundPage()
	}
}

// triggersEndpoint is what serves the list of triggers. 3.0 has other methods at this path.
func (p *Portal) triggersEndpoint() http.Handler {
	if p.options.Version == V30 {
		return answer{status: http.StatusMethodNotAllowed, header: map[string]string{"Allow": "DELETE, PUT"}}
	}
	return endpoint{portal: p, read: p.readTriggers}
}

// keyEndpoint is what serves the key that is sent. 3.0 has none.
func (p *Portal) keyEndpoint() http.Handler {
	if p.options.Version == V30 {
		return empty(http.StatusNotFound)
	}
	return endpoint{portal: p, area: keyArea, read: p.readKey}
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
