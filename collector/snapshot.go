package collector

import (
	"context"
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
	webhooksRead  outcome
	skipped       error // the webhooks that could not be read
	triggers      []docspace.Trigger
	triggersRead  outcome
	triggersKnown bool // an answer, though perhaps an old one, is at hand

	deliveries     *deliveries
	deliveriesRead outcome
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

// fetch asks the portal for everything that is due, side by side.
func (p *Portal) fetch(ctx context.Context) *snapshot {
	p.fetching.Lock()
	defer p.fetching.Unlock()
	var (
		s      snapshot
		list   docspace.WebhookList
		newest docspace.LogPage
		reads  sync.WaitGroup
	)
	settingsKept := p.settings.good(p.opts.Clock())
	reads.Go(func() { s.location, s.settingsErr = p.readSettings(ctx) })
	reads.Go(func() {
		s.webhooksRead = p.timed(func() (err error) {
			list, err = p.client.Webhooks(ctx)
			return err
		})
	})
	if p.opts.Settings.Collectors.Triggers {
		reads.Go(func() { s.triggersRead = p.timed(func() error { return p.readTriggers(ctx, &s) }) })
	}
	if p.opts.Settings.Collectors.Deliveries {
		reads.Go(func() {
			s.deliveriesRead = p.timed(func() (err error) {
				newest, err = p.client.Log(ctx, docspace.LogQuery{Count: docspace.MaxLogPage})
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
	s.triggersRead.err = forgiveMissingTriggers(&s)
	var repeatedWebhooks, repeatedTriggers error
	s.webhooks, repeatedWebhooks = lastOfEach(list.Webhooks, func(w *docspace.Webhook) int64 { return w.ID })
	s.triggers, repeatedTriggers = lastOfEach(s.triggers, func(t *docspace.Trigger) string { return t.Name })
	s.names = triggerNames(&s)
	if p.opts.Settings.Collectors.Deliveries {
		p.readDeliveries(ctx, &s, newest)
	}

	p.troubles.report("cannot read the portal's settings", s.settingsErr)
	p.troubles.report("cannot read the webhooks", s.webhooksRead.err)
	p.troubles.report("cannot read the triggers", s.triggersRead.err)
	if s.webhooksRead.err == nil {
		p.troubles.report("the portal's time zone is unknown, dates are read as UTC", s.location.zoneErr)
		p.troubles.report("skipped webhooks that cannot be read", s.skipped)
		p.troubles.report("webhooks share an id, the last one counts", repeatedWebhooks)
		p.troubles.report("triggers share a name, the last one counts", repeatedTriggers)
	}
	return &s
}

// readDeliveries reads what of the delivery log is needed beside its newest page.
func (p *Portal) readDeliveries(ctx context.Context, s *snapshot, newest docspace.LogPage) {
	if s.deliveriesRead.err == nil {
		var gap error
		followed := p.timed(func() (err error) {
			gap, err = p.log.follow(ctx, logFetch{
				first: newest, zone: s.location.zone, webhooks: s.webhooks, listed: s.webhooksRead.err == nil,
			})
			return err
		})
		s.deliveriesRead.err = followed.err
		s.deliveriesRead.took += followed.took
		if gap != nil || followed.err == nil { // else nobody knows
			p.troubles.report("cannot keep up with the delivery log", gap)
		}
		p.troubles.report("skipped deliveries that cannot be read", p.log.fetch.skipped)
	}
	if s.deliveriesRead.err == nil {
		s.deliveries = p.log.snapshot()
	}
	p.troubles.report("cannot read the delivery log", s.deliveriesRead.err)
}

func (p *Portal) timed(read func() error) outcome {
	start := p.opts.Clock()
	err := read()
	return outcome{err: err, took: p.opts.Clock().Sub(start)}
}

func (p *Portal) readTriggers(ctx context.Context, s *snapshot) error {
	list, known, err := p.triggers.get(p.opts.Clock(), func() (docspace.TriggerList, bool, error) {
		list, err := p.client.Triggers(ctx)
		return list, true, err
	})
	s.triggers, s.triggersKnown = list.Triggers, known
	p.troubles.report("skipped triggers that cannot be read", summary(list.Skipped))
	return err
}

// forgiveMissingTriggers passes over the 404 of a portal that is too old to have triggers.
func forgiveMissingTriggers(s *snapshot) error {
	err := s.triggersRead.err
	if err != nil && docspace.ReasonOf(err) == docspace.ReasonNotFound && s.location.settings.Before(3, 1) {
		return nil
	}
	return err
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
