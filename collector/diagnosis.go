package collector

import (
	"errors"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Trouble is why a portal can't be read, in words for people.
type Trouble struct {
	Reason docspace.Reason `json:"reason"`
	Words  string          `json:"words"`
	// NextStep is what to do, one sentence.
	NextStep string `json:"next_step"`
	// Detail is the error as it is logged.
	Detail string `json:"detail"`
}

// dependsOnState tells an error that means one thing while the portal is active and another while it
// is not.
func dependsOnState(err error) bool {
	return docspace.RefusalOf(err) == docspace.RefusalBlank || err != nil && docspace.ReasonOf(err) == docspace.ReasonNotFound
}

// trouble is why the webhooks could not be read; nil when they could.
func (s *snapshot) trouble() *Trouble {
	err := s.webhooksRead.err
	if err == nil {
		return nil
	}
	reason := docspace.ReasonOf(err)
	words, step := s.explain(err, reason)
	return &Trouble{Reason: reason, Words: words, NextStep: step, Detail: err.Error()}
}

// explain says in words what the answers together mean.
func (s *snapshot) explain(err error, reason docspace.Reason) (words, step string) {
	switch {
	case reason == docspace.ReasonForbidden:
		return s.explainRefusal(docspace.RefusalOf(err))
	case reason == docspace.ReasonUnauthorized && statusOf(err) == 0:
		return "The API key can't be read.", "Give the exporter a key file that it may read."
	case reason == docspace.ReasonNotFound && s.told(docspace.TenantSuspended):
		return "The portal is suspended.", "Have its owner activate the portal again."
	default:
		return explanation(reason)
	}
}

// explainRefusal says which permission is missing, or that none is.
func (s *snapshot) explainRefusal(refusal docspace.Refusal) (words, step string) {
	switch {
	case refusal == docspace.RefusalRole:
		return "The user of the API key may not see webhooks: a guest, or a user without access to the developer tools.",
			"Have a DocSpace administrator make the key."
	case refusal == docspace.RefusalAddress:
		return "The portal does not let in the address of this machine.",
			"Add the address to the allowed ones in the portal's security settings."
	case refusal == docspace.RefusalOther:
		return "The portal, or something in front of it, refuses without a known reason.",
			"Look for a proxy or firewall in front of the portal, and into the log of DocSpace."
	case s.told(docspace.TenantTransferring):
		return "The portal is being moved.", "Wait until that is done."
	case s.told(docspace.TenantRestoring):
		return "The portal is being restored from a backup.", "Wait until that is done."
	case s.told(docspace.TenantEncrypting):
		return "The portal's files are being encrypted or decrypted.", "Wait until that is done."
	case s.told(docspace.TenantActive) || docspace.RefusalOf(s.settingsErr) == docspace.RefusalBlank:
		return "The API key lacks the permission to read (*:read).",
			"Make a key with the permission Read only: no Restricted key can read webhooks."
	default:
		return "The API key lacks the permission to read (*:read), or the portal is being moved, restored or encrypted.",
			"Make a key with the permission Read only, unless the portal is at work on itself."
	}
}

// told tells whether the portal says that it is in a state.
func (s *snapshot) told(state docspace.TenantState) bool {
	return s.settingsErr == nil && s.location != nil && s.location.settings.State == state
}

// statusOf is the HTTP status of a failed request, 0 without an answer.
func statusOf(err error) int {
	if e, ok := errors.AsType[*docspace.Error](err); ok {
		return e.Status
	}
	return 0
}

// explanation is what a reason means and what to do about it.
func explanation(reason docspace.Reason) (words, step string) {
	switch reason {
	case docspace.ReasonUnauthorized:
		return "The portal does not accept the API key: it is wrong, expired, switched off or another portal's, or its user is.",
			"Make a new key as an administrator of this portal and put it into the key file."
	case docspace.ReasonPaymentRequired:
		return "The portal is not paid for.",
			"Pay for it, or take it out of the exporter."
	case docspace.ReasonNotFound:
		return "There is no DocSpace API at this address, or the portal is about to be removed.",
			"Check the portal's URL."
	case docspace.ReasonRateLimited:
		return "The portal gets too many requests of the key's user.",
			"Use a key of a user of its own, or scrape less often."
	case docspace.ReasonServerError:
		return "The portal is in trouble.",
			"Look at the portal's services: 502 and 504 come from the proxy in front of them."
	case docspace.ReasonUnexpectedStatus:
		return "The portal answers with a status that its API does not have.",
			"Check that the URL is a DocSpace portal's."
	case docspace.ReasonRedirect:
		return "The portal has moved.",
			"Give the exporter the address that the portal leads to, often the same with https."
	case docspace.ReasonTimeout:
		return "The portal does not answer in time.",
			"Look whether the portal is overloaded or a firewall drops packets, or allow it more time."
	case docspace.ReasonDNS:
		return "The portal's host name has no address.",
			"Check the spelling of the URL and this machine's resolver."
	case docspace.ReasonTLS:
		return "The portal's certificate is not trusted, or the TLS handshake fails.",
			"Renew the certificate, or name its authority with --docspace.ca-file, or tls_config.ca_file in the file."
	case docspace.ReasonDecode:
		return "The answer is not what the DocSpace API documents.",
			"Check that the URL is a portal's and not that of a login page in front of it."
	case docspace.ReasonTooLarge:
		return "The answer is larger than the exporter reads.",
			"Raise --docspace.max-response-size, or max_response_size in the file."
	case docspace.ReasonConnection:
		return "The connection to the portal fails.",
			"Check that the portal is up and no firewall is in between."
	case docspace.ReasonForbidden: // explainRefusal tells more
	}
	return "", ""
}
