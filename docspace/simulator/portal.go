// Package simulator is a simulated ONLYOFFICE DocSpace portal: an http.Handler that answers the
// reading part of the webhook API as released versions do, their quirks included. Tests and the
// exporter's demo use it.
package simulator

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// DefaultKey is the API key that a Portal accepts unless its Options say otherwise.
const DefaultKey = "sk-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// apiRoot comes before every path of the API; what is before it is a proxy's prefix.
const apiRoot = "/api/2.0/"

// Webhook is a webhook as the portal's database has it.
type Webhook struct {
	ID           int64
	Name, URL    string
	Enabled, SSL bool
	Triggers     uint64 // bit mask; 0 stands for all
	TargetID     string // the only room or file it is for; empty for any
	// The true instants; zero for never, which the list leaves out.
	CreatedOn, LastSuccessOn, LastFailureOn time.Time
	LastFailureContent                      string
	Status                                  int  // the list's status, which is not that of the last delivery
	OwnedByOther                            bool // only administrators see it
}

// Role is the role of the user whose key is used.
type Role int

// The roles that the API tells apart.
const (
	Admin       Role = iota // sees every webhook
	Owner                   // sees every webhook
	RoomAdmin               // sees its own webhooks only
	User                    // sees its own webhooks only
	LimitedUser             // may not use the developer tools
	Guest
)

// seesAll reports whether users of the role see the webhooks of others.
func (r Role) seesAll() bool { return r == Admin || r == Owner }

// Scope is what the key is for.
type Scope int

// The scopes that the API tells apart.
const (
	Read         Scope = iota // *:read: reads everything from 3.2.1 on; 3.1.1 does not know it
	Unrestricted              // no list of permissions, or *
	SelfRead                  // accounts.self:read, which covers people/@self only
	Restricted                // a list of areas that covers neither webhooks nor people/@self
)

// Options describe a portal. The zero value is a healthy one of the flat version without webhooks.
type Options struct {
	Version Version
	Key     string // the only key that is accepted; empty means DefaultKey
	Scope   Scope
	Role    Role
	// KeyExpiresOn is the end of the key, which is refused from then on; zero for never. 3.0 has no keys.
	KeyExpiresOn time.Time
	// TimeZone is the portal's zone and ServerZone that of its machine; nil means UTC.
	TimeZone, ServerZone *time.Location
	Alias                string // tenantAlias; empty means p1
	TenantStatus         int    // 0 active, 1 suspended, 2 to be removed, 3 moving, 4 restoring, 5 migrating, 6 encrypting
	Unpaid               bool
	RestrictedIP         bool             // the caller's address is not one of those that the portal lets in
	RateLimit            int              // requests accepted in any minute; 0 for no limit
	Clock                func() time.Time // nil means time.Now; the Date header is its, too
	Webhooks             []Webhook
	Deliveries           []Delivery // of the delivery log, in any order
	// EarlyLog is for V31 only, which is 3.6.1 otherwise: it has the server be 3.1.1, which prints the
	// log's dates like the list's and no names, refuses no count, and knows neither fields nor scopes.
	EarlyLog bool
	// FixedLogDates has the dates of the log be right where versions from 3.5 on are wrong by the
	// offset of the portal's zone: a server on PostgreSQL, or one that nobody has released yet.
	FixedLogDates bool
}

// Portal is a simulated portal. It is an http.Handler and safe for concurrent use.
type Portal struct {
	options Options                       // never changes
	keyEnd  func(now time.Time) time.Time // when the key ends; zero for never

	mu       sync.Mutex
	webhooks func(now time.Time) []Webhook
	log      func(now time.Time) *deliveryLog
	fault    http.Handler
	requests map[string]int
	header   http.Header
	accepted []time.Time // the requests of the last minute, when there is a rate limit
	turned   func(query url.Values)
}

// New returns a portal.
func New(o Options) *Portal {
	o.Key = cmp.Or(o.Key, DefaultKey)
	o.Alias = cmp.Or(o.Alias, "p1")
	o.TimeZone = cmp.Or(o.TimeZone, time.UTC)
	o.ServerZone = cmp.Or(o.ServerZone, time.UTC)
	o.EarlyLog = o.EarlyLog && o.Version == V31
	if o.Clock == nil {
		o.Clock = time.Now
	}
	p := &Portal{options: o, requests: map[string]int{}, keyEnd: func(time.Time) time.Time { return o.KeyExpiresOn }}
	p.SetWebhooks(o.Webhooks)
	p.SetDeliveries(o.Deliveries)
	return p
}

// SetWebhooks replaces the portal's webhooks.
func (p *Portal) SetWebhooks(list []Webhook) {
	list = slices.Clone(list)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.webhooks = func(time.Time) []Webhook { return slices.Clone(list) }
}

// Webhooks returns a copy of the portal's webhooks as they are now.
func (p *Portal) Webhooks() []Webhook {
	p.mu.Lock()
	webhooks := p.webhooks
	p.mu.Unlock()
	return webhooks(p.options.Clock())
}

// Fail has h answer every request from now on; nil heals the portal.
func (p *Portal) Fail(h http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = h
}

// Requests returns how many requests came, those that met a fault included, by path of the API
// such as settings/webhook, or by the whole path if it is none of the API.
func (p *Portal) Requests() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.requests)
}

// LastHeader returns the header of the most recent request; nil before the first.
func (p *Portal) LastHeader() http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.header.Clone()
}

// ServeHTTP answers as the portal does, or as the fault does that was set with Fail.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := p.options.Clock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	p.admit(r, now).ServeHTTP(w, r)
}

// admit notes a request and returns who answers it.
func (p *Portal) admit(r *http.Request, now time.Time) http.Handler {
	_, path, found := strings.Cut(r.URL.Path, apiRoot)
	if !found {
		path = r.URL.Path
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[path]++
	p.header = r.Header.Clone()
	switch {
	case p.fault != nil:
		return p.fault
	case p.overLimit(now):
		return rateLimited(p.options.RateLimit, "")
	case found && r.Method == http.MethodGet:
		return p.endpoint(path)
	default:
		return NotFoundPage()
	}
}

// overLimit tells whether the limit of the last minute is used up, and counts the request if it is
// not. It must be called with the lock held.
func (p *Portal) overLimit(now time.Time) bool {
	if p.options.RateLimit == 0 {
		return false
	}
	p.accepted = slices.DeleteFunc(p.accepted, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(p.accepted) >= p.options.RateLimit {
		return true
	}
	p.accepted = append(p.accepted, now)
	return false
}
