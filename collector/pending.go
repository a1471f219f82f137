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
	for len(ids) > 0 && l.fetch.spare > 0 {
		query, near := l.queryFor(ids, total)
		page, err := l.read(ctx, query)
		if err != nil {
			return err
		}
		l.fetch.spare--
		for i := range page.Deliveries {
			if p := l.pending[page.Deliveries[i].ID]; p != nil {
				l.update(p, &loggedRow{Delivery: page.Deliveries[i], below: p.placeOf(i, page, query)})
			}
		}
		ids = append(ids[len(near):], l.missing(near, query)...)
	}
	l.resume = 0
	if len(ids) > 0 {
		l.resume = ids[0]
	}
	return nil
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
// alone or, where rows lie so close to it that they fit on a page, all of these.
func (l *deliveryLog) queryFor(ids []int64, total int) (docspace.LogQuery, []int64) {
	place := func(id int64) int { return total - l.pending[id].below - 1 }
	known := func(id int64) bool { return l.pending[id].below != unknownPlace }
	start, n := max(place(ids[0]), 0), 1
	for n < len(ids) && known(ids[0]) && known(ids[n]) && place(ids[n]) > start && place(ids[n]) < start+docspace.MaxLogPage {
		n++
	}
	if n == 1 {
		return docspace.LogQuery{RowID: ids[0], Count: 1}, ids[:1]
	}
	return docspace.LogQuery{Start: start, Count: place(ids[n-1]) - start + 1}, ids[:n]
}

// placeOf returns how many rows are older than one of a page.
func (p *pendingDelivery) placeOf(i int, page docspace.LogPage, q docspace.LogQuery) int {
	if q.RowID != 0 {
		return p.below // alone, it could be anywhere
	}
	return max(page.Total, q.Start+page.Len()) - q.Start - i - 1
}

// missing returns those of some rows that their query did not find. The ones that were asked for
// alone are not in the log any more.
func (l *deliveryLog) missing(ids []int64, q docspace.LogQuery) []int64 {
	var left []int64
	for _, id := range ids {
		p := l.pending[id]
		switch {
		case p == nil || p.read:
		case q.RowID != 0:
			delete(l.pending, id)
		default:
			p.below = unknownPlace
			left = append(left, id)
		}
	}
	return left
}
