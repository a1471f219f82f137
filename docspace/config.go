package docspace

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"
)

// DefaultMaxResponseSize caps one answer, after decompression, in bytes.
const DefaultMaxResponseSize = 64 << 20

// Config says how to reach one portal. Only Validate makes it usable.
type Config struct {
	// URL is the portal's address. A path prefix is kept.
	URL string
	// HTTPClientConfig holds the credentials, TLS and proxy settings.
	HTTPClientConfig config.HTTPClientConfig
	// MaxResponseSize caps one answer after decompression, in bytes; 0 means DefaultMaxResponseSize.
	MaxResponseSize int64
	// UserAgent is sent with each request.
	UserAgent string
	// Observe, if set, is told of each request sent: its endpoint, its HTTP status (0 when there was
	// no answer) and how long it took until the answer was read or given up.
	Observe func(endpoint Endpoint, status int, took time.Duration)
	// Clock is the time source; nil means time.Now.
	Clock func() time.Time
	// Budget bounds what is decoded at the same time by all clients that share it; nil means that this one shares it with none.
	Budget *Budget
}

// ValidConfig is a Config that passed Validate. NewClient takes nothing else.
type ValidConfig struct {
	cfg  Config
	base *url.URL
}

// Validate checks everything that can be known without a request and without the files that the
// configuration names: a key file that can't be read is an error of each request. The error names the
// setting and holds no secret.
func (c Config) Validate() (ValidConfig, error) {
	base, err := parsePortalURL(c.URL)
	if err != nil {
		return ValidConfig{}, err
	}
	if err := c.HTTPClientConfig.Validate(); err != nil {
		return ValidConfig{}, fmt.Errorf("HTTP client of portal %s: %w", base.Host, err)
	}
	if err := checkInlineKey(c.HTTPClientConfig.Authorization); err != nil {
		return ValidConfig{}, err
	}
	if c.MaxResponseSize < 0 {
		return ValidConfig{}, fmt.Errorf("maximum response size %d is negative", c.MaxResponseSize)
	}
	return ValidConfig{cfg: c.withDefaults(), base: base}, nil
}

func (c Config) withDefaults() Config {
	c.MaxResponseSize = cmp.Or(c.MaxResponseSize, DefaultMaxResponseSize)
	if c.Observe == nil {
		c.Observe = func(Endpoint, int, time.Duration) {}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Budget == nil {
		c.Budget = NewBudget(c.MaxResponseSize)
	}
	return c
}

// ClearText tells whether the key is sent to another machine without encryption.
func (v ValidConfig) ClearText() bool {
	host := v.base.Hostname()
	return v.base.Scheme == "http" && host != "localhost" && !net.ParseIP(host).IsLoopback()
}

// plain is the configuration without its functions, which can't be compared.
func (v ValidConfig) plain() Config {
	v.cfg.Observe, v.cfg.Clock, v.cfg.Budget = nil, nil, nil
	return v.cfg
}

// ParseTimeZone returns the time zone of an IANA name, nil for auto: the one that the portal's
// settings name.
func ParseTimeZone(name string) (*time.Location, error) {
	if name == "auto" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || zone == time.Local || name == "" {
		return nil, fmt.Errorf("%q is neither auto nor an IANA time zone", name)
	}
	return zone, nil
}

// parsePortalURL parses the address of a portal. The error never repeats it: it could be a key in the
// wrong place, or hold a password.
func parsePortalURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err == nil && u.User != nil, (err != nil || u.Host == "") && strings.Contains(s, "@"):
		return nil, errors.New("portal URL holds a user name or password; give credentials in a file")
	case err != nil:
		problem, _, _ := strings.Cut(errors.Unwrap(err).Error(), `"`) // which begins a quotation of the URL
		return nil, errors.New("portal URL: " + strings.TrimSpace(problem))
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("portal URL must end with its path, without ? or #")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("portal URL must start with http:// or https://")
	case u.Hostname() == "":
		return nil, errors.New("portal URL names no host")
	case !validPort(u.Port()):
		return nil, errors.New("portal URL has an invalid port (valid: 1 to 65535)")
	}
	u.Host = strings.ToLower(u.Host) // as redirects within the host spell it
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0
}
