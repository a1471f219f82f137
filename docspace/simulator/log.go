package simulator

import (
	"net/http"
	"strings"
	"time"
)

// logged is an element of GET settings/webhooks/log.
type logged struct {
	ID              int64   `json:"id"`
	ConfigName      *string `json:"configName,omitempty"`
	Trigger         *uint64 `json:"trigger,omitempty"`
	CreationTime    string  `json:"creationTime,omitempty"`
	RequestHeaders  string  `json:"requestHeaders,omitempty"`
	RequestPayload  string  `json:"requestPayload"`
	ResponseHeaders string  `json:"responseHeaders,omitempty"`
	ResponsePayload *string `json:"responsePayload,omitempty"` // an empty one is shown
	Status          int     `json:"status"`
	Delivery        string  `json:"delivery,omitempty"`
	Attempts        *int    `json:"attempts,omitempty"`
	NextAttemptOn   string  `json:"nextAttemptOn,omitempty"`
}

// validationProblem is what the web framework answers to parameters that make no sense.
type validationProblem struct {
	Type    string              `json:"type"`
	Title   string              `json:"title"`
	Status  int                 `json:"status"`
	Errors  map[string][]string `json:"errors"`
	TraceID string              `json:"traceId"`
}

// readLog answers with a page of the delivery log. The count is 1 whatever the page's size.
func (p *Portal) readLog(_ caller, r *http.Request) result {
	query := r.URL.Query()
	q, bad := newLogQuery(query, p.options.Version == V30 || p.options.EarlyLog)
	if len(bad) > 0 {
		return result{response: newValidationProblem(bad), count: 1, status: http.StatusBadRequest}
	}
	now := p.options.Clock()
	p.mu.Lock()
	webhooks := q.webhooks(p.visible(p.webhooks(now)))
	page, total := p.log(now).page(q, webhooks)
	turned := p.turned
	p.mu.Unlock()

	list := make([]logged, 0, len(page))
	names := triggerNames()
	for i := range page {
		list = append(list, p.logged(&page[i], webhooks[page[i].WebhookID], names))
	}
	if turned != nil {
		turned(query)
	}
	return result{response: list, count: 1, total: &total}
}

func newValidationProblem(bad []string) validationProblem {
	problem := validationProblem{
		Type: "https://tools.ietf.org/html/rfc9110#section-15.5.1", Title: "One or more validation errors occurred.",
		Status: http.StatusBadRequest, Errors: map[string][]string{}, TraceID: traceID,
	}
	for _, name := range bad {
		problem.Errors[name] = []string{"The value is not valid."}
	}
	return problem
}

// logged is a row as the version shows it.
func (p *Portal) logged(d *Delivery, w *Webhook, names map[uint64]string) logged {
	row := logged{
		ID: d.ID, CreationTime: p.logDate(d.CreatedOn), RequestPayload: p.requestPayload(d, w, names),
		Status: d.Status, Delivery: p.logDate(d.DeliveredOn), Attempts: d.Attempts, NextAttemptOn: p.logDate(d.NextAttemptOn),
	}
	if !d.NoConfigName && !p.options.EarlyLog {
		row.ConfigName = &w.Name
	}
	if p.options.Version != V30 {
		row.Trigger = &d.Trigger
	}
	if d.Sent {
		row.RequestHeaders = requestHeaders(d)
	}
	if d.Sent || d.Response != "" {
		row.ResponsePayload = new(column(d.Response))
	}
	if d.Sent && p.keepsAnswer(d) {
		row.ResponseHeaders = responseHeaders(d)
	}
	return row
}

// keepsAnswer tells whether the receiver's headers are in the log: on 3.0 those of every answer,
// later those of the ones that were accepted.
func (p *Portal) keepsAnswer(d *Delivery) bool {
	if p.options.Version == V30 {
		return d.Status != 0
	}
	return !d.DeliveredOn.IsZero()
}

// logDate prints an instant as the log does. 3.0 shows what is in the database, which is UTC, and
// 3.1 does what the list does. Later versions take the UTC digits for the portal's wall clock, and
// turn them into UTC once more. Never is empty.
func (p *Portal) logDate(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case p.options.EarlyLog:
		return p.listDate(t)
	case p.options.Version == V30:
		return strings.TrimSuffix(utcDate(t), "Z")
	case p.options.FixedLogDates:
		return utcDate(t)
	default:
		return utcDate(misread(stored(t), p.options.TimeZone))
	}
}

// utcDate prints an instant as it is.
func utcDate(t time.Time) string { return stored(t).UTC().Format(time.RFC3339) }

// misread returns the instant at which a wall clock shows the digits that t has in UTC. As in .NET,
// digits that the clock shows twice, at the end of summer time, stand for the second time. For those
// that it leaves out the server adds an hour, which comes down to standard time as well.
func misread(t time.Time, zone *time.Location) time.Time {
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := offset(t.Add(-day)), offset(t.Add(day))
	standard, summer := min(before, after), max(before, after)
	isStandard, isSummer := offset(t.Add(-standard)) == standard, offset(t.Add(-summer)) == summer
	if isSummer && !isStandard {
		return t.Add(-summer)
	}
	return t.Add(-standard)
}
