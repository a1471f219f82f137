package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Verdict sums a report up. It is the exit code of check.
type Verdict int

// The verdicts, the worst last.
const (
	Healthy Verdict = iota
	NeedsAttention
	Unreadable
)

// Report tells how a portal and its webhooks are, in words for people.
type Report struct {
	Portal string `json:"portal"`
	// At is when the portal was asked, by our clock.
	At time.Time `json:"at"`
	// Trouble is why the portal can't be read; nil when it can.
	Trouble *Trouble `json:"trouble,omitempty"`
	// Version, Alias and TimeZone are empty where the portal does not tell them.
	Version  string `json:"version"`
	Alias    string `json:"alias"`
	TimeZone string `json:"time_zone"`
	// ClockOffset is the portal's clock minus ours, in seconds; nil if unknown.
	ClockOffset *float64 `json:"clock_offset_seconds"`
	// KeyExpiry is when the API key ends, the zero Moment for a key without an end; nil if unknown.
	KeyExpiry *Moment `json:"api_key_expiry,omitempty"`
	// Complete reports whether Webhooks are all of the portal; nil if unknown.
	Complete *bool    `json:"webhooks_complete,omitempty"`
	Access   []Access `json:"access"`
	// Remarks are what makes the report less than whole or exact, or the key less than safe.
	Remarks  []string        `json:"remarks"`
	Webhooks []WebhookReport `json:"webhooks"`
}

// WebhookReport tells how a webhook is.
type WebhookReport struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	LastSuccess Moment `json:"last_success"`
	LastFailure Moment `json:"last_failure"`
	// FailureReason is the class and FailureText the text of the last failure, without URLs, hosts
	// and secrets. They stay after a recovery, and are empty before the first failure.
	FailureReason docspace.FailureReason `json:"last_failure_reason,omitempty"`
	FailureText   string                 `json:"last_failure_text,omitempty"`
	// Pending is the number of deliveries without an outcome; nil if unknown.
	Pending *int `json:"pending_deliveries,omitempty"`
	// Conditions are never empty, and begin with the worst.
	Conditions []Condition `json:"conditions"`
}

// Report asks the portal as a scrape does, with which it shares the fetch.
func (p *Portal) Report(ctx context.Context) *Report {
	s := p.snapshot(ctx)
	now := p.opts.Clock()
	r := &Report{
		Portal: p.opts.Name, At: now.UTC(), Trouble: s.trouble(), Access: p.access(s), Remarks: s.remarks(),
		Webhooks: make([]WebhookReport, 0, len(s.webhooks)),
	}
	if p.opts.ClearText {
		r.Remarks = append(r.Remarks, "The API key is sent in clear text: use https.")
	}
	if s.clockOffset != nil {
		r.ClockOffset = new(s.clockOffset.Seconds())
		now = now.Add(*s.clockOffset) // the dates are by the portal's clock
	}
	if s.location == nil {
		return r
	}
	r.addIdentity(s, now)
	r.Version, r.Alias = docspace.Printable(s.location.settings.Version), docspace.Printable(s.location.settings.Alias)
	r.TimeZone = s.location.zoneName()
	for i := range s.webhooks {
		r.Webhooks = append(r.Webhooks, p.webhookReport(s, &s.webhooks[i], now))
	}
	slices.SortFunc(r.Webhooks, worseWebhook)
	return r
}

// lastDays is how long before the end of a key a person should create another one.
const lastDays = 14 * 24 * time.Hour

// addIdentity adds what is known about the API key and its user.
func (r *Report) addIdentity(s *snapshot, now time.Time) {
	if s.user != nil {
		r.Complete = new(s.user.SeesAll())
	}
	if s.key == nil {
		return
	}
	end := s.key.ExpiresOn
	r.KeyExpiry = new(newMoment(end, now, s.location.zone))
	if left := end.Sub(now); !end.IsZero() && left < lastDays {
		r.Remarks = append(r.Remarks, "The API key ends in "+span(max(left, 0))+": create another one.")
	}
}

func (p *Portal) webhookReport(s *snapshot, w *docspace.Webhook, now time.Time) WebhookReport {
	zone := s.location.zone
	h := symptoms{
		enabled: w.Enabled, verified: w.SSL, scheme: schemeOf(w.URI),
		created: w.CreatedOn.In(zone), success: w.LastSuccessOn.In(zone), failure: w.LastFailureOn.In(zone),
		class: docspace.ClassifyFailure(w.LastFailureContent), settings: s.location.settings,
		grace: p.opts.Settings.AutoDisableAfter, now: now, backlog: s.backlogOf(w.ID),
	}
	r := WebhookReport{
		ID: w.ID, Name: docspace.Printable(w.Name), Conditions: h.conditions(),
		LastSuccess: newMoment(h.success, now, zone), LastFailure: newMoment(h.failure, now, zone),
	}
	if !h.failure.IsZero() {
		r.FailureReason, r.FailureText = h.class, redact(w.LastFailureContent)
	}
	if h.backlog != nil {
		r.Pending = &h.backlog.pending
	}
	return r
}

// backlogOf is what the delivery log tells of a webhook; nil when it was not read.
func (s *snapshot) backlogOf(id int64) *backlog {
	if s.deliveries == nil || s.deliveries.webhooks[id] == nil {
		return nil
	}
	c := s.deliveries.webhooks[id]
	return &backlog{pending: c.pending, stuck: c.stuck}
}

// remarks are what a reader should know before believing the rest.
func (s *snapshot) remarks() []string {
	list := []string{}
	if s.webhooksRead.err != nil {
		return list
	}
	if s.location.zoneErr != nil {
		list = append(list, "The portal's time zone is unknown: dates are read as UTC and can be hours off.")
	}
	if s.skipped != nil {
		list = append(list, fmt.Sprintf("Webhooks that can't be read are left out: %v.", s.skipped))
	}
	if s.clockOffset != nil && s.clockOffset.Abs() > time.Minute {
		list = append(list, "The portal's clock and this machine's differ by "+span(s.clockOffset.Abs())+".")
	}
	switch {
	case s.user != nil && !s.user.SeesAll():
		list = append(list, "The key's user is neither the owner nor a DocSpace administrator: the webhooks of others are not listed.")
	case s.user == nil && slices.ContainsFunc(s.triggers, func(t docspace.Trigger) bool { return !t.Available }):
		list = append(list, "The key's user may not subscribe to every event, so is probably no administrator: the webhooks of others are not listed.")
	}
	return list
}

// worseWebhook sorts those first that need attention, then by the worst condition and by name.
func worseWebhook(a, b WebhookReport) int {
	rank := func(w *WebhookReport) int {
		if w.NeedsAttention() {
			return slices.Index(States(), w.Conditions[0].State)
		}
		return slices.Index(States(), w.Conditions[0].State) + len(States())
	}
	return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// NeedsAttention tells whether any condition does.
func (w *WebhookReport) NeedsAttention() bool {
	return slices.ContainsFunc(w.Conditions, func(c Condition) bool { return c.NeedsAttention })
}

// Ailing is how many webhooks need attention.
func (r *Report) Ailing() int {
	n := 0
	for i := range r.Webhooks {
		if r.Webhooks[i].NeedsAttention() {
			n++
		}
	}
	return n
}

// Verdict sums the report up.
func (r *Report) Verdict() Verdict {
	switch {
	case r.Trouble != nil:
		return Unreadable
	case r.Ailing() > 0:
		return NeedsAttention
	default:
		return Healthy
	}
}

// sideBySide is how many portals are asked at a time: each takes a connection for each of its requests.
const sideBySide = 100

// reportAll asks portals side by side. The worst come first.
func reportAll(ctx context.Context, portals []Target) []*Report {
	reports := make([]*Report, len(portals))
	var asking errgroup.Group
	asking.SetLimit(sideBySide)
	for i, p := range portals {
		asking.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, p.Timeout)
			defer cancel()
			reports[i] = p.Report(ctx)
			return nil
		})
	}
	_ = asking.Wait() // there are no errors but those in the reports
	slices.SortStableFunc(reports, func(a, b *Report) int { return cmp.Compare(b.Verdict(), a.Verdict()) })
	return reports
}
