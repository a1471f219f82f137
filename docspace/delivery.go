package docspace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Delivery is a row of the delivery log: what became of one event for one webhook. It holds nothing
// of the payloads, which have personal data in them.
type Delivery struct {
	ID int64
	// WebhookID is from requestPayload; 0 when that is cut or too old to say.
	WebhookID int64
	// ConfigName is the current name of the webhook; empty on servers that don't send it.
	ConfigName string
	// Trigger has the bit of the event; 0 on servers without triggers.
	Trigger uint64
	// Dates of the log, for LogClock. DeliveredOn and NextAttemptOn are zero for never.
	CreatedOn, DeliveredOn, NextAttemptOn Date
	// EventCreatedOn is the true instant of the event, from requestPayload; zero if unknown. It lies
	// far before CreatedOn when somebody repeated a delivery by hand.
	EventCreatedOn time.Time

	Outcome Outcome
	// Code is the status of the receiver's last answer; 0 when it gave none.
	Code int
	// Reason is why it failed; empty unless Outcome is Failed.
	Reason FailureReason
	// Attempts is how often it was sent, once it has ended. It is 1 when the row does not tell.
	Attempts int
}

// Outcome is how a delivery ended.
type Outcome int

// The outcomes of a delivery.
const (
	Pending  Outcome = iota // not sent yet, being retried, or forgotten by the server
	Accepted                // the receiver answered 2xx
	Failed                  // given up
)

// logRow is an element of GET settings/webhooks/log.
type logRow struct {
	ID              numberText  `json:"id"`
	ConfigName      string      `json:"configName"`
	Trigger         numberText  `json:"trigger"`
	CreationTime    Date        `json:"creationTime"`
	Delivery        Date        `json:"delivery"`
	NextAttemptOn   Date        `json:"nextAttemptOn"`
	Status          numberText  `json:"status"`
	Attempts        *int        `json:"attempts"`
	RequestHeaders  presence    `json:"requestHeaders"`
	RequestPayload  requestFact `json:"requestPayload"`
	ResponsePayload *string     `json:"responsePayload"`
}

// presence tells whether a field is there; its value is of no interest.
type presence bool

// UnmarshalJSON takes anything.
func (p *presence) UnmarshalJSON(data []byte) error {
	*p = string(data) != "null"
	return nil
}

// requestFact is the little that we need of requestPayload.
type requestFact struct {
	webhookID, retries int64
	eventCreatedOn     time.Time
}

// UnmarshalJSON takes the JSON text of the body that was sent, in a string. The server cuts long ones,
// which makes them unreadable.
func (f *requestFact) UnmarshalJSON(data []byte) error {
	var text string
	var body struct {
		Event struct {
			CreateOn string `json:"createOn"`
		} `json:"event"`
		Webhook struct {
			ID         numberText `json:"id"`
			RetryCount numberText `json:"retryCount"`
		} `json:"webhook"`
	}
	*f = requestFact{}
	if json.Unmarshal(data, &text) != nil || json.Unmarshal([]byte(text), &body) != nil {
		return nil
	}
	f.webhookID, _ = strconv.ParseInt(string(body.Webhook.ID), 10, 64) // 0 when it is none
	f.retries, _ = strconv.ParseInt(string(body.Webhook.RetryCount), 10, 32)
	f.eventCreatedOn, _ = time.Parse(time.RFC3339, body.Event.CreateOn)
	return nil
}

func (r *logRow) delivery() (Delivery, error) {
	id, err := strconv.ParseInt(string(r.ID), 10, 64)
	if err != nil || id <= 0 {
		return Delivery{}, fmt.Errorf("%w: no positive id", errDecode)
	}
	status, err := strconv.ParseInt(cmp.Or(string(r.Status), "0"), 10, 32)
	if err != nil {
		return Delivery{}, fmt.Errorf("%w: no integer status", errDecode)
	}
	trigger, ok := parseMask(cmp.Or(string(r.Trigger), "0"))
	if !ok {
		return Delivery{}, fmt.Errorf("%w: no integer trigger", errDecode)
	}
	d := Delivery{
		ID: id, WebhookID: r.RequestPayload.webhookID, ConfigName: validName(r.ConfigName), Trigger: trigger,
		CreatedOn: r.CreationTime, DeliveredOn: r.Delivery, NextAttemptOn: r.NextAttemptOn,
		EventCreatedOn: r.RequestPayload.eventCreatedOn,
	}
	r.judge(&d, int(status))
	return d, nil
}

// judge finds out how the delivery ended.
func (r *logRow) judge(d *Delivery, status int) {
	switch {
	case !r.NextAttemptOn.IsZero(), status == 0 && !r.attempted() && r.Attempts == nil:
		return
	case status >= 200 && status <= 299:
		d.Outcome, d.Code = Accepted, status
	case status == 0 || r.madeUp(status):
		d.Outcome, d.Reason = Failed, ClassifyFailure(r.response())
	default:
		d.Outcome, d.Reason, d.Code = Failed, classifyFailureStatus(status), status
	}
	d.Attempts = int(max(r.RequestPayload.retries, 0)) + 1
	if r.Attempts != nil && (*r.Attempts > 0 || !r.attempted()) {
		d.Attempts = max(*r.Attempts, 0) // 0: called off before it was sent
	}
}

// attempted tells whether the delivery was sent at all. Status 0 does not: it also is what a delivery
// has that got no answer. 3.0 sets the date of delivery after failures, too.
func (r *logRow) attempted() bool {
	return bool(r.RequestHeaders) || r.ResponsePayload != nil || !r.Delivery.IsZero()
}

// madeUp tells whether the server put a status of 500 where there was no answer, for timeouts for
// instance. What 3.0 has is always the receiver's.
func (r *logRow) madeUp(status int) bool {
	return status == http.StatusInternalServerError && r.Delivery.IsZero() && !strings.HasPrefix(r.response(), statusPrefix)
}

// response is the text of the error when the delivery failed.
func (r *logRow) response() string {
	if r.ResponsePayload == nil {
		return ""
	}
	return *r.ResponsePayload
}
