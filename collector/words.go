package collector

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Summary is one line about the webhooks.
func (r *Report) Summary() string {
	total := count(len(r.Webhooks), "webhook")
	switch n := r.Ailing(); {
	case len(r.Webhooks) == 0:
		return "no webhooks"
	case n == 0:
		return total + ", none needs attention"
	case n == 1:
		return total + ", 1 needs attention"
	default:
		return fmt.Sprintf("%s, %d need attention", total, n)
	}
}

// About is one line about the portal itself, empty when it told nothing.
func (r *Report) About() string {
	var facts []string
	for _, fact := range []struct{ name, value string }{
		{"DocSpace", r.Version}, {"alias", r.Alias}, {"time zone", r.TimeZone}, {"clock", r.clock()}, {"API key", r.keyEnd()}, {"webhooks", r.listed()},
	} {
		if fact.value != "" {
			facts = append(facts, fact.name+" "+fact.value)
		}
	}
	return strings.Join(facts, ", ")
}

// keyEnd is when the API key ends, empty if unknown.
func (r *Report) keyEnd() string {
	switch {
	case r.KeyExpiry == nil:
		return ""
	case r.KeyExpiry.at.IsZero():
		return "without an end"
	default:
		return "ends " + r.KeyExpiry.Date()
	}
}

// listed says that all webhooks are; empty when it is unknown, or remarked that they are not.
func (r *Report) listed() string {
	if r.Complete != nil && *r.Complete {
		return "all listed"
	}
	return ""
}

// clock is how far the portal's clock, which is known to the second, is from ours.
func (r *Report) clock() string {
	if r.ClockOffset == nil {
		return ""
	}
	offset := time.Duration(*r.ClockOffset * float64(time.Second)).Round(time.Second)
	switch {
	case offset > time.Second:
		return span(offset) + " ahead"
	case offset < -time.Second:
		return span(-offset) + " behind"
	default:
		return "in step"
	}
}

// State is all conditions in one line.
func (w *WebhookReport) State() string {
	words := make([]string, len(w.Conditions))
	for i, c := range w.Conditions {
		words[i] = c.Words
	}
	return strings.Join(words, "; ")
}

// NextStep is the first thing to do; empty when there is nothing.
func (w *WebhookReport) NextStep() string {
	for _, c := range w.Conditions {
		if c.NextStep != "" {
			return c.NextStep
		}
	}
	return ""
}

// Moment is when something happened. The zero Moment is never.
type Moment struct {
	at  time.Time // in the portal's zone
	age time.Duration
}

func newMoment(at, now time.Time, zone *time.Location) Moment {
	if at.IsZero() {
		return Moment{}
	}
	return Moment{at: at.In(zone), age: now.Sub(at)}
}

// Ago is the age in words.
func (m Moment) Ago() string {
	if m.at.IsZero() {
		return "never"
	}
	return ago(m.age)
}

// Date is the date on the portal's clock, empty for never.
func (m Moment) Date() string {
	if m.at.IsZero() {
		return ""
	}
	return m.at.Format("2006-01-02 15:04:05 MST")
}

// Timestamp is the date for machines, RFC 3339 in UTC; empty for never.
func (m Moment) Timestamp() string {
	if m.at.IsZero() {
		return ""
	}
	return m.at.UTC().Format(time.RFC3339)
}

// MarshalJSON encodes the timestamp, or null for never.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.at.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(m.Timestamp())
}

func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span is a duration in words, rounded down. Below ten units the next smaller one is told, too.
func span(d time.Duration) string {
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	for i, u := range units {
		n := d / u.length
		if n == 0 {
			continue
		}
		words := fmt.Sprintf("%d %s", n, u.name)
		if n < 10 && i+1 < len(units) {
			if rest := d % u.length / units[i+1].length; rest > 0 {
				words += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return words
	}
	return "0 s"
}

// count is a number of things in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
