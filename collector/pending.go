package collector

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// pendingDelivery is a row that had not ended when it was last read.
type pendingDelivery struct {
	webhook int64
	created time.Time
	due     time.Time // when it was to be sent
	below   int       // how many rows of the log are older, or unknownPlace
	read    bool      // by the fetch under way
}

// unknownPlace is the place of a row that is not where it should be, as rows were deleted.
const unknownPlace = -1

// update takes in what a pending row has become.
func (l *deliveryLog) update(p *pendingDelivery, row *loggedRow) {
	if row.Outcome != docspace.Pending {
		delete(l.pending, row.ID)
		l.take(p.webhook, row)
		return
	}
	p.created = l.fetch.dates.At(row.CreatedOn)
	p.due = cmp.Or(l.fetch.dates.At(row.NextAttemptOn), p.created)
	p.below, p.read = row.below, !row.stale
}

// checkPending looks again at the rows that were pending and are not among those just read. Rows next
// to each other cost one request, and rows for which there is none left are the first in the next
// scrape.
func (l *deliveryLog) checkPending(ctx context.Context, total int) error {
	ids := l.unreadRows()
	for len(ids) > 0 && l.mayAsk(0) {
		query, near := l.queryFor(ids, total)
		page, err := l.read(ctx, query)
		if err != nil {
			l.resume = near[len(near)-1] - 1 // others may have more luck
			return err
		}
		l.fetch.spare--
		if query.RowID != 0 {
			l.updateOne(query.RowID, page)
		} else {
			grown := max(page.Total, query.Start+page.Len())
			l.updateSome(page, query.Start, grown)
			if grown == total {
				l.misplace(near)
			}
			total = grown
		}
		ids = slices.DeleteFunc(ids, func(id int64) bool { return l.pending[id] == nil || l.pending[id].read })
	}
	l.resume = 0
	if len(ids) > 0 {
		l.resume = ids[0]
	}
	return nil
}

// mayAsk tells whether there still are requests for single rows, besides a reserve, and time for one.
func (l *deliveryLog) mayAsk(reserve int) bool {
	return l.fetch.spare > reserve && (l.fetch.until.IsZero() || time.Now().Before(l.fetch.until))
}

// unreadRows returns the ids of those rows in falling order, beginning with the one whose turn it is.
func (l *deliveryLog) unreadRows() []int64 {
	var ids []int64
	for id, p := range l.pending {
		if !p.read {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	turn := slices.IndexFunc(ids, func(id int64) bool { return id <= l.resume })
	if turn <= 0 {
		return ids
	}
	return slices.Concat(ids[turn:], ids[:turn])
}

// queryFor returns a query for the first of some rows, and the ids of those that it is for: that one
// alone or, where rows lie so close to it that they fit on a page, all of these. The page is a little
// longer, as the rows move on while others arrive.
func (l *deliveryLog) queryFor(ids []int64, total int) (docspace.LogQuery, []int64) {
	const reserve = 10
	place := func(id int64) int { return total - l.pending[id].below - 1 }
	start, n := max(place(ids[0]), 0), 1
	for n < len(ids) && place(ids[n]) > start && place(ids[n]) < start+docspace.MaxLogPage-reserve {
		n++
	}
	if n == 1 || l.pending[ids[0]].below == unknownPlace {
		return docspace.LogQuery{RowID: ids[0], Count: 1}, ids[:1]
	}
	return docspace.LogQuery{Start: start, Count: place(ids[n-1]) - start + 1 + reserve}, ids[:n]
}

// updateOne takes in a row that was asked for alone. If it isn't there it is not in the log any more.
func (l *deliveryLog) updateOne(id int64, page docspace.LogPage) {
	d := onlyRow(page, id)
	if d == nil {
		delete(l.pending, id)
		return
	}
	p := l.pending[id]
	l.update(p, &loggedRow{Delivery: *d, below: p.below})
}

// onlyRow returns the row that was asked for by its id; nil if the log does not have it, or the server
// does not know of such questions.
func onlyRow(page docspace.LogPage, id int64) *docspace.Delivery {
	if len(page.Deliveries) != 1 || page.Deliveries[0].ID != id {
		return nil
	}
	return &page.Deliveries[0]
}

// updateSome takes in a page of the log, which is total rows long.
func (l *deliveryLog) updateSome(page docspace.LogPage, start, total int) {
	for i := range page.Deliveries {
		if p := l.pending[page.Deliveries[i].ID]; p != nil {
			l.update(p, &loggedRow{Delivery: page.Deliveries[i], below: total - start - i - 1})
		}
	}
}

// moveUp allows for rows that vanished: nearly all of a log is older than what is pending.
func (l *deliveryLog) moveUp(rows int) {
	for _, p := range l.pending {
		if !p.read && p.below != unknownPlace {
			p.below = max(p.below-rows, 0)
		}
	}
}

// misplace notes that rows are not where they should be: from now on each is asked for alone.
func (l *deliveryLog) misplace(ids []int64) {
	for _, id := range ids {
		if p := l.pending[id]; p != nil && !p.read {
			p.below = unknownPlace
		}
	}
}
