package collector

import (
	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Access is one step of getting at a portal's data.
type Access struct {
	Step string `json:"step"`
	// Outcome is ok, failed or unknown: what comes after a failed step can't be known.
	Outcome string `json:"outcome"`
	// Reason is why the step failed, and Hint what its success does not tell.
	Reason docspace.Reason `json:"reason,omitempty"`
	Hint   string          `json:"hint,omitempty"`
}

// The outcomes of a step.
const (
	accessOK      = "ok"
	accessFailed  = "failed"
	accessUnknown = "unknown"
)

// access tells how far the key gets, and what it may read.
func (p *Portal) access(s *snapshot) []Access {
	list := append(reached(s.webhooksRead.err), read("webhooks", s.webhooksRead.err), read("settings", s.settingsErr))
	if s.webhooksRead.err == nil {
		list[len(list)-2].Hint = completeness(s.user)
	}
	for _, c := range p.collectors {
		if c.name() != "webhooks" {
			list = append(list, read(c.name(), c.outcome(s).err))
		}
	}
	return list
}

// completeness says whether the list holds every webhook.
func completeness(user *docspace.User) string {
	switch {
	case user == nil:
		return "all of them if the key's user is an administrator, else only those that the user created"
	case user.SeesAll():
		return "all of them"
	default:
		return "only those that the key's user created, who is no administrator"
	}
}

// reached tells which of the steps to the list of webhooks were made.
func reached(err error) []Access {
	steps := []Access{{Step: "resolve"}, {Step: "connect"}, {Step: "authenticate"}}
	failed := len(steps) // all were made
	unknown := failed
	if err != nil {
		failed, unknown = furthest(err)
	}
	for i := range steps {
		switch {
		case i == failed:
			steps[i].Outcome, steps[i].Reason = accessFailed, docspace.ReasonOf(err)
		case i < unknown:
			steps[i].Outcome = accessOK
		default:
			steps[i].Outcome = accessUnknown
		}
	}
	return steps
}

// furthest returns which step failed, if it is one of those of reached, and from which on nothing is
// known.
func furthest(err error) (failed, unknown int) {
	const none, resolve, connect, authenticate, all = -1, 0, 1, 2, 3
	reason, refusal, answered := docspace.ReasonOf(err), docspace.RefusalOf(err), statusOf(err) != 0
	switch {
	case reason == docspace.ReasonDNS:
		return resolve, resolve
	case reason == docspace.ReasonUnauthorized && answered:
		return authenticate, authenticate
	case reason == docspace.ReasonUnauthorized: // without a key nothing is sent
		return authenticate, resolve
	case reason == docspace.ReasonTimeout && !answered: // nothing tells what took so long
		return none, resolve
	case reason == docspace.ReasonPaymentRequired, refusal != "" && refusal != docspace.RefusalOther: // checked after the key
		return none, all
	case answered:
		return none, authenticate
	default:
		return connect, connect
	}
}

// read is the step of reading one part of the portal.
func read(part string, err error) Access {
	a := Access{Step: "read " + part, Outcome: accessOK}
	if err != nil {
		a.Outcome, a.Reason = accessFailed, docspace.ReasonOf(err)
	}
	return a
}
