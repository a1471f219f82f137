package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// deliveryLog follows the delivery log of a portal from scrape to scrape, and counts the deliveries
// that ended. One fetch at a time may use it.
type deliveryLog struct {
	client Client
	opts   docspace.LogSettings
	clock  func() time.Time // ours

	tail     *logTail
	followed time.Time // when that last succeeded, by our clock
	began    time.Time // when it first did
	gaps     int
	tallies  map[int64]*tally           // by webhook
	pending  map[int64]*pendingDelivery // by row
	orphans  map[int64]*orphan          // by row
	resume   int64                      // the pending row that is next in turn to be looked at

	fetch logFetch // the one under way
}

// logFetch is what one fetch knows of a portal besides the log, and how far it has come.
type logFetch struct {
	first    docspace.LogPage // the newest rows
	zone     *time.Location   // of the portal
	webhooks []docspace.Webhook
	listed   bool // the list of webhooks could be read

	ids      map[int64]struct{} // of the webhooks
	strange  int                // webhooks that rows name and that are not in the list
	overflow int                // rows that are not followed, as there are too many

	dates   docspace.LogClock
	now     time.Time // by the portal's clock
	spare   int       // requests that may still be sent for single rows
	until   time.Time // when that ends; zero for never
	skipped error     // why a row could not be read
}

// maxSpare is how many requests one scrape may send for rows that are not among the new ones.
const maxSpare = 10

const (
	// maxFollowed is how many rows without an outcome, or of unknown webhooks, are looked up again.
	maxFollowed = 20_000
	// maxStrange is how many webhooks that are not in the list one scrape may find in the log. They can be newer than the list.
	maxStrange = 1000
)

var errGap = errors.New("more rows are new than --collector.deliveries.max-pages allows to read, the oldest of them are not counted")

var errOverflow = fmt.Errorf("more than %d deliveries have no outcome or an unknown webhook, others are not counted", maxFollowed)

func newDeliveryLog(client Client, opts docspace.LogSettings, clock func() time.Time) *deliveryLog {
	l := &deliveryLog{
		client: client, opts: opts, clock: clock,
		tallies: map[int64]*tally{}, pending: map[int64]*pendingDelivery{}, orphans: map[int64]*orphan{},
	}
	l.tail = &logTail{read: l.read, maxPages: opts.MaxPages}
	return l
}

// follow takes in what has happened since it last did. It reports a gap when it could not read all.
func (l *deliveryLog) follow(ctx context.Context, f logFetch) (gap, err error) {
	l.begin(f)
	rows, stopped, err := l.tail.catchUp(ctx, f.first, l.isOld)
	if err != nil {
		return nil, err
	}
	fresh := l.absorb(rows)
	l.moveUp(l.tail.vanished(rows, fresh))
	l.tail.advance(rows)
	switch {
	case stopped:
		gap = errGap
	case l.fetch.overflow > 0:
		gap = errOverflow
	}
	if gap != nil {
		l.gaps++
	}
	if deadline, ok := ctx.Deadline(); ok {
		l.fetch.until = time.Now().Add(time.Until(deadline) / 2) // one that was sent takes its time
	}
	err = l.findOwners(ctx)
	if err == nil {
		err = l.checkPending(ctx, rows.total)
	}
	l.forget() // also what can never be read
	if err != nil {
		return gap, err
	}
	l.followed = l.clock()
	if l.began.IsZero() {
		l.began = l.followed
	}
	return gap, nil
}

func (l *deliveryLog) begin(f logFetch) {
	f.dates = docspace.NewLogClock(f.zone, f.first.Deliveries)
	f.now = l.clock()
	if f.first.ClockOffset != nil {
		f.now = f.now.Add(*f.first.ClockOffset)
	}
	f.spare = maxSpare
	f.ids = make(map[int64]struct{}, len(f.webhooks))
	for i := range f.webhooks {
		f.ids[f.webhooks[i].ID] = struct{}{}
	}
	l.fetch = f
	l.noteSkipped(f.first)
	for _, p := range l.pending {
		p.read = false
	}
	for i := range f.webhooks {
		l.meet(&f.webhooks[i])
	}
}

// meet begins to watch a webhook that is in the list for the first time. One that is older than the
// scrape before was hidden from the key's user until now, and so was what became of its deliveries.
func (l *deliveryLog) meet(w *docspace.Webhook) {
	if l.tallies[w.ID] != nil || l.followed.IsZero() {
		return
	}
	created := w.CreatedOn.In(l.fetch.zone)
	l.tallyOf(w.ID).hidden = !created.IsZero() && created.Before(l.followed.Add(-time.Minute))
}

// read asks for a page of the log.
func (l *deliveryLog) read(ctx context.Context, q docspace.LogQuery) (docspace.LogPage, error) {
	page, err := l.client.Log(ctx, q)
	l.noteSkipped(page)
	return page, err
}

func (l *deliveryLog) noteSkipped(page docspace.LogPage) {
	if len(page.Skipped) > 0 && l.fetch.skipped == nil {
		l.fetch.skipped = page.Skipped[0]
	}
}

// isOld tells whether a row is not worth looking at any more.
func (l *deliveryLog) isOld(d *docspace.Delivery) bool {
	return l.expired(l.fetch.dates.At(d.CreatedOn))
}

func (l *deliveryLog) expired(created time.Time) bool {
	return l.fetch.now.Sub(created) > l.opts.Lookback
}

// absorb takes in a run of rows, the oldest first, and returns how many of them are new.
func (l *deliveryLog) absorb(rows *stretch) (fresh int) {
	for i := range slices.Backward(rows.rows) {
		row := &rows.rows[i]
		switch p := l.pending[row.ID]; {
		case p != nil:
			l.update(p, row)
		case l.tail.isNew(row.ID):
			l.absorbNew(row)
			fresh++
		}
	}
	return fresh
}

// absorbNew takes in a row that was not in the log before. At the very beginning, of the exporter or of
// what it may see of a webhook, those that have ended are history, which only says whether the webhook
// is failing.
func (l *deliveryLog) absorbNew(row *loggedRow) {
	owner := l.ownerOf(&row.Delivery)
	hidden := l.tallies[owner] != nil && l.tallies[owner].hidden
	history := (!l.tail.begun || hidden) && row.Outcome != docspace.Pending
	switch {
	case history && (owner == 0 || l.isOld(&row.Delivery)), l.isTooStrange(owner):
	case history:
		l.tallyOf(owner).streak.add(row.ID, row.Outcome)
	case owner == 0 && l.isFull():
	case owner == 0:
		l.orphans[row.ID] = &orphan{name: row.ConfigName, created: l.fetch.dates.At(row.CreatedOn)}
	default:
		l.take(owner, row)
	}
}

// take counts a delivery of a webhook if it has ended, and else keeps an eye on it.
func (l *deliveryLog) take(webhook int64, row *loggedRow) {
	t := l.tallyOf(webhook) // without one nobody would look at what is pending again
	if row.Outcome == docspace.Pending {
		if l.isFull() {
			return
		}
		p := &pendingDelivery{webhook: webhook}
		l.pending[row.ID] = p
		l.update(p, row)
		return
	}
	t.add(&row.Delivery, l.fetch.dates)
}

// isFull reports whether no more rows can be followed, and notes it.
func (l *deliveryLog) isFull() bool {
	if len(l.pending)+len(l.orphans) < maxFollowed {
		return false
	}
	l.fetch.overflow++
	return true
}

// isTooStrange reports whether a webhook is not to be counted: too many that rows name are not in the list.
func (l *deliveryLog) isTooStrange(webhook int64) bool {
	if _, listed := l.fetch.ids[webhook]; listed || webhook == 0 || l.tallies[webhook] != nil {
		return false
	}
	l.fetch.strange++
	return l.fetch.strange > maxStrange
}

// tallyOf returns the counts of a webhook. Those of one that turns up now began at 0 after the last
// time that it was not there.
func (l *deliveryLog) tallyOf(webhook int64) *tally {
	if t := l.tallies[webhook]; t != nil {
		return t
	}
	since := l.followed
	if since.IsZero() {
		since = l.clock()
	}
	t := newTally(since)
	l.tallies[webhook] = t
	return t
}

// forget drops what belongs to webhooks that are no longer in the list, and rows that have been
// pending for too long. The list may have been read before a webhook was made that the log knows
// already, so that one gets a second chance.
func (l *deliveryLog) forget() {
	if l.fetch.listed {
		l.forgetUnlisted()
	}
	for id, p := range l.pending {
		if l.tallies[p.webhook] == nil || l.expired(p.created) {
			delete(l.pending, id)
		}
	}
	for id, o := range l.orphans {
		if l.expired(o.created) {
			delete(l.orphans, id)
		}
	}
	l.settleStreaks()
}

// settleStreaks tells the streaks up to which row nothing will change any more.
func (l *deliveryLog) settleStreaks() {
	oldest := make(map[int64]int64, len(l.tallies)) // row that is pending or may still turn up, by webhook
	for id := range l.tallies {
		oldest[id] = l.tail.known
	}
	for row, p := range l.pending {
		oldest[p.webhook] = min(oldest[p.webhook], row)
	}
	for id, t := range l.tallies {
		t.streak.rewind(l.tail.newest)
		t.streak.settle(oldest[id])
	}
}

func (l *deliveryLog) forgetUnlisted() {
	for id := range l.fetch.ids {
		l.tallyOf(id).fresh = false
	}
	for id, t := range l.tallies {
		t.hidden = false
		if _, ok := l.fetch.ids[id]; ok {
			continue
		}
		if !t.fresh {
			delete(l.tallies, id)
		}
		t.fresh = false
	}
}
