package collector

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// State is what is the matter with a webhook, in one word. The set is closed.
type State string

// The states of a webhook. Those up to StateStuck need attention; StateDisabled does only where
// DocSpace itself may have done it.
const (
	StateDisabledByDocSpace State = "disabled_by_docspace"     // switched off for its failures
	StatePastGrace          State = "past_grace"               // the next failure switches it off
	StateAboutToBeDisabled  State = "about_to_be_disabled"     // within a day, the same
	StateFailing            State = "failing"                  // the last delivery failed
	StateDisabled           State = "disabled"                 // switched off, nothing tells by whom
	StateUnsteady           State = "failing_now_and_then"     // failed lately, and was accepted since
	StateStuck              State = "stuck_deliveries"         // deliveries are pending for too long
	StateNeverDelivered     State = "never_delivered"          // nothing was sent yet
	StateUnknown            State = "unknown"                  // the portal is too old to tell
	StateOK                 State = "ok"                       // the last delivery was accepted
	StateQuiet              State = "quiet"                    // no success for so long that one failure switches it off
	StatePlainHTTP          State = "plain_http"               // deliveries can be read on their way
	StateNotVerified        State = "certificate_not_verified" // deliveries can be sent to anybody
)

// States returns every State, the worst first.
func States() []State {
	return []State{
		StateDisabledByDocSpace, StatePastGrace, StateAboutToBeDisabled, StateFailing, StateDisabled, StateUnsteady, StateStuck,
		StateNeverDelivered, StateUnknown, StateOK, StateQuiet, StatePlainHTTP, StateNotVerified,
	}
}

// lately is for how long a failure that is over, or a switch-off that is to come, is worth a word.
const lately = 24 * time.Hour

// Condition is a state of a webhook, in words for people.
type Condition struct {
	State          State  `json:"state"`
	Words          string `json:"words"`
	NeedsAttention bool   `json:"needs_attention"`
	// NextStep is what to do, one sentence; empty when there is nothing to do.
	NextStep string `json:"next_step,omitempty"`
}

// symptoms are what a webhook's states are judged by.
type symptoms struct {
	enabled, verified         bool
	scheme                    string
	created, success, failure time.Time              // zero for never or unknown
	class                     docspace.FailureReason // of the last failure
	settings                  docspace.Settings
	grace                     time.Duration
	now                       time.Time // by the portal's clock
	backlog                   *backlog
}

// backlog is how many of a webhook's deliveries have no outcome yet.
type backlog struct{ pending, stuck int }

// conditions returns all states of a webhook, the worst first. Exactly one of them tells how its
// deliveries go.
func (s *symptoms) conditions() []Condition {
	list := []Condition{s.delivery()}
	if s.backlog != nil && s.backlog.stuck > 0 {
		list = append(list, s.stuck())
	}
	if s.enabled && !s.fails() && s.graceIsOver() {
		list = append(list, quiet())
	}
	switch {
	case s.scheme == "http":
		list = append(list, Condition{
			State: StatePlainHTTP, Words: "plain http",
			NextStep: "Give the receiver https and the webhook its new URL, as deliveries hold personal data.",
		})
	case !s.verified:
		list = append(list, Condition{
			State: StateNotVerified, Words: "certificate not verified",
			NextStep: "Switch SSL verification on in the webhook, so that deliveries reach nobody else.",
		})
	}
	rank := func(c Condition) int { return slices.Index(States(), c.State) }
	slices.SortFunc(list, func(a, b Condition) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}

// delivery is how the deliveries go.
func (s *symptoms) delivery() Condition {
	switch {
	case !s.enabled:
		return s.disabled()
	case s.fails():
		return s.failing()
	case !s.failure.IsZero() && s.now.Sub(s.failure) < lately:
		return Condition{
			State: StateUnsteady, Words: "failing now and then, last " + ago(s.now.Sub(s.failure)), NeedsAttention: true,
			NextStep: "Read the last failure, and retry the lost deliveries in the webhook's history, as DocSpace does not.",
		}
	case !s.success.IsZero():
		return Condition{State: StateOK, Words: "ok"}
	case s.settings.Before(3, 1):
		return Condition{
			State: StateUnknown, Words: "unknown, this DocSpace does not tell",
			NextStep: "Update DocSpace to 3.1 or later, which tells when deliveries succeed and fail.",
		}
	default:
		return Condition{
			State: StateNeverDelivered, Words: "never delivered",
			NextStep: "Cause one of its events to see that it works.",
		}
	}
}

// fails tells whether the last delivery failed, as far as the dates tell: they can go back.
func (s *symptoms) fails() bool { return s.failure.After(s.success) }

// since is when DocSpace's patience began.
func (s *symptoms) since() time.Time { return trustedSince(s.success, s.created) }

func (s *symptoms) graceIsOver() bool {
	return !s.since().IsZero() && s.now.Sub(s.since()) >= s.grace
}

func (s *symptoms) failing() Condition {
	c := Condition{State: StateFailing, NeedsAttention: true, NextStep: repair(s.class)}
	left := s.grace - s.now.Sub(s.since())
	switch {
	case s.graceIsOver():
		c.State, c.Words = StatePastGrace, "failing, the next failure disables it"
	case !s.since().IsZero() && left < lately:
		c.State, c.Words = StateAboutToBeDisabled, "about to be disabled in "+span(left)
	case s.success.IsZero():
		c.Words = "failing, never a success"
	default:
		c.Words = "failing, last success " + ago(s.now.Sub(s.success))
	}
	return c
}

// disabled tells who did it where the dates do. DocSpace does not switch a webhook off for timeouts;
// from 3.7 on it does for a host name without an address, and leaves no trace of that.
func (s *symptoms) disabled() Condition {
	byGrace := s.fails() && !s.since().IsZero() && s.failure.Sub(s.since()) > s.grace
	if byGrace && s.class != docspace.FailureTimeout {
		return Condition{
			State: StateDisabledByDocSpace, Words: "disabled by DocSpace", NeedsAttention: true,
			NextStep: "Repair the receiver, then switch the webhook on, which another failure undoes until a delivery is accepted.",
		}
	}
	c := Condition{
		State: StateDisabled, Words: "disabled", NeedsAttention: s.fails(),
		NextStep: "Switch it on in DocSpace if it is meant to deliver.",
	}
	if !s.settings.Before(3, 7) {
		c.NeedsAttention = true
		c.NextStep = "If nobody did it, DocSpace did for the webhook's URL or its DNS entry: correct it and switch the webhook on."
	}
	return c
}

func (s *symptoms) stuck() Condition {
	words := "1 delivery stuck"
	if s.backlog.stuck > 1 {
		words = fmt.Sprintf("%d deliveries stuck", s.backlog.stuck)
	}
	return Condition{
		State: StateStuck, Words: words, NeedsAttention: true,
		NextStep: "Retry what is stuck in the webhook's history, and look after DocSpace's worker if more get stuck.",
	}
}

func quiet() Condition {
	return Condition{
		State: StateQuiet, Words: "quiet, its next failure disables it",
		NextStep: "Cause one of its events to see that it still works.",
	}
}

// repair is what to do about failures of a class.
func repair(class docspace.FailureReason) string {
	switch class {
	case docspace.FailureRedirect:
		return "Put the receiver's new address into the webhook, as DocSpace does not follow its redirect."
	case docspace.FailureUnauthorized:
		return "Have the receiver let DocSpace in: it answers 401 or 403."
	case docspace.FailureRateLimited:
		return "Have the receiver take more requests: it answers 429."
	case docspace.FailureClientError:
		return "Correct the webhook's URL or its receiver, which answers 4xx."
	case docspace.FailureServerError:
		return "Repair the receiver: it answers 5xx."
	case docspace.FailureTimeout:
		return "Make the receiver answer sooner; timeouts alone do not disable the webhook, any other failure can."
	case docspace.FailureDNS:
		return "Correct the host in the webhook's URL, or its DNS entry."
	case docspace.FailureConnection:
		return "Start the receiver, or let DocSpace's server through to it."
	case docspace.FailureTLS:
		return "Renew the receiver's certificate, or mend its TLS."
	default:
		return "Read the last failure and repair the receiver."
	}
}
