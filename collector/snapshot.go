package collector

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// How long answers that rarely change are good for.
const (
	settingsTTL = 10 * time.Minute
	triggersTTL = time.Hour
)

// snapshot is what one fetch learnt of a portal. Scrapes share it, so it is never written to again.
type snapshot struct {
	location      *location // nil when nothing was asked
	settingsErr   error     // why location may be an old one
	clockOffset   *time.Duration
	names         *docspace.TriggerNames
	webhooks      []docspace.Webhook
	labelled      []labelled // the webhooks
	webhooksRead  outcome
	skipped       error // the webhooks that could not be read
	triggers      []docspace.Trigger
	triggersRead  outcome
	unsupported   error // of a server without triggers
	triggersKnown bool  // from a response, though perhaps an old one

	deliveries     *deliveries
	deliveriesRead outcome

	key         *docspace.Key  // nil for unknown
	user        *docspace.User // nil for unknown
	certificate time.Time      // when the portal's ends; zero for unknown
}

// complete reports whether everything that the snapshot should hold was read.
func (s *snapshot) complete() bool {
	for _, err := range []error{s.settingsErr, s.webhooksRead.err, s.triggersRead.err, s.deliveriesRead.err} {
		if err != nil {
			return false
		}
	}
	return true
}

// outcome is how reading one part of a portal went.
type outcome struct {
	err  error
	took time.Duration
}

// unread is the snapshot of a scrape that could not wait for its fetch.
func unread(err error) *snapshot {
	err = fmt.Errorf("scrape was given up: %w", err)
	return &snapshot{settingsErr: err, webhooksRead: outcome{err: err}, triggersRead: outcome{err: err}, deliveriesRead: outcome{err: err}}
}

// fetch requests everything of the portal that is due, side by side.
func (p *Portal) fetch(ctx context.Context) *snapshot {
	var (
		s        snapshot
		list     docspace.WebhookList
		newest   docspace.LogPage
		identity identityRead
		reads    sync.WaitGroup // of what the delivery log needs
		others   sync.WaitGroup
	)
	_, settingsKept := p.settings.fresh(p.opts.Clock())
	reads.Go(func() { s.location, s.settingsErr = p.readSettings(ctx) })
	others.Go(func() { p.readIdentity(ctx, &identity) })
	reads.Go(func() {
		s.webhooksRead = p.timed(func() (err error) {
			list, err = p.client.Webhooks(ctx)
			return err
		})
	})
	if p.opts.Settings.Collectors.Triggers {
		others.Go(func() { s.triggersRead = p.timed(func() error { return p.readTriggers(ctx, &s) }) })
	}
	if p.opts.Settings.Collectors.Deliveries {
		reads.Go(func() {
			s.deliveriesRead = p.timed(func() (err error) {
				newest, err = p.readNewest(ctx)
				return err
			})
		})
	}
	reads.Wait()

	if settingsKept && dependsOnState(s.webhooksRead.err) {
		p.settings.expire()
		s.location, s.settingsErr = p.readSettings(ctx)
	}
	s.clockOffset, s.skipped = list.ClockOffset, summary(list.Skipped)
	var repeated error
	s.webhooks, repeated = lastOfEach(list.Webhooks, func(w *docspace.Webhook) int64 { return w.ID })
	if p.opts.Settings.Collectors.Deliveries {
		p.readDeliveries(ctx, &s, newest)
	}
	others.Wait()

	p.finishTriggers(&s)
	p.finishIdentity(ctx, &s, &identity)
	s.certificate = p.client.CertificateExpiry()
	p.troubles.report("cannot read the portal's settings", s.settingsErr)
	p.troubles.report("cannot read the webhooks", s.webhooksRead.err)
	p.troubles.report("cannot read the triggers", s.triggersRead.err)
	if s.webhooksRead.err == nil {
		p.troubles.report("the portal's time zone is unknown, dates are read as UTC", s.location.zoneErr)
		p.troubles.report("skipped webhooks that cannot be read", s.skipped)
		p.troubles.report("dropped triggers of webhooks that have too many", summary(list.Shortened))
		p.troubles.report("webhooks share an id, the last one counts", repeated)
	}
	return &s
}

// withShare returns a context with a part of the time, for what must not take the time of the rest.
func withShare(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/2))
}

// readDeliveries reads what of the delivery log is needed in addition to its newest page, which is read
// again when another fetch went first.
func (p *Portal) readDeliveries(ctx context.Context, s *snapshot, newest docspace.LogPage) {
	for s.deliveriesRead.err == nil {
		held, h, err := p.logTurn.take(ctx)
		if err != nil {
			s.deliveriesRead.err = fmt.Errorf("wait for the delivery log: %w", err)
			break
		}
		p.followLog(held, s, newest)
		yielded := s.deliveriesRead.err != nil && h.hasYielded()
		h.giveBack()
		if !yielded {
			break
		}
		again := p.timed(func() (err error) {
			newest, err = p.readNewest(ctx)
			return err
		})
		s.deliveriesRead.err = again.err
		s.deliveriesRead.took += again.took
	}
	p.troubles.report("cannot read the delivery log", s.deliveriesRead.err)
}

func (p *Portal) readNewest(ctx context.Context) (docspace.LogPage, error) {
	return p.client.Log(ctx, docspace.LogQuery{Count: docspace.MaxLogPage})
}

// followLog takes in the newest page. It must be called by the fetch that has the turn.
func (p *Portal) followLog(ctx context.Context, s *snapshot, newest docspace.LogPage) {
	var gap error
	followed := p.timed(func() (err error) {
		gap, err = p.log.follow(ctx, logFetch{
			first: newest, zone: s.location.zone, webhooks: s.webhooks, listed: s.webhooksRead.err == nil,
		})
		return err
	})
	s.deliveriesRead.err = followed.err
	s.deliveriesRead.took += followed.took
	if errors.Is(followed.err, errPanic) { // what it has counted by then can't be known
		p.log = newDeliveryLog(p.client, p.opts.Settings.Deliveries, p.opts.Clock)
		return
	}
	if gap != nil || followed.err == nil { // else it is not known
		p.troubles.report("cannot keep up with the delivery log", gap)
	}
	p.troubles.report("skipped deliveries that cannot be read", p.log.fetch.skipped)
	if followed.err == nil {
		s.deliveries = p.log.snapshot()
	}
}

func (p *Portal) timed(read func() error) outcome {
	start := p.opts.Clock()
	err := p.protect(read)
	return outcome{err: err, took: p.opts.Clock().Sub(start)}
}

// triggerState is what is known about the triggers.
type triggerState struct {
	list docspace.TriggerList
	// unsupported is the error of a server that has no list of triggers.
	unsupported error
}

func (p *Portal) readTriggers(ctx context.Context, s *snapshot) error {
	state, known, err := p.triggers.get(p.opts.Clock(), func() (triggerState, bool, error) {
		list, err := p.client.Triggers(ctx)
		if isUnsupported(err) {
			return triggerState{unsupported: err}, true, nil
		}
		return triggerState{list: list}, true, err
	})
	s.triggers, s.triggersKnown, s.unsupported = state.list.Triggers, known && state.unsupported == nil, state.unsupported
	p.troubles.report("skipped triggers that cannot be read", summary(state.list.Skipped))
	return err
}

// finishTriggers takes in the triggers when it is known whether the list of webhooks was read. If it was not,
// a server without triggers is none that lacks them by its release.
func (p *Portal) finishTriggers(s *snapshot) {
	if s.unsupported != nil && s.webhooksRead.err != nil {
		s.triggersRead.err = s.unsupported
		p.triggers.expire()
	}
	var repeated error
	s.triggers, repeated = lastOfEach(s.triggers, func(t *docspace.Trigger) string { return t.Name })
	s.names = triggerNames(s)
	s.labelled = withLabels(s.webhooks, s.names)
	if s.webhooksRead.err == nil {
		p.troubles.report("triggers share a name, the last one counts", repeated)
	}
}

// triggerNames are the portal's own names, or those of the releases when it did not tell them.
func triggerNames(s *snapshot) *docspace.TriggerNames {
	if s.triggersKnown {
		return docspace.NamesOf(s.triggers)
	}
	return docspace.ReleasedTriggerNames()
}

// lastOfEach drops all but the last of the elements with the same key, and tells which keys those
// are.
func lastOfEach[T any, K comparable](list []T, key func(*T) K) ([]T, error) {
	last := make(map[K]int, len(list))
	for i := range list {
		last[key(&list[i])] = i
	}
	if len(last) == len(list) {
		return list, nil
	}
	var repeated []error
	kept := make([]T, 0, len(last))
	for i := range list {
		if k := key(&list[i]); last[k] == i {
			kept = append(kept, list[i])
		} else {
			repeated = append(repeated, fmt.Errorf("%v", k))
		}
	}
	return kept, summary(repeated)
}
