package collector

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// orphan is a row that does not say whose it is: the server cut it, or is too old to tell.
type orphan struct {
	name    string // of its webhook; empty when the server does not say
	created time.Time
	asked   int64 // id of the last webhook that was asked for it
}

// ownerOf returns the id of a row's webhook, or 0 when it takes another request to know.
func (l *deliveryLog) ownerOf(d *docspace.Delivery) int64 {
	if d.WebhookID != 0 {
		return d.WebhookID
	}
	if named, _ := l.candidates(d.ConfigName); len(named) == 1 {
		return named[0]
	}
	return 0
}

// candidates returns the ids of the webhooks of a name and of the others, in rising order.
func (l *deliveryLog) candidates(name string) (named, others []int64) {
	for i := range l.fetch.webhooks {
		w := &l.fetch.webhooks[i]
		if name != "" && w.Name == name {
			named = append(named, w.ID)
		} else {
			others = append(others, w.ID)
		}
	}
	slices.Sort(named)
	slices.Sort(others)
	return named, others
}

// findOwners asks for each orphan whose it is. It leaves half of the spare requests to the pending
// rows, and goes on in the next scrape.
func (l *deliveryLog) findOwners(ctx context.Context) error {
	if !l.fetch.listed {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(l.orphans)) {
		done, err := l.findOwner(ctx, id, l.orphans[id])
		if err != nil {
			return err
		}
		if !done {
			return nil
		}
		delete(l.orphans, id) // if nobody owns it, it has gone with its webhook
	}
	return nil
}

// findOwner asks for a row of that id of each webhook that may own it, those of its name if there are
// any. It is not done when the requests did not suffice.
func (l *deliveryLog) findOwner(ctx context.Context, id int64, o *orphan) (done bool, err error) {
	asked, others := l.candidates(o.name)
	if len(asked) == 0 {
		asked = others
	}
	for _, webhook := range asked {
		if webhook <= o.asked {
			continue
		}
		if !l.mayAsk(maxSpare / 2) {
			return false, nil
		}
		found, err := l.adopt(ctx, id, webhook)
		if found || err != nil {
			return found, err
		}
		o.asked = webhook
	}
	return true, nil
}

// adopt gives an orphan to a webhook if it belongs to it.
func (l *deliveryLog) adopt(ctx context.Context, id, webhook int64) (bool, error) {
	page, err := l.read(ctx, docspace.LogQuery{RowID: id, ConfigID: webhook, Count: 1})
	if err != nil {
		return false, err
	}
	l.fetch.spare--
	d := onlyRow(page, id)
	if d == nil {
		return false, nil
	}
	l.take(webhook, &loggedRow{Delivery: *d, below: unknownPlace})
	return true, nil
}
