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
	case bearer && token == p.options.Key && p.keyEnded():
		return stranger
	case bearer && token == p.options.Key:
		return known
	case bearer && strings.HasPrefix(token, "sk-"):
		return stranger
	default:
		return anonymous
	}
}

// keyEnded reports whether the key has expired.
func (p *Portal) keyEnded() bool {
	now := p.options.Clock()
	end := p.keyEnd(now)
	return p.options.Version != V30 && !end.IsZero() && !now.Before(end)
}

// refusal returns the answer to a request that the portal does not let through to an endpoint, nil
// for one that it does. The checks are in the server's order.
func (p *Portal) refusal(e endpoint, who caller, r *http.Request) *answer {
	return cmp.Or(p.refusedByKey(e, who), p.refusedByAddress(who, r), p.refusedByPortal(e), p.refusedByRole(e))
}

func (p *Portal) refusedByKey(e endpoint, who caller) *answer {
	restricted := who == known && p.lacksScope(e)
	switch {
	case e.area == keyArea && p.options.EarlyLog && who == anonymous:
		return new(unauthorized())
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

// lacksScope reports whether the scope of the key does not cover an endpoint. 3.0 has no scopes, and
// 3.1 checks them for the key and its user only.
func (p *Portal) lacksScope(e endpoint) bool {
	scope := p.options.Scope
	switch {
	case p.options.Version == V30, scope == Unrestricted:
		return false
	case p.options.EarlyLog:
		return e.area == keyArea || e.area == userArea && scope != SelfRead
	case e.area == keyArea:
		return false
	case e.area == userArea:
		return scope == Restricted
	default:
		return scope != Read
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

// refusedByPortal checks the state of the portal. Its settings are exempt from most states, and from
// 3.1 on the key and its user are exempt from those in which the portal is busy.
func (p *Portal) refusedByPortal(e endpoint) *answer {
	const suspended, toBeRemoved, moving, restoring, encrypting = 1, 2, 3, 4, 6
	status, exempt := p.options.TenantStatus, e.area != webhookArea && p.options.Version != V30
	switch busy := status == moving || status == restoring || status == encrypting; {
	case status == toBeRemoved, status == suspended && !e.public:
		return new(problem(http.StatusNotFound))
	case e.public:
		return nil
	case busy && !exempt:
		return new(problem(http.StatusForbidden))
	case p.options.Unpaid:
		return new(problem(http.StatusPaymentRequired))
	default:
		return nil
	}
}

func (p *Portal) refusedByRole(e endpoint) *answer {
	role := p.options.Role
	mayOwn := role.seesAll() || (role == RoomAdmin || role == User) && p.options.Version != V30
	if !e.ownersOnly || mayOwn {
		return nil
	}
	return new(accessDenied())
}
