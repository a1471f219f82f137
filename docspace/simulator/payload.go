package simulator

import (
	"fmt"
	"math/bits"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// columnSize is what the database keeps of a payload, in bytes.
const columnSize = 65_535

// column returns what the database keeps of a text. It leaves no half of a character.
func column(text string) string {
	if len(text) <= columnSize {
		return text
	}
	return strings.ToValidUTF8(text[:columnSize], "")
}

// requestBody is what the portal sends to a receiver from 3.1 on.
type requestBody struct {
	Event   eventPart   `json:"event"`
	Payload payloadPart `json:"payload"`
	Webhook webhookPart `json:"webhook"`
}

type eventPart struct {
	ID        int64  `json:"id"` // 0 until it is sent
	CreateOn  string `json:"createOn"`
	CreateBy  string `json:"createBy"`
	Trigger   string `json:"trigger"`
	TriggerID uint64 `json:"triggerId"`
}

// payloadPart is about a file here whatever the event is: personal data that nobody may keep.
type payloadPart struct {
	ID       int64  `json:"id"`
	Title    string `json:"title"`
	Email    string `json:"email"`
	Contents string `json:"contents,omitempty"`
}

type webhookPart struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	URL        string   `json:"url"`
	Triggers   []string `json:"triggers"`
	RetryCount int      `json:"retryCount,omitempty"`
	RetryOn    string   `json:"retryOn,omitempty"`
}

// requestPayload is the body that was last sent, or that will be. 3.0 sends the payload alone.
func (p *Portal) requestPayload(d *Delivery, w *Webhook, names map[uint64]string) string {
	body := requestBody{
		Event: eventPart{
			CreateOn: utcDate(d.CreatedOn), CreateBy: ownID,
			Trigger: triggerName(names, d.Trigger), TriggerID: d.Trigger,
		},
		Payload: payloadPart{ID: d.ID, Title: "Salary of Grace Hopper.xlsx", Email: ownEmail},
		Webhook: webhookPart{ID: w.ID, Name: w.Name, URL: w.URL, Triggers: subscribed(names, w.Triggers)},
	}
	if !d.EventCreatedOn.IsZero() {
		body.Event.CreateOn = utcDate(d.EventCreatedOn)
	}
	if attempted := d.Sent || d.Response != ""; attempted {
		body.Event.ID = d.ID
		p.setRetries(&body.Webhook, d)
	}
	if d.Cut {
		body.Payload.Contents = strings.Repeat("Minutes, not for everybody. ", columnSize/20)
	}
	text := mustJSON(body)
	if p.options.Version == V30 {
		text = mustJSON(body.Payload)
	}
	return column(text)
}

// setRetries tells when the final attempt began, which is after pauses each twice as long as the
// one before, if the database does not say that it had ended by then.
func (p *Portal) setRetries(part *webhookPart, d *Delivery) {
	if d.Retries == 0 {
		return
	}
	const most = 5
	pauses := time.Duration(1<<min(d.Retries, most)-1) * time.Second
	if p.options.EarlyLog {
		pauses *= 2
	}
	began := d.CreatedOn.Add(pauses)
	if !d.DeliveredOn.IsZero() && began.After(d.DeliveredOn) {
		began = d.DeliveredOn
	}
	part.RetryCount, part.RetryOn = d.Retries, utcDate(began)
}

// triggerNames are the names of the released triggers by their bits.
func triggerNames() map[uint64]string {
	names := map[uint64]string{}
	for _, t := range triggers() {
		names[1<<t.bit] = t.name
	}
	return names
}

// triggerName falls back to the number of a trigger that no released version has.
func triggerName(names map[uint64]string, bit uint64) string {
	if name, ok := names[bit]; ok {
		return name
	}
	return strconv.FormatUint(bit, 10)
}

// subscribed are the names of the triggers in a webhook's mask.
func subscribed(names map[uint64]string, mask uint64) []string {
	if mask == 0 {
		return []string{"*"}
	}
	list := make([]string, 0, bits.OnesCount64(mask))
	for rest := mask; rest != 0; rest &= rest - 1 { // without its lowest bit
		list = append(list, triggerName(names, 1<<bits.TrailingZeros64(rest)))
	}
	return list
}

// requestHeaders and responseHeaders are JSON with the spaces that MySQL puts there.
func requestHeaders(d *Delivery) string {
	return fmt.Sprintf(`{"Accept": ["*/*"], "x-docspace-signature-256": ["sha256=%064X"]}`, d.ID)
}

func responseHeaders(d *Delivery) string {
	answered := d.DeliveredOn.UTC().Format(http.TimeFormat)
	return fmt.Sprintf(`{"Date": [%q], "Server": ["nginx"]}`, answered)
}
