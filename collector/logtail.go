package collector

import (
	"context"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// logTail reads the delivery log from its newest row back to where it was last time.
//
// Pages are asked for by their distance from the newest row, which changes while rows arrive, and
// while rows vanish with a webhook that is deleted. How many rows are older than the last one read
// can only become less, and only when rows vanish. So that is what is kept, and what is a repetition
// is dropped.
type logTail struct {
	read     func(context.Context, docspace.LogQuery) (docspace.LogPage, error)
	maxPages int

	begun  bool
	newest int64 // id of a row
	known  int64 // id of the row from which on all were read
	// recent are the ids of the newest rows that were read, down to the one called oldest. A row in
	// between that is not among them is new.
	recent map[int64]struct{}
	oldest int64
	length int // of the log when the newest of them was read

	unfinished *stretch // what was read before a page could not be
}

// overlap is how many rows are read again: the database can show a row a moment later than others with
// greater ids.
const overlap = 10

// stretch is a run of neighbouring rows of the log.
type stretch struct {
	rows   []loggedRow // newest first
	pages  int
	length int  // of the log when the first page was read
	total  int  // of the log now
	below  int  // how many rows are older than the last one
	ended  bool // there are none
}

// loggedRow is a row and how many older ones the log had when it was read.
type loggedRow struct {
	docspace.Delivery
	below int
	stale bool // read by an earlier scrape
}

// catchUp reads on from the first page until it meets a row that was read last time or, at the very
// beginning, one that isOld. It reports whether the limit of pages ended it before. After an error
// the next call goes on where this one stopped.
func (t *logTail) catchUp(ctx context.Context, first docspace.LogPage, isOld func(*docspace.Delivery) bool) (s *stretch, gap bool, err error) {
	s = &stretch{}
	s.extend(first, 0, docspace.MaxLogPage)
	s.length = s.total
	for !t.reached(s, isOld) {
		if t.unfinished != nil && s.last() <= t.unfinished.known() {
			s.append(t.unfinished)
			t.unfinished = nil
			continue
		}
		query := docspace.LogQuery{Start: max(s.total-s.below, 0), Count: docspace.MaxLogPage}
		switch {
		case s.pages > t.maxPages:
			return s, t.begun, nil
		case s.pages == t.maxPages:
			query.Count = overlap // which tells whether that were all pages
		}
		page, err := t.read(ctx, query)
		if err != nil {
			t.interrupt(s)
			return nil, false, err
		}
		s.extend(page, query.Start, query.Count)
	}
	return s, false, nil
}

// reached tells whether a stretch goes back far enough.
func (t *logTail) reached(s *stretch, isOld func(*docspace.Delivery) bool) bool {
	switch {
	case s.ended:
		return true
	case t.begun:
		return s.last() <= t.known
	default:
		return isOld(&s.rows[len(s.rows)-1].Delivery)
	}
}

// interrupt keeps what was read for the next scrape. Of two stretches with unread rows between them
// only the newer one is kept: the next scrape surely gets there, but may never get to the older one.
func (t *logTail) interrupt(s *stretch) {
	for i := range s.rows {
		s.rows[i].stale = true
	}
	t.unfinished = s
}

// isNew tells whether a row was in the log for the first time.
func (t *logTail) isNew(id int64) bool {
	_, known := t.recent[id]
	return id > t.oldest && !known
}

// vanished returns how many rows are gone from the log, given how many have come.
func (t *logTail) vanished(s *stretch, fresh int) int {
	if !t.begun {
		return 0
	}
	return max(t.length+fresh-s.length, 0)
}

// advance makes a stretch the one that was read last.
func (t *logTail) advance(s *stretch) {
	recent := s.rows[:min(len(s.rows), docspace.MaxLogPage)]
	t.begun, t.unfinished, t.length = true, nil, s.length
	t.newest, t.known, t.oldest, t.recent = 0, 0, 0, make(map[int64]struct{}, len(recent))
	for i := range recent {
		t.recent[recent[i].ID] = struct{}{}
	}
	if len(recent) == 0 {
		return
	}
	t.newest, t.known = recent[0].ID, s.known()
	if whole := s.ended && len(recent) == len(s.rows); !whole {
		t.oldest = recent[len(recent)-1].ID
	}
}

// extend adds a page that was asked for with a start and a count. When rows have vanished since the
// page before, it may begin too far down: then it only tells how long the log is now.
func (s *stretch) extend(page docspace.LogPage, start, count int) {
	s.pages++
	end := start + page.Len()
	total := max(page.Total, end)
	if total < s.total {
		s.total = total
		return
	}
	s.total, s.below = total, total-end
	for i := range page.Deliveries {
		d := &page.Deliveries[i]
		if len(s.rows) == 0 || d.ID < s.last() {
			s.rows = append(s.rows, loggedRow{Delivery: *d, below: total - start - i - 1})
		}
	}
	s.ended = page.Len() == 0 || page.Len() < count && s.below == 0 || len(s.rows) == 0
}

// append adds an older stretch that begins where this one ends, or before.
func (s *stretch) append(older *stretch) {
	last := s.last()
	for i := range older.rows {
		if older.rows[i].ID < last {
			s.rows = append(s.rows, older.rows[i])
		}
	}
	s.pages = (len(s.rows) + docspace.MaxLogPage - 1) / docspace.MaxLogPage // however many requests it took
	s.below, s.ended = older.below, older.ended
}

// known is the id of the row at which another stretch that begins later meets this one.
func (s *stretch) known() int64 { return s.rows[min(overlap, len(s.rows))-1].ID }

// last is the id of the oldest row.
func (s *stretch) last() int64 { return s.rows[len(s.rows)-1].ID }
