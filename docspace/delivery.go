package docspace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
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
	// Attempts is how often it was sent, once it has ended. It is 1 when the row does not tell, and 0
	// when the server called it off before.
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
	ResponsePayload errorText   `json:"responsePayload"`
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
	var body requestBody
	*f = requestFact{}
	if json.Unmarshal(data, &body) == nil {
		f.webhookID = body.Webhook.ID.positive(64)
		f.retries = body.Webhook.RetryCount.positive(16)
		f.eventCreatedOn, _ = time.Parse(time.RFC3339, body.Event.CreateOn)
	}
	return nil
}

// requestBody is the body that was sent, without all that is personal.
type requestBody struct {
	Event struct {
		CreateOn string `json:"createOn"`
	} `json:"event"`
	Webhook struct {
		ID         numberText `json:"id"`
		RetryCount numberText `json:"retryCount"`
	} `json:"webhook"`
}

// UnmarshalText reads the body from a JSON string, without a copy of that.
func (b *requestBody) UnmarshalText(text []byte) error {
	type fields requestBody // which is read as an object
	return json.Unmarshal(text, (*fields)(b))
}

// errorText is the beginning of responsePayload. That is enough of an error, and what receivers answer
// is none of our business.
type errorText struct {
	present bool
	text    string
}

// maxErrorText is longer than any text that tells a reason, in bytes.
const maxErrorText = 512

// UnmarshalText takes a JSON string; null leaves what is there.
func (t *errorText) UnmarshalText(text []byte) error {
	*t = errorText{present: true, text: string(text[:min(len(text), maxErrorText)])}
	return nil
}

func (r *logRow) delivery() (Delivery, error) {
	id := r.ID.positive(64)
	if id == 0 {
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
		ID: id, WebhookID: r.RequestPayload.webhookID, ConfigName: cutName(r.ConfigName), Trigger: trigger,
		CreatedOn: r.CreationTime, DeliveredOn: r.Delivery, NextAttemptOn: r.NextAttemptOn,
		EventCreatedOn: r.RequestPayload.eventCreatedOn,
	}
	r.judge(&d, int(status))
	return d, nil
}

// judge finds out how the delivery ended.
func (r *logRow) judge(d *Delivery, status int) {
	switch {
	case !r.NextAttemptOn.IsZero(), status == 0 && !r.sent() && !r.ResponsePayload.present && r.Attempts == nil:
		return
	case status >= 200 && status <= 299:
		d.Outcome, d.Code = Accepted, status
	case status == 0 || r.madeUp(status):
		d.Outcome, d.Reason = Failed, ClassifyFailure(r.ResponsePayload.text)
	default:
		d.Outcome, d.Reason, d.Code = Failed, classifyFailureStatus(status), status
	}
	d.Attempts = int(r.RequestPayload.retries) + 1
	if r.Attempts != nil && (*r.Attempts > 0 || !r.sent()) {
		d.Attempts = min(max(*r.Attempts, 0), math.MaxInt16) // 0: called off before it was sent
	}
}

// sent tells whether a request went out at all. Status 0 does not: it also is what a delivery has that
// got no answer. 3.0 sets the date of delivery after failures, too.
func (r *logRow) sent() bool { return bool(r.RequestHeaders) || !r.Delivery.IsZero() }

// madeUp tells whether the server put a status of 500 where there was no answer, for timeouts for
// instance. What 3.0 has is always the receiver's.
func (r *logRow) madeUp(status int) bool {
	return status == http.StatusInternalServerError && r.Delivery.IsZero() && !strings.HasPrefix(r.ResponsePayload.text, statusPrefix)
}
