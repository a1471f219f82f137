package simulator

import (
	"net/http"
	"time"
)

// settings is GET settings, the part that anybody gets first.
type settings struct {
	Version        string        `json:"version"`
	TenantStatus   int           `json:"tenantStatus"`
	TenantAlias    string        `json:"tenantAlias"`
	Standalone     bool          `json:"standalone"`
	DocSpace       bool          `json:"docSpace"`
	Culture        string        `json:"culture"`
	BaseDomain     string        `json:"baseDomain"`
	OwnerID        string        `json:"ownerId"`
	UTCOffset      string        `json:"utcOffset"`
	UTCHoursOffset float64       `json:"utcHoursOffset"`
	TimeZone       string        `json:"timezone,omitempty"`     // users only: it shows that the key was accepted
	PasswordHash   *passwordHash `json:"passwordHash,omitempty"` // for the anonymous only, who may want to log in
}

type passwordHash struct {
	Size       int    `json:"size"`
	Iterations int    `json:"iterations"`
	Salt       string `json:"salt"`
}

// readSettings answers anonymous callers too, with meaningless values where users get real ones.
func (p *Portal) readSettings(who caller, _ *http.Request) result {
	s := settings{
		Version: p.serverVersion(), TenantStatus: p.options.TenantStatus, TenantAlias: p.options.Alias,
		Standalone: true, DocSpace: true, Culture: "en-US", BaseDomain: "localhost",
		OwnerID: "00000000-0000-0000-0000-000000000000", UTCOffset: "00:00:00",
	}
	if who != known {
		s.PasswordHash = &passwordHash{Size: 256, Iterations: 100_000, Salt: "c2ltdWxhdGVkIHNhbHQ="}
		return result{response: s, count: 1}
	}
	_, seconds := p.options.Clock().In(p.options.TimeZone).Zone()
	offset := time.Duration(seconds) * time.Second
	s.OwnerID, s.TimeZone = ownID, p.options.TimeZone.String()
	s.UTCOffset, s.UTCHoursOffset = timeSpan(offset), offset.Hours()
	return result{response: s, count: 1}
}

// serverVersion is the version as GET settings tells it.
func (p *Portal) serverVersion() string {
	if p.options.EarlyLog {
		return "3.1.1.1234"
	}
	return p.options.Version.server()
}

// timeSpan prints a duration of less than a day as .NET does.
func timeSpan(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return sign + time.Time{}.Add(d).Format(time.TimeOnly)
}
