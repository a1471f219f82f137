package simulator

import (
	"cmp"
	"net/url"
	"slices"
	"time"
)

// Delivery is a row of the delivery log as the portal's database has it.
type Delivery struct {
	ID, WebhookID int64
	Trigger       uint64    // one bit; 0 on rows of 3.0
	CreatedOn     time.Time // the true instant
	DeliveredOn   time.Time // zero unless accepted; on 3.0 the end of every finished try
	Status        int       // 0 is not sent or no answer, 500 can be made up
	Sent          bool      // an attempt is finished: the request headers are there
	Response      string    // the receiver's body or the error's text, up to 64 KiB of it; shown when Sent or not empty
	Retries       int       // attempts before the final one
	// Cut has the request payload grow over the 64 KiB of its column, and lose its end there, which
	// is the part about the webhook.
	Cut          bool
	NoConfigName bool // the webhook's name is not shown, although the version would
	// EventCreatedOn is when the event happened; zero for CreatedOn. It is earlier in a manual retry,
	// which sends the old body again.
	EventCreatedOn time.Time
	Attempts       *int      // not in any released version; nil leaves it out
	NextAttemptOn  time.Time // not in any released version; zero leaves it out
}

// deliveryLog is the table of deliveries.
type deliveryLog struct {
	rows  []Delivery    // by rising id: new rows are appended, and pages begin at the end
	count map[int64]int // rows by webhook, so that the usual total takes no look at the rows
}

// newDeliveryLog takes over a list of rows in any order. Of those with one id the first counts.
func newDeliveryLog(rows []Delivery) *deliveryLog {
	byID := func(a, b Delivery) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(rows, byID) { // usually they are, and there can be very many
		slices.SortStableFunc(rows, byID)
	}
	l := &deliveryLog{count: map[int64]int{}}
	l.rows = slices.CompactFunc(rows, func(a, b Delivery) bool { return a.ID == b.ID })
	for i := range l.rows {
		l.count[l.rows[i].WebhookID]++
	}
	return l
}

// find returns the place of a row, or where it would be.
func (l *deliveryLog) find(id int64) (place int, found bool) {
	if n := len(l.rows); n == 0 || l.rows[n-1].ID < id {
		return n, false // a new row, which is the usual case
	}
	return slices.BinarySearchFunc(l.rows, id, func(d Delivery, id int64) int { return cmp.Compare(d.ID, id) })
}

// add adds a row or replaces the one with its id.
func (l *deliveryLog) add(d Delivery) {
	i, found := l.find(d.ID)
	if found {
		l.count[l.rows[i].WebhookID]--
		l.rows[i] = d
	} else {
		l.rows = slices.Insert(l.rows, i, d)
	}
	l.count[d.WebhookID]++
}

// total returns how many rows of the given webhooks match a filter, if that is known without a look
// at every row.
func (l *deliveryLog) total(f logFilter, webhooks map[int64]*Webhook) (n int, known bool) {
	if f != (logFilter{configID: f.configID}) {
		return 0, false
	}
	for id := range webhooks {
		if f.configID == 0 || f.configID == id {
			n += l.count[id]
		}
	}
	return n, true
}

// page returns the rows of the given webhooks that a query asks for, newest first, and how many
// match its filter. It looks at no more rows than it has to.
func (l *deliveryLog) page(q logQuery, webhooks map[int64]*Webhook) (page []Delivery, total int) {
	total, known := l.total(q.filter, webhooks)
	rows := l.rows
	if q.filter.eventID != 0 {
		i, found := l.find(q.filter.eventID)
		if !found {
			return nil, 0
		}
		rows = rows[i : i+1]
	}
	matching := 0
	for i := len(rows) - 1; i >= 0 && (!known || len(page) < q.count); i-- {
		d := &rows[i]
		if !q.filter.matches(d) || webhooks[d.WebhookID] == nil {
			continue
		}
		if matching >= q.start && len(page) < q.count {
			page = append(page, *d)
		}
		matching++
	}
	if !known {
		total = matching
	}
	return page, total
}

// SetDeliveries replaces the portal's delivery log. The rows can be in any order.
func (p *Portal) SetDeliveries(list []Delivery) {
	log := newDeliveryLog(slices.Clone(list))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = func(time.Time) *deliveryLog { return log }
}

// AddDeliveries adds rows to the delivery log, and replaces those whose ids it has already. The log
// of a demo stands still from then on.
func (p *Portal) AddDeliveries(list ...Delivery) {
	now := p.options.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log(now)
	for i := range list {
		log.add(list[i])
	}
	p.log = func(time.Time) *deliveryLog { return log }
}

// Deliveries returns a copy of the delivery log as it is now, those of webhooks that no longer exist
// included, newest first.
func (p *Portal) Deliveries() []Delivery {
	now := p.options.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.log(now).rows)
	slices.Reverse(list)
	return list
}

// OnLogPage has f called, with the query, after each page of the delivery log that was prepared and
// before it is sent, so that something can happen between two pages. Nil has nothing called.
func (p *Portal) OnLogPage(f func(query url.Values)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turned = f
}
