package docspace

import (
	"fmt"
	"iter"
	"reflect"
	"time"

	"github.com/alecthomas/units"
)

// PortalSettings are what can be said of a portal beside its address and how to reach it.
type PortalSettings struct {
	// Timeout of one scrape when Prometheus does not say.
	Timeout time.Duration `yaml:"timeout"`
	// MinInterval is how long scrapes share the snapshot of a complete fetch, counted from its end; 0 for never.
	MinInterval time.Duration `yaml:"min_interval"`
	// TimeZone is what ParseTimeZone reads.
	TimeZone string `yaml:"time_zone"`
	// AutoDisableAfter is how long the portal puts up with a webhook without success.
	AutoDisableAfter time.Duration `yaml:"auto_disable_after"`
	// MaxResponseSize caps one answer, after decompression.
	MaxResponseSize units.Base2Bytes `yaml:"max_response_size"`
	Collectors      CollectorSwitch  `yaml:"collectors"`
	Deliveries      LogSettings      `yaml:"deliveries"`
}

// Mistakes are the keys whose values make no sense, and what these must be.
func (s *PortalSettings) Mistakes() iter.Seq2[string, string] {
	return func(yield func(key, must string) bool) {
		const positive = "must be more than 0"
		for _, c := range []struct {
			key  string
			good bool
			must string
		}{
			{"timeout", s.Timeout > 0, positive},
			{"min_interval", s.MinInterval >= 0, "must not be negative"},
			{"auto_disable_after", s.AutoDisableAfter > 0, positive},
			{"max_response_size", s.MaxResponseSize > 0, positive},
			{"deliveries.stuck_after", s.Deliveries.StuckAfter > 0, positive},
			{"deliveries.lookback", s.Deliveries.Lookback > s.Deliveries.StuckAfter, "must be longer than a delivery takes to be stuck"},
			{"deliveries.max_pages", s.Deliveries.MaxPages > 0, positive},
		} {
			if !c.good && !yield(c.key, c.must) {
				return
			}
		}
		if _, err := ParseTimeZone(s.TimeZone); err != nil {
			yield("time_zone", "must be auto or an IANA name such as Europe/Berlin")
		}
	}
}

// CollectorSwitch tells which collectors are on.
type CollectorSwitch struct {
	Webhooks   bool `yaml:"webhooks"`
	Triggers   bool `yaml:"triggers"`
	Deliveries bool `yaml:"deliveries"`
}

// LogSettings say how the delivery log is read.
type LogSettings struct {
	// StuckAfter is how long a delivery may be pending before it is stuck.
	StuckAfter time.Duration `yaml:"stuck_after"`
	// Lookback is how long a pending delivery is looked at.
	Lookback time.Duration `yaml:"lookback"`
	// MaxPages is how many pages of 100 rows one scrape may read to catch up.
	MaxPages int `yaml:"max_pages"`
}

// ValidPortal is a portal whose configuration has no mistake.
type ValidPortal struct {
	Name string
	// URL as the file spells it.
	URL string
	// Labels are for service discovery.
	Labels   map[string]string
	Settings PortalSettings
	// TimeZone in which the portal's wall clock runs; nil means the one that its settings name.
	TimeZone *time.Location

	config ValidConfig
	place  string // of its client's configuration in the file, with a colon
}

// NewClient returns a client for the portal, with observe and budget as in Config. It fails when a
// certificate can't be read.
func (p *ValidPortal) NewClient(observe func(Endpoint, int, time.Duration), budget *Budget) (*Client, error) {
	v := p.config
	v.cfg.Observe, v.cfg.Budget = observe, budget
	if err := checkFiles(tlsFiles(v.cfg.HTTPClientConfig)); err != nil { // else NewClient could block on a FIFO
		return nil, fmt.Errorf("%s%w", p.place, err)
	}
	client, err := NewClient(v)
	if err != nil {
		return nil, fmt.Errorf("%s%w", p.place, err)
	}
	return client, nil
}

// CheckFiles fails if a file that the portal's configuration names can't be used: the API key, a
// certificate, a user name, a password or a header.
func (p *ValidPortal) CheckFiles() error {
	if err := checkAllFiles(p.config.cfg.HTTPClientConfig); err != nil {
		return fmt.Errorf("%s%w", p.place, err)
	}
	made, err := p.NewClient(p.config.cfg.Observe, p.config.cfg.Budget)
	if err != nil {
		return err
	}
	made.Close()
	return nil
}

// ClearText tells whether the key is sent to another machine without encryption.
func (p *ValidPortal) ClearText() bool { return p.config.ClearText() }

// Same tells whether a portal that is being watched can go on as it is with the configuration o: all
// but its labels and timeout are the same.
func (p *ValidPortal) Same(o *ValidPortal) bool {
	settings := p.Settings
	settings.Timeout = o.Settings.Timeout
	return p.Name == o.Name && settings == o.Settings && reflect.DeepEqual(p.config.plain(), o.config.plain())
}
