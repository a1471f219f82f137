package collector

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// Portals are those that are configured. Each has its own client and caches, so that none waits
// for another.
type Portals struct {
	exporter *Exporter
	logger   log.Logger
	clock    func() time.Time
	budget   *docspace.Budget // of the responses that are decoded at the same time

	applying sync.Mutex // one change of the set at a time
	mu       sync.RWMutex
	current  portalSet       // guarded by mu, never written to once it is here
	closed   bool            // guarded by applying
	retiring map[*watch]bool // guarded by applying: no longer configured, but still scraped
	closing  sync.WaitGroup
}

// portalSet is the portals of one configuration.
type portalSet struct {
	list     []*member // in the file's order
	byName   map[string]*member
	byTarget map[string]*member // by name and by URL
}

// member is a portal and its configuration.
type member struct {
	*docspace.ValidPortal
	*watch
}

// watch is a portal with the scrapes that use it.
type watch struct {
	portal  *Portal
	scrapes sync.WaitGroup
}

// decodingBudget is how many bytes of responses may be decoded at the same time, over all portals.
const decodingBudget = 64 << 20

// NewPortals returns an empty set, whose requests are counted by the exporter.
func NewPortals(e *Exporter, logger log.Logger, clock func() time.Time) *Portals {
	return &Portals{exporter: e, logger: logger, clock: clock, budget: docspace.NewBudget(decodingBudget), retiring: map[*watch]bool{}}
}

// Apply replaces the portals by those of a configuration, all or, on an error, none. A portal that is still
// the same goes on with what it knows. One that is not any more is closed when its last scrape has
// ended, for which Apply does not wait.
func (p *Portals) Apply(config docspace.ValidPortals) error {
	p.applying.Lock()
	defer p.applying.Unlock()
	if p.closed {
		return errors.New("the exporter is being stopped")
	}
	next, err := p.build(config)
	if err != nil {
		return err
	}
	before := p.replace(next)
	p.retire(before, next)
	p.exporter.Loaded(p.clock())
	level.Info(p.logger).Log("msg", "configuration is loaded", "portals", len(next.list))
	return nil
}

// build makes the set of a configuration, with the portals there are where they are the same.
func (p *Portals) build(config docspace.ValidPortals) (portalSet, error) {
	portals := config.List()
	next := portalSet{byName: make(map[string]*member, len(portals)), byTarget: make(map[string]*member, 2*len(portals))}
	var created []*member
	for _, conf := range portals {
		m := &member{ValidPortal: conf}
		if old := p.current.byName[conf.Name]; old != nil && old.Same(conf) {
			m.watch = old.watch
			m.portal.reloaded()
		} else {
			client, err := conf.NewClient(p.exporter.Observer(conf.Name), p.budget)
			if err != nil {
				p.discard(created)
				p.forget(conf.Name)
				return portalSet{}, err
			}
			m.watch = &watch{portal: p.newPortal(client, conf)}
			created = append(created, m)
		}
		next.list = append(next.list, m)
		next.byName[conf.Name] = m
		next.byTarget[conf.Name], next.byTarget[conf.URL] = m, m
	}
	for _, m := range created {
		p.warn(m.ValidPortal)
	}
	return next, nil
}

func (p *Portals) newPortal(client Client, conf *docspace.ValidPortal) *Portal {
	return NewPortal(client, PortalOptions{
		Name: conf.Name, TimeZone: conf.TimeZone, Settings: conf.Settings, ClearText: conf.ClearText(), Logger: p.logger, Clock: p.clock,
	})
}

// warn tells of what is no mistake of the file, but will be a trouble of the portal.
func (p *Portals) warn(conf *docspace.ValidPortal) {
	logger := level.Warn(log.With(p.logger, "portal", conf.Name))
	if conf.ClearText() {
		logger.Log("msg", "the API key is sent in clear text, use https")
	}
	if err := conf.CheckFiles(); err != nil {
		logger.Log("msg", "the portal cannot be read until this is mended", "err", err)
	}
}

// discard drops portals that were made in vain.
func (p *Portals) discard(created []*member) {
	for _, m := range created {
		m.portal.Close()
		p.forget(m.Name)
	}
}

// replace returns what the set was before.
func (p *Portals) replace(next portalSet) portalSet {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.current
	p.current = next
	return before
}

// retire closes the portals that are no longer used, each as soon as its scrapes have ended.
func (p *Portals) retire(before, next portalSet) {
	for name, m := range before.byName {
		if now := next.byName[name]; now != nil && now.watch == m.watch {
			continue
		}
		p.retiring[m.watch] = true
		p.closing.Go(func() {
			m.scrapes.Wait()
			m.portal.Close()
			p.applying.Lock()
			defer p.applying.Unlock()
			delete(p.retiring, m.watch)
			p.forget(name)
		})
	}
}

// forget drops what was counted of a portal, unless it is configured. It must be called with applying
// held.
func (p *Portals) forget(name string) {
	if p.current.byName[name] == nil {
		p.exporter.Forget(name)
	}
}

// Target is a portal and the time that it has for its answers, unless Prometheus says.
type Target struct {
	*Portal
	Timeout time.Duration
}

// All returns the portals in the file's order.
func (p *Portals) All() []Target {
	members := p.configured()
	all := make([]Target, len(members))
	for i, m := range members {
		all[i] = m.target()
	}
	return all
}

// Named returns the portal with a name, and all of them for an empty one.
func (p *Portals) Named(name string) ([]Target, error) {
	if name == "" {
		return p.All(), nil
	}
	for _, m := range p.configured() {
		if m.Name == name {
			return []Target{m.target()}, nil
		}
	}
	return nil, fmt.Errorf("there is no portal %q", name)
}

func (m *member) target() Target { return Target{Portal: m.portal, Timeout: m.Settings.Timeout} }

// acquire returns the portal with a name or URL, nil if there is none. Its caller must call
// scrapes.Done.
func (p *Portals) acquire(target string) *member {
	p.mu.RLock()
	defer p.mu.RUnlock()
	m := p.current.byTarget[target]
	if m != nil {
		m.scrapes.Add(1)
	}
	return m
}

// configured returns the portals in the file's order.
func (p *Portals) configured() []*member {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.current.list
}

// CheckFiles tells whether the keys and certificates of all portals can be read.
func (p *Portals) CheckFiles() error {
	members := p.configured()
	errs := make([]error, len(members))
	for i, m := range members {
		errs[i] = m.CheckFiles()
	}
	return errors.Join(errs...)
}

// Close ends all scrapes, waits for them and drops the connections.
func (p *Portals) Close() {
	p.applying.Lock()
	p.closed = true
	watches := slices.Collect(maps.Keys(p.retiring))
	for _, m := range p.current.list {
		watches = append(watches, m.watch)
	}
	p.applying.Unlock()
	for _, w := range watches {
		p.closing.Go(w.portal.Close)
	}
	p.closing.Wait()
}
