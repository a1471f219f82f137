package simulator

import (
	"cmp"
	"net/http"
	"strings"
)

// caller is who sends a request, as far as the portal can tell.
type caller int

const (
	anonymous caller = iota // no key, or a token that is none
	stranger                // a key that the portal does not accept
	known                   // the key's user
)

func (p *Portal) callerOf(r *http.Request) caller {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case bearer && token == p.options.Key:
		return known
	case bearer && strings.HasPrefix(token, "sk-"):
		return stranger
	default:
		return anonymous
	}
}

// refusal returns the answer to a request that the portal does not let through to an endpoint, nil
// for one that it does. The checks are in the server's order.
func (p *Portal) refusal(e endpoint, who caller, r *http.Request) *answer {
	return cmp.Or(p.refusedByKey(e, who), p.refusedByAddress(who, r), p.refusedByPortal(e), p.refusedByRole(e))
}

func (p *Portal) refusedByKey(e endpoint, who caller) *answer {
	scopes := p.options.Version != V30 && !p.options.EarlyLog // they came with 3.2.1
	restricted := who == known && p.options.Scope == Restricted && scopes
	switch {
	case !e.public && who != known:
		return new(empty(http.StatusUnauthorized))
	case !e.public && restricted:
		return new(empty(http.StatusForbidden))
	case e.public && p.options.Version == V37 && (who == stranger || restricted):
		return new(problem(http.StatusForbidden))
	default:
		return nil
	}
}

// refusedByAddress checks the address, which the server does for its users only.
func (p *Portal) refusedByAddress(who caller, r *http.Request) *answer {
	if !p.options.RestrictedIP || who != known {
		return nil
	}
	const sentence = "Access to the portal is restricted for your IP address."
	if strings.Contains(r.Header.Get("Accept"), "json") {
		return &answer{status: http.StatusForbidden, contentType: typeJSON, body: mustJSON(sentence)}
	}
	return &answer{status: http.StatusForbidden, contentType: typeText, body: sentence}
}

// refusedByPortal checks the state of the portal, from most of which its settings are exempt.
func (p *Portal) refusedByPortal(e endpoint) *answer {
	const suspended, toBeRemoved, moving, restoring, encrypting = 1, 2, 3, 4, 6
	switch status := p.options.TenantStatus; {
	case status == toBeRemoved, status == suspended && !e.public:
		return new(problem(http.StatusNotFound))
	case e.public:
		return nil
	case status == moving, status == restoring, status == encrypting:
		return new(problem(http.StatusForbidden))
	case p.options.Unpaid:
		return new(problem(http.StatusPaymentRequired))
	default:
		return nil
	}
}

func (p *Portal) refusedByRole(e endpoint) *answer {
	role := p.options.Role
	if !e.ownersOnly || role == Admin || role == User && p.options.Version != V30 {
		return nil
	}
	return new(accessDenied())
}
