package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// location is a portal's settings and the zone in which its wall clock runs.
type location struct {
	settings docspace.Settings
	zone     *time.Location
	zoneErr  error // why zone is only a guess
}

// zoneName is the name of the zone, empty when it is only a guess.
func (l *location) zoneName() string {
	if l.zoneErr != nil {
		return ""
	}
	return l.zone.String()
}

var errNoZone = errors.New("settings name none, so the portal may not have accepted the key")

// readSettings returns the settings of the portal, at worst those of an earlier time or, if it
// never told any, empty ones. It takes a part of the time only, as the rest can do without. Settings without a usable zone are asked for again by the next scrape.
func (p *Portal) readSettings(ctx context.Context) (*location, error) {
	ctx, cancel := withShare(ctx)
	defer cancel()
	var l location
	known := false
	err := p.protect(func() (err error) {
		l, known, err = p.settings.get(p.opts.Clock(), func() (location, bool, error) {
			settings, err := p.client.Settings(ctx)
			if err != nil {
				return location{}, false, err
			}
			l := p.locate(settings)
			return l, l.zoneErr == nil, nil
		})
		return err
	})
	if !known {
		l = p.locate(docspace.Settings{})
	}
	return &l, err
}

func (p *Portal) locate(s docspace.Settings) location {
	zone, err := p.zoneOf(s)
	return location{settings: s, zone: zone, zoneErr: err}
}

func (p *Portal) zoneOf(s docspace.Settings) (*time.Location, error) {
	switch {
	case p.opts.TimeZone != nil:
		return p.opts.TimeZone, nil
	case s.TimeZone == "":
		return time.UTC, errNoZone
	case s.TimeZone == "Local": // the one name that would mean this machine's zone
		return time.UTC, fmt.Errorf("zone %.40q is unknown", s.TimeZone)
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return time.UTC, fmt.Errorf("zone %.40q is unknown", s.TimeZone)
	}
	return zone, nil
}
