package simulator

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The sizes of a page of the delivery log. Up to 3.1 one can have everything, too.
const (
	pageLimit    = 100
	oldPageLimit = 1000
)

// logQuery is what the parameters of a request for the delivery log ask for.
type logQuery struct {
	filter       logFilter
	hookURI      string // the URL of the only webhook whose rows match; empty for any
	userID       string // who created the webhooks whose rows match; empty for anybody
	start, count int
}

// logFilter says which rows match. Zero fields match everything.
type logFilter struct {
	configID, eventID        int64
	groups                   int
	trigger                  uint64
	deliveryFrom, deliveryTo time.Time
}

// logBinder reads parameters and notes those that make no sense.
type logBinder struct {
	query url.Values
	bad   []string
}

// bind reads a parameter, and leaves the fallback where it is missing or bad.
func bind[T any](b *logBinder, name string, read func(string) (T, error), fallback T) T {
	text := b.query.Get(name)
	if text == "" {
		return fallback
	}
	value, err := read(text)
	if err != nil {
		b.bad = append(b.bad, name)
		return fallback
	}
	return value
}

// newLogQuery also returns the names of the parameters that the version refuses.
func newLogQuery(query url.Values, lenient bool) (q logQuery, bad []string) {
	number := func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
	mask := func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }
	instant := func(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }
	b := &logBinder{query: query}
	q.filter = logFilter{
		configID: bind(b, "configId", number, 0), eventID: bind(b, "eventId", number, 0),
		groups: bind(b, "groupStatus", statusGroups, 0), trigger: bind(b, "trigger", mask, 0),
		deliveryFrom: bind(b, "deliveryFrom", instant, time.Time{}), deliveryTo: bind(b, "deliveryTo", instant, time.Time{}),
	}
	q.hookURI, q.userID = query.Get("hookUri"), query.Get("userId")
	q.start = max(bind(b, "startIndex", strconv.Atoi, 0), 0)
	if lenient {
		q.count = lenientCount(bind(b, "count", strconv.Atoi, oldPageLimit))
		return q, nil
	}
	q.count = bind(b, "count", strconv.Atoi, pageLimit)
	if q.count < 1 || q.count > pageLimit {
		b.bad = append(b.bad, "count")
	}
	return q, b.bad
}

// lenientCount is the size of a page up to 3.1.
func lenientCount(count int) int {
	switch {
	case count == 0:
		return math.MaxInt
	case count < 0:
		return oldPageLimit
	default:
		return min(count, oldPageLimit)
	}
}

// webhooks returns those of a list whose rows can match, by their ids.
func (q *logQuery) webhooks(list []Webhook) map[int64]*Webhook {
	byID := make(map[int64]*Webhook, len(list))
	for i := range list {
		w := &list[i]
		if (q.hookURI == "" || q.hookURI == w.URL) && (q.userID == "" || q.userID == w.creatorID()) {
			byID[w.ID] = w
		}
	}
	return byID
}

func (f *logFilter) matches(d *Delivery) bool {
	switch {
	case f.configID != 0 && d.WebhookID != f.configID:
		return false
	case f.trigger != 0 && d.Trigger != f.trigger:
		return false
	case f.groups != 0 && f.groups&statusGroup(d.Status) == 0:
		return false
	default:
		return f.matchesDelivery(stored(d.DeliveredOn))
	}
}

// matchesDelivery leaves rows out that were not delivered as soon as there is a bound.
func (f *logFilter) matchesDelivery(at time.Time) bool {
	switch {
	case !f.deliveryFrom.IsZero() && (at.IsZero() || at.Before(f.deliveryFrom)):
		return false
	case !f.deliveryTo.IsZero() && (at.IsZero() || at.After(f.deliveryTo)):
		return false
	default:
		return true
	}
}

// statusGroups reads a sum of groups, or their names.
func statusGroups(text string) (int, error) {
	bits := map[string]int{"NotSent": 1, "Status2xx": 2, "Status3xx": 4, "Status4xx": 8, "Status5xx": 16}
	sum := 0
	for name := range strings.SplitSeq(text, ",") {
		bit, ok := bits[strings.TrimSpace(name)]
		if !ok {
			return strconv.Atoi(text)
		}
		sum |= bit
	}
	return sum, nil
}

// statusGroup returns the bit of groupStatus that a status belongs to, and all of them for one that
// belongs to none: the server excludes groups and doesn't know of others.
func statusGroup(status int) int {
	switch {
	case status == 0:
		return 1
	case status < 200:
		return math.MaxInt
	case status < 300:
		return 2
	case status < 400:
		return 4
	case status < 500:
		return 8
	default:
		return 16
	}
}

// stored is an instant as the database keeps it.
func stored(t time.Time) time.Time { return t.Round(time.Second) }
