package docspace

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

const testKey = "sk-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestPortalURLsKeepTheirPathAndLoseTheSlash(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://portal.example":               "https://portal.example",
		"https://portal.example/":              "https://portal.example",
		"https://portal.example///":            "https://portal.example",
		"http://portal.example:8092":           "http://portal.example:8092",
		"http://[2001:db8::1]:8092/":           "http://[2001:db8::1]:8092",
		"https://portal.example/docspace":      "https://portal.example/docspace",
		"https://portal.example/docspace/":     "https://portal.example/docspace",
		"https://portal.example/a%2Fb/c/":      "https://portal.example/a%2Fb/c",
		"https://portal.example/@team/":        "https://portal.example/@team",
		"HTTPS://Portal.Example/Docs":          "https://portal.example/Docs",
		"https://bücher.example/":              "https://b%C3%BCcher.example",
		"https://portal.example/doc%20space//": "https://portal.example/doc%20space",
	} {
		v, err := Config{URL: given, HTTPClientConfig: KeyFromValue(testKey)}.Validate()
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if got := v.base.String(); got != want {
			t.Errorf("%s became %s, want %s", given, got, want)
		}
	}
}

func TestBadPortalURLsAreRefusedInOneLineWithoutThePassword(t *testing.T) {
	t.Parallel()
	const (
		credentials = "portal URL holds a user name or password; give credentials in a file"
		scheme      = "portal URL must start with http:// or https://"
		suffix      = "portal URL must end with its path, without ? or #"
	)
	for _, tt := range []struct{ url, want string }{
		{"", scheme},
		{"portal.example", scheme},
		{"portal.example/docs", scheme},
		{"portal.example:8092", scheme},
		{"//portal.example", scheme},
		{"ftp://portal.example", scheme},
		{"unix:///run/portal.sock", scheme},
		{"https://", "portal URL names no host"},
		{"https://portal.example:0", "portal URL has an invalid port (valid: 1 to 65535)"},
		{"https://portal.example:65536", "portal URL has an invalid port (valid: 1 to 65535)"},
		{"https:///docs", "portal URL names no host"},
		{"https://:8092", "portal URL names no host"},
		{"https:portal.example", "portal URL names no host"},
		{"https://portal.example:port", "portal URL: invalid port"},
		{"https://portal example", "portal URL: invalid character"},
		{"https://[2001:db8::1", `portal URL: missing ']' in host`},
		{"https://portal.example/%zz", "portal URL: invalid URL escape"},
		{"https://portal.example\n", `portal URL: net/url: invalid control character in URL`},
		{" https://portal.example", `portal URL: first path segment in URL cannot contain colon`},
		{"https://portal.example?token=hunter2", suffix},
		{"https://portal.example/#hunter2", suffix},
		{"https://?token=hunter2", suffix},
		{"ftp://portal.example/?token=hunter2", suffix},
		{"https://admin@portal.example", credentials},
		{"https://admin:hunter2@portal.example", credentials},
		{"https://:hunter2@portal.example", credentials},
		{"ftp://admin:hunter2@portal.example", credentials},
		{"//admin:hunter2@portal.example", credentials},
		{"admin:hunter2@portal.example", credentials},
		{"https:admin:hunter2@portal.example", credentials},
		{"https:///admin:hunter2@portal.example", credentials},
		{"https://admin:hunter2/x@portal.example", credentials},
		{"https://admin:hunter2#x@portal.example", credentials},
		{"https://admin:hunter2?x@portal.example", credentials},
		{"https://admin:%hunter2@portal.example", credentials},
		{"https://admin:hunter2@portal.example:port", credentials},
		{"https://admin:hunter2 @portal.example\n", credentials},
		{" https://admin:hunter2@portal.example", credentials},
	} {
		_, err := Config{URL: tt.url, HTTPClientConfig: KeyFromValue(testKey)}.Validate()
		if err == nil {
			t.Errorf("%q is accepted", tt.url)
			continue
		}
		if got := err.Error(); got != tt.want {
			t.Errorf("%q: %s\nwant %s", tt.url, got, tt.want)
		}
	}
}

// Inline credentials are sent as they are, so white space that KeyFromValue would drop is an error.
func TestInlineKeyIsNotTrimmedBehindTheOperatorsBack(t *testing.T) {
	t.Parallel()
	client := config.DefaultHTTPClientConfig
	client.Authorization = &config.Authorization{Credentials: testKey + "\n"}
	if _, err := (Config{URL: "https://portal.example", HTTPClientConfig: client}).Validate(); err == nil {
		t.Error("a key that can't be sent is accepted")
	} else if strings.Contains(err.Error(), testKey) {
		t.Errorf("the error quotes the key: %v", err)
	}
}

func TestOtherSettingsAreChecked(t *testing.T) {
	t.Parallel()
	both := KeyFromValue(testKey)
	both.BasicAuth = &config.BasicAuth{Username: "admin", Password: "hunter2"}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{
			"two ways to authenticate",
			Config{HTTPClientConfig: both},
			"HTTP client of portal portal.example: at most one of basic_auth, oauth2 & authorization must be configured",
		},
		{"negative size", Config{HTTPClientConfig: KeyFromValue(testKey), MaxResponseSize: -1}, "maximum response size -1 is negative"},
		{
			"key in the deprecated place",
			Config{HTTPClientConfig: config.HTTPClientConfig{BearerToken: "a b"}},
			"API key contains white space: it must hold the key alone",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.cfg.URL = "https://portal.example/docs"
			_, err := tt.cfg.Validate()
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestMissingSettingsGetDefaults(t *testing.T) {
	t.Parallel()
	v, err := Config{URL: "https://portal.example"}.Validate() // a portal behind a proxy that adds the key
	if err != nil {
		t.Fatal(err)
	}
	if v.cfg.MaxResponseSize != 64<<20 {
		t.Errorf("size %d, want 64 MiB", v.cfg.MaxResponseSize)
	}
	v.cfg.Observe(EndpointSettings, 200, time.Second)
	if age := time.Since(v.cfg.Clock()).Abs(); age > time.Minute {
		t.Errorf("the clock is %v off", age)
	}
}

func TestGivenSettingsAreKept(t *testing.T) {
	t.Parallel()
	observed, now := 0, time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	v, err := Config{
		URL: "https://portal.example", MaxResponseSize: 5, UserAgent: "test/1",
		Observe: func(Endpoint, int, time.Duration) { observed++ },
		Clock:   func() time.Time { return now },
	}.Validate()
	if err != nil {
		t.Fatal(err)
	}
	v.cfg.Observe(EndpointSettings, 200, time.Second)
	if observed != 1 || !v.cfg.Clock().Equal(now) || v.cfg.MaxResponseSize != 5 || v.cfg.UserAgent != "test/1" {
		t.Errorf("got %+v, observed %d", v.cfg, observed)
	}
}

func TestKeysComeAsBearerAndDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]config.HTTPClientConfig{
		"file": KeyFromFile("/run/key"), "value": KeyFromValue(" " + testKey + "\n"),
	} {
		if client.FollowRedirects || !client.ProxyFromEnvironment || client.Authorization.Type != "Bearer" {
			t.Errorf("%s: got %+v", name, client)
		}
	}
	if got := string(KeyFromValue(" " + testKey + "\n").Authorization.Credentials); got != testKey {
		t.Errorf("the key is %q, want it without white space", got)
	}
	if got := KeyFromFile("/run/key").Authorization.CredentialsFile; got != "/run/key" {
		t.Errorf("the key file is %q", got)
	}
}

func TestConfigurationThatWasNotValidatedIsRefused(t *testing.T) {
	t.Parallel()
	c, err := NewClient(ValidConfig{})
	if c != nil || err == nil || err.Error() != "configuration was not validated" {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestTLSFileThatIsNotThereIsRefusedByNewClient(t *testing.T) {
	t.Parallel()
	client := KeyFromValue(testKey)
	client.TLSConfig.CAFile = filepath.Join(t.TempDir(), "missing.pem")
	v, err := Config{URL: "https://portal.example", HTTPClientConfig: client}.Validate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = NewClient(v); err == nil || !strings.HasPrefix(err.Error(), "HTTP client of portal portal.example: ") ||
		!strings.Contains(err.Error(), client.TLSConfig.CAFile) {
		t.Errorf("error %v, want one that names the portal and the file", err)
	}
}

func TestTimeZones(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"auto": "", "UTC": "UTC", "Asia/Kolkata": "Asia/Kolkata"} {
		zone, err := ParseTimeZone(name)
		if err != nil || (zone == nil) != (want == "") || zone != nil && zone.String() != want {
			t.Errorf("%s: %v, %v", name, zone, err)
		}
	}
	for _, name := range []string{"", "Local", "Mars/Olympus", "AUTO", "../etc/passwd"} {
		if _, err := ParseTimeZone(name); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestClearText(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://portal.example": false, "http://portal.example": true, "http://192.0.2.1:80": true,
		"http://localhost:8092": false, "http://127.0.0.1": false, "http://[::1]:8092": false,
	} {
		v, err := Config{URL: address}.Validate()
		if err != nil || v.ClearText() != want {
			t.Errorf("%s: %t, %v", address, v.ClearText(), err)
		}
	}
}

// Where redirects are followed, they are to the same portal or not at all.
func TestRedirectsLeadToTheSameHost(t *testing.T) {
	t.Parallel()
	get := func(address string) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	for _, tt := range []struct {
		from, to string
		followed bool
	}{
		{"https://a.example/x", "https://a.example/y", true},
		{"http://a.example/x", "https://a.example/x", true},
		{"https://a.example/x", "http://a.example/x", false},
		{"https://a.example/x", "https://b.example/x", false},
		{"https://a.example/x", "https://sub.a.example/x", false},
		{"https://a.example/x", "https://a.example:8443/x", false},
	} {
		if err := stayOnHost(get(tt.to), []*http.Request{get(tt.from)}); (err == nil) != tt.followed {
			t.Errorf("%s to %s: %v", tt.from, tt.to, err)
		}
	}
	round := slices.Repeat([]*http.Request{get("https://a.example/")}, maxRedirects)
	if stayOnHost(round[0], round) == nil {
		t.Error("redirects are followed for ever")
	}
}
