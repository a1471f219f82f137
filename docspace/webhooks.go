package docspace

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"
)

// Maximum size of the list of webhooks: its elements, its pairs of webhook and trigger, each of which becomes several series, and the
// bytes of its texts, of which a portal has a few hundred in a webhook.
const (
	maxWebhooks = 10_000
	maxPairs    = 50_000
	maxText     = 16 << 20
)

// maxReasons is how many elements are skipped with the reason. More of them only count.
const maxReasons = 16

// Maximum size of the texts of a webhook that are kept, in bytes. Portals send at most 200 characters of a failure.
const (
	maxURI         = 4_096
	maxTargetID    = 256
	maxFailureText = 1_024
)

// Webhook is one element of GET settings/webhook.
type Webhook struct {
	ID                 int64
	Name               string // not unique, at most 50 characters
	URI                string // can hold credentials: never show it
	Enabled            bool
	SSL                bool // certificates are verified; from 3.7.1 on, https is demanded too
	Triggers           TriggerSet
	TargetID           string // the only room or file it is for; empty for any
	CreatedOn          Date
	LastSuccessOn      Date
	LastFailureOn      Date
	LastFailureContent string // outlives recovery
}

// WebhookList is what one answer of GET settings/webhook holds.
type WebhookList struct {
	Webhooks []Webhook
	// Skipped has an error for each element that could not be read. From the 17th on it does not say why.
	Skipped []error
	// Shortened has an error for each element with more triggers than count.
	Shortened []error
	// ClockOffset is the portal's clock (the Date header, whole seconds) minus ours; nil if unknown.
	ClockOffset *time.Duration
}

// webhookFields names every leaf we read. Naming a whole object, such as configs, could kill a 3.7
// server. Servers before 3.2.1 ignore the parameter.
const webhookFields = "configs.id,configs.name,configs.uri,configs.enabled,configs.ssl,configs.triggers,configs.targetId," +
	"configs.createdOn,configs.lastSuccessOn,configs.lastFailureOn,configs.lastFailureContent"

// Webhooks reads the list of webhooks that the key's user may see.
func (c *Client) Webhooks(ctx context.Context) (WebhookList, error) {
	r := request{endpoint: EndpointWebhooks, path: "settings/webhook", query: url.Values{"fields": {webhookFields}}}
	list, a, err := get(ctx, c, r, decodeWebhooks)
	if err != nil {
		return WebhookList{}, err
	}
	list.ClockOffset = a.clockOffset
	return list, nil
}

// decodeWebhooks reads the list element by element. One that can't be read is skipped; when none
// can, the answer is not a list of webhooks.
func decodeWebhooks(r io.Reader) (WebhookList, error) {
	var list webhookListBuilder
	dec := listDecoder[webhookElement]{maxElements: maxWebhooks, maxValue: maxValue, add: list.add}
	if err := dec.decode(r); err != nil {
		return WebhookList{}, err
	}
	if len(list.Webhooks) == 0 && len(list.Skipped) > 0 {
		return WebhookList{}, fmt.Errorf("no webhook in the list can be read: %w", list.Skipped[0])
	}
	return list.WebhookList, nil
}

// webhookListBuilder collects the elements of a list.
type webhookListBuilder struct {
	WebhookList
	pairs int // of webhook and trigger
	text  int // bytes of all texts
}

// add adds an element, unless it can't be read. It fails with errTooLarge when there are too many pairs, or too much text.
func (l *webhookListBuilder) add(e *webhookElement, err error) error {
	n := len(l.Webhooks) + len(l.Skipped)
	var w Webhook
	if err == nil {
		w, err = e.webhook()
	}
	if err != nil {
		if len(l.Skipped) < maxReasons {
			err = fmt.Errorf("element %d: %w", n, err)
		} else {
			err = errDecode
		}
		l.Skipped = append(l.Skipped, err)
		return nil
	}
	l.pairs += max(w.Triggers.size(), 1)
	if l.pairs > maxPairs {
		return fmt.Errorf("%w: more than %d pairs of webhook and trigger", errTooLarge, maxPairs)
	}
	l.text += len(w.Name) + len(w.URI) + len(w.TargetID) + len(w.LastFailureContent) + w.Triggers.textSize()
	if l.text > maxText {
		return fmt.Errorf("%w: more than %d bytes of text", errTooLarge, maxText)
	}
	if w.Triggers.dropped {
		l.Shortened = append(l.Shortened, fmt.Errorf("element %d: only the first %d triggers count", n, maxSetSize))
	}
	l.Webhooks = append(l.Webhooks, w)
	return nil
}

// webhookElement is an element as servers send it, nested in configs, or flat as in the vendor's
// own sample.
type webhookElement struct {
	Configs *webhookFieldsJSON `json:"configs"`
	webhookFieldsJSON
}

type webhookFieldsJSON struct {
	ID                 numberText `json:"id"`
	Name               string     `json:"name"`
	URI                string     `json:"uri"`
	Enabled            bool       `json:"enabled"`
	SSL                bool       `json:"ssl"`
	Triggers           TriggerSet `json:"triggers"`
	TargetID           string     `json:"targetId"`
	CreatedOn          Date       `json:"createdOn"`
	LastSuccessOn      Date       `json:"lastSuccessOn"`
	LastFailureOn      Date       `json:"lastFailureOn"`
	LastFailureContent string     `json:"lastFailureContent"`
}

func (e webhookElement) webhook() (Webhook, error) {
	f := e.webhookFieldsJSON
	if e.Configs != nil {
		f = *e.Configs
	}
	id, err := strconv.ParseInt(string(f.ID), 10, 64)
	if err != nil {
		return Webhook{}, fmt.Errorf("%w: no integer id", errDecode)
	}
	return Webhook{
		ID: id, Name: cutName(f.Name), URI: cutText(f.URI, maxURI), Enabled: f.Enabled, SSL: f.SSL,
		Triggers: f.Triggers, TargetID: cutText(f.TargetID, maxTargetID),
		CreatedOn: f.CreatedOn, LastSuccessOn: f.LastSuccessOn, LastFailureOn: f.LastFailureOn,
		LastFailureContent: cutText(f.LastFailureContent, maxFailureText),
	}, nil
}
