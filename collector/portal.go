// Package collector turns what a DocSpace portal tells into Prometheus metrics, and serves them.
package collector

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// DefaultPortal names the portal of an exporter that has only one.
const DefaultPortal = "default"

// Client reads a portal, as *docspace.Client does. Its methods return when their context is done.
type Client interface {
	Settings(ctx context.Context) (docspace.Settings, error)
	Webhooks(ctx context.Context) (docspace.WebhookList, error)
	Triggers(ctx context.Context) (docspace.TriggerList, error)
	Log(ctx context.Context, query docspace.LogQuery) (docspace.LogPage, error)
	Key(ctx context.Context) (docspace.Key, error)
	User(ctx context.Context) (docspace.User, error)
	Credential() [sha256.Size]byte
	CertificateExpiry() time.Time
	Close()
}

// PortalOptions say how a portal is read and what is emitted.
type PortalOptions struct {
	// Name of the portal in logs.
	Name string
	// TimeZone in which the portal's wall clock runs; nil means the one that its settings name.
	TimeZone *time.Location
	// Settings of the portal. Of these, TimeZone is above, and its scrapes and its client have the rest.
	Settings docspace.PortalSettings
	// ClearText says that the key is sent to another machine without encryption.
	ClearText bool
	Logger    log.Logger
	Clock     func() time.Time
}

// Portal scrapes one portal. Scrapes that come at the same moment share one fetch.
type Portal struct {
	client     Client
	opts       PortalOptions
	overview   *overview
	collectors []collector
	troubles   *troubles
	logger     log.Logger

	settings cached[location]
	triggers cached[triggerState]
	identity *identity
	logTurn  turn
	log      *deliveryLog // for the fetch that has the turn

	mu          sync.Mutex // guards what follows
	current     *fetch     // that scrapes join
	running     map[*fetch]bool
	recent      *snapshot // of the last complete fetch, that scrapes share
	recentUntil time.Time
	held        *snapshot // of the scrapes that wait to be rendered
	holding     int       // number of those scrapes
	reloads     int
	closed      bool

	fetches sync.WaitGroup
}

// collector translates one part of a snapshot.
type collector interface {
	name() string
	families() []*family
	// outcome tells how reading that part went.
	outcome(s *snapshot) outcome
	// collect emits nothing when that part could not be read.
	collect(s *snapshot, out *emitter)
}

// NewPortal returns a Portal, which closes the client when it is closed itself.
func NewPortal(client Client, opts PortalOptions) *Portal {
	logger := log.With(opts.Logger, "portal", opts.Name)
	p := &Portal{
		client:   client,
		opts:     opts,
		overview: newOverview(),
		troubles: newTroubles(logger, opts.Clock),
		logger:   logger,
		settings: cached[location]{ttl: settingsTTL},
		triggers: cached[triggerState]{ttl: triggersTTL},
		identity: newIdentity(),
		log:      newDeliveryLog(client, opts.Settings.Deliveries, opts.Clock),
		running:  map[*fetch]bool{},
	}
	switched := opts.Settings.Collectors
	if switched.Webhooks {
		p.collectors = append(p.collectors, newWebhooksCollector(opts.Settings.AutoDisableAfter))
	}
	if switched.Triggers {
		p.collectors = append(p.collectors, newTriggersCollector())
	}
	if switched.Deliveries {
		p.collectors = append(p.collectors, newDeliveriesCollector())
	}
	return p
}

// Collector returns a collector for one scrape: ctx reaches every request that it causes.
func (p *Portal) Collector(ctx context.Context) prometheus.Collector {
	return &scrape{ctx: ctx, portal: p}
}

// Close ends the fetches under way, waits for them and drops the connections.
func (p *Portal) Close() {
	p.mu.Lock()
	p.closed = true
	for f := range p.running {
		f.cancel()
	}
	p.mu.Unlock()
	p.fetches.Wait()
	p.client.Close()
}

// scrape is a prometheus.Collector bound to the context of one scrape.
type scrape struct {
	ctx    context.Context
	portal *Portal
}

// Describe sends every description, so that the registry can check what Collect sends.
func (s *scrape) Describe(ch chan<- *prometheus.Desc) {
	families := s.portal.overview.families()
	for _, c := range s.portal.collectors {
		families = append(families, c.families()...)
	}
	for _, f := range families {
		ch <- f.desc
	}
}

// Collect reads the portal and sends every series.
func (s *scrape) Collect(ch chan<- prometheus.Metric) {
	s.portal.emit(s.portal.snapshot(s.ctx), metricsTo(ch))
}

// emit emits everything that a snapshot holds.
func (p *Portal) emit(s *snapshot, out *emitter) {
	p.overview.collect(s, p.collectors, out)
	for _, c := range p.collectors {
		if c.outcome(s).err != nil {
			continue
		}
		_ = p.protect(func() error { // it is logged
			c.collect(s, out)
			return nil
		})
	}
	out.end()
}
