package docspace

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

// flagDefaults are what the flags say when the file does not.
var flagDefaults = PortalSettings{
	Timeout: 10 * time.Second, MinInterval: 2 * time.Second, TimeZone: "auto", AutoDisableAfter: 72 * time.Hour, MaxResponseSize: 64 << 20,
	Collectors: CollectorSwitch{Webhooks: true, Triggers: true, Deliveries: true},
	Deliveries: LogSettings{StuckAfter: 15 * time.Minute, Lookback: 24 * time.Hour, MaxPages: 50},
}

// fileIn writes docspace.yml and a key beside it.
func fileIn(tb testing.TB, content string) File {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range map[string]string{"docspace.yml": content, "key": testKey + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return File{Path: filepath.Join(dir, "docspace.yml"), Defaults: flagDefaults, ReservedLabels: []string{"name", "job"}}
}

// with is a file of one good portal and more lines of it, from line 6 on.
func with(lines ...string) string {
	return "portals:\n  acme:\n    http_client_config:\n      authorization: {credentials_file: key}\n    url: https://acme.example.com\n" +
		strings.Join(lines, "\n") + "\n"
}

func TestEveryMistakeInAFileIsOneLineThatSaysWhereAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	const (
		portal  = "url, http_client_config, labels, timeout, min_interval, time_zone, auto_disable_after, max_response_size, collectors, deliveries"
		client  = "basic_auth, authorization, bearer_token, bearer_token_file, tls_config, follow_redirects, enable_http2, proxy_url, no_proxy, proxy_from_environment, proxy_connect_header, http_headers"
		badName = "a name must consist of letters, digits and . _ -, and begin with a letter or digit"
		head    = "portals:\n  acme:\n    url: https://acme.example.com\n    http_client_config:\n"
		key     = head + "      authorization: {credentials_file: key}\n"
		rest    = "    http_client_config: {authorization: {credentials_file: key}}\n"
	)
	for _, tt := range []struct{ name, file, want string }{
		{"not YAML", "portals:\n  acme: [", "2: this is not YAML: did not find expected node content"},
		{"a tab", "portals:\n\tacme: {}", "2: this is not YAML: found character that cannot start any token"},
		{"bad UTF-8", "portals: \xff", "1: this is not YAML: invalid leading UTF-8 octet"},
		{"two documents", "portals: {}\n---\nportals: {}\n", "2: a second document begins, there must be one"},
		{"text", "portals", "1: must be a mapping with keys of defaults, portals"},
		{"a list", "- portals", "1: must be a mapping with keys of defaults, portals"},
		{"unknown key", "portals: {}\nportal: {}", "2: portal: unknown key, known are defaults, portals"},
		{"a list of portals", "portals:\n- acme", "2: portals: must be a mapping"},
		{"a portal that is text", "portals:\n  acme: https://acme.example.com", "2: portals.acme: must be a mapping with keys of " + portal},
		{"an empty portal", "portals:\n  acme:", "2: portals.acme.http_client_config: there is no API key, give authorization.credentials_file\n2: portals.acme.url: there is none, give one such as https://portal.example.com"},
		{"unknown key of a portal", with("    uri: x"), "6: portals.acme.uri: unknown key, known are " + portal},
		{"unknown key of the defaults", "defaults:\n  time-out: 10s", "2: defaults.time-out: unknown key, known are " + portal},
		{"unknown key of the client", head + "      token: x", "5: portals.acme.http_client_config.token: unknown key, known are " + client},
		{"OAuth 2", head + "      oauth2: {client_id: x}", "5: portals.acme.http_client_config.oauth2: unknown key, known are " + client},
		{"unknown key of the authorization", head + "      authorization:\n        credential_file: key", "6: portals.acme.http_client_config.authorization.credential_file: unknown key, known are type, credentials, credentials_file"},
		{"unknown key of a header", head + "      http_headers:\n        X-Key: {value: [x]}", "6: portals.acme.http_client_config.http_headers.X-Key.value: unknown key, known are values, secrets, files"},
		{"unknown key of collectors", with("    collectors: {log: true}"), "6: portals.acme.collectors.log: unknown key, known are webhooks, triggers, deliveries"},
		{"a key twice", with("    url: https://b.example"), "6: portals.acme.url: is there twice, first in line 5"},
		{"a portal twice", with("  acme: {}"), "6: portals.acme: is there twice, first in line 2"},
		{"no value", head + "      authorization: {credentials_file: }", "5: portals.acme.http_client_config.authorization.credentials_file: has no value"},
		{"no URL", "portals:\n  acme:\n" + rest, "2: portals.acme.url: there is none, give one such as https://portal.example.com"},
		{"no scheme", "portals:\n  acme:\n    url: acme.example.com\n" + rest, `3: portals.acme.url: portal URL must start with http:// or https://`},
		{"a list of URLs", "portals:\n  acme:\n    url: [https://acme.example.com]\n" + rest, "3: portals.acme.url: must be text"},
		{"a password in the URL", "portals:\n  acme:\n    url: https://u:hunter2@acme.example.com\n" + rest, "3: portals.acme.url: portal URL holds a user name or password; give credentials in a file"},
		{"one host for two", with("  beta:", "    url: HTTPS://Acme.Example.com", rest), "7: portals.beta.url: the portal acme has it already, each must have its own"},
		{"one URL for two", with("  beta:", "    url: https://acme.example.com/", rest), "7: portals.beta.url: the portal acme has it already, each must have its own"},
		{"a name with a slash", "portals:\n  a/b:\n    url: https://a.example\n" + rest, "2: portals.a/b: " + badName},
		{"a name like a URL", "portals:\n  https://a.example:\n    url: https://a.example\n" + rest, "2: portals.https://a.example: " + badName},
		{"an empty name", "portals:\n  '':\n    url: https://a.example\n" + rest, `2: portals."": ` + badName},
		{"a name of two lines", "portals:\n  \"a\\nb\":\n    url: https://a.example\n" + rest, `2: portals."a\nb": ` + badName},
		{"no key", "portals:\n  acme:\n    url: https://acme.example.com", "2: portals.acme.http_client_config: there is no API key, give authorization.credentials_file"},
		{"an empty authorization", head + "      authorization: {type: Bearer}", "4: portals.acme.http_client_config: API key is empty"},
		{"two keys", head + "      authorization: {credentials: hunter2, credentials_file: key}", "4: portals.acme.http_client_config: at most one of authorization credentials & credentials_file must be configured"},
		{"two words in the key", head + "      authorization: {credentials: hunter2 hunter2}", "4: portals.acme.http_client_config: API key contains white space: it must hold the key alone"},
		{"two ways to authenticate", head + "      authorization: {credentials_file: key}\n      basic_auth: {username: a}", "4: portals.acme.http_client_config: at most one of basic_auth, oauth2 & authorization must be configured"},
		{"a key in the wrong place", head + "      authorization: hunter2", "5: portals.acme.http_client_config.authorization: must be a mapping with keys of type, credentials, credentials_file"},
		{"a key as the name of one", head + "      authorization: {" + testKey + "}", "5: portals.acme.http_client_config.authorization.…: unknown key, known are type, credentials, credentials_file"},
		{"a key for a boolean", head + "      follow_redirects: hunter2", "5: portals.acme.http_client_config.follow_redirects: must be true or false"},
		{"a certificate without its key", head + "      tls_config: {cert_file: a.pem}", "4: portals.acme.http_client_config: exactly one of key or key_file must be configured when a client certificate is configured"},
		{"a TLS version", head + "      tls_config: {min_version: hunter2}", "5: portals.acme.http_client_config.tls_config.min_version: must be TLS10, TLS11, TLS12 or TLS13"},
		{"a proxy", head + "      proxy_url: 'http://u:hunter2@a b'", "5: portals.acme.http_client_config.proxy_url: must be a URL"},
		{"a header that is the client's", head + "      http_headers: {Host: {values: [x]}}", `4: portals.acme.http_client_config: setting header "Host" is not allowed`},
		{"a header that is no list", head + "      http_headers: {X-Key: {secrets: hunter2}}", "5: portals.acme.http_client_config.http_headers.X-Key.secrets: must be a list"},
		{"an item that is no text", head + "      http_headers: {X-Key: {secrets: [{hunter2: x}]}}", "5: portals.acme.http_client_config.http_headers.X-Key.secrets[0]: must be text"},
		{"no unit", with("    timeout: 10"), "6: portals.acme.timeout: must be a duration such as 10s or 72h"},
		{"no unit of the interval", with("    min_interval: 2"), "6: portals.acme.min_interval: must be a duration such as 10s or 72h"},
		{"a negative interval", with("    min_interval: -1s"), "6: portals.acme.min_interval: must not be negative"},
		{"an interval without a value", with("    min_interval:"), "6: portals.acme.min_interval: has no value"},
		{"no time", with("    timeout: 0s"), "6: portals.acme.timeout: must be more than 0"},
		{"a negative grace", with("    auto_disable_after: -1h"), "6: portals.acme.auto_disable_after: must be more than 0"},
		{"no size", with("    max_response_size: 0B"), "6: portals.acme.max_response_size: must be more than 0"},
		{"a size without a unit", with("    max_response_size: 10"), "6: portals.acme.max_response_size: must be a size such as 64MiB"},
		{"unknown zone", with("    time_zone: Mars/Olympus"), "6: portals.acme.time_zone: must be auto or an IANA name such as Europe/Berlin"},
		{"the machine's zone", with("    time_zone: Local"), "6: portals.acme.time_zone: must be auto or an IANA name such as Europe/Berlin"},
		{"a switch that is none", with("    collectors: {webhooks: often}"), "6: portals.acme.collectors.webhooks: must be true or false"},
		{"a list of collectors", with("    collectors: [webhooks]"), "6: portals.acme.collectors: must be a mapping with keys of webhooks, triggers, deliveries"},
		{"a word for a number", with("    deliveries: {max_pages: many}"), "6: portals.acme.deliveries.max_pages: must be a whole number"},
		{"no pages", with("    deliveries:", "      lookback: 1h", "      max_pages: 0"), "8: portals.acme.deliveries.max_pages: must be more than 0"},
		{"no look-back", with("    deliveries: {lookback: 0s}"), "6: portals.acme.deliveries.lookback: must be longer than a delivery takes to be stuck"},
		{"stuck at once", with("    deliveries: {stuck_after: -1s}"), "6: portals.acme.deliveries.stuck_after: must be more than 0"},
		{"a list of labels", with("    labels: [team]"), "6: portals.acme.labels: must be a mapping"},
		{"a label that is a list", with("    labels: {team: [crm]}"), "6: portals.acme.labels.team: must be text"},
		{"a label with a dash", with("    labels:", "      my-team: crm"), "7: portals.acme.labels.my-team: a label's name must consist of letters, digits and _, and not begin with a digit"},
		{"a label of Prometheus", with("    labels: {__address__: evil.example}"), "6: portals.acme.labels.__address__: names that begin with __ are Prometheus's own, choose another"},
		{"a label of a metric", with("    labels: {name: x}"), "6: portals.acme.labels.name: the exporter or Prometheus has a label of this name, choose another"},
		{"mistakes in the defaults are told once", "defaults:\n  timeout: 0s\n  labels: {job: x}\n" + with("  beta: {}"), "3: defaults.labels.job: the exporter or Prometheus has a label of this name, choose another\n2: defaults.timeout: must be more than 0"},
		{"an alias without an anchor", "portals:\n  acme:\n    url: *hunter2", "3: this is not YAML: an alias (*) has no anchor (&)"},
		{"an alias that contains itself", "portals: &hunter2\n  acme: {labels: *hunter2}", "2: portals.acme.labels.acme: must be text"},
		{"a list as the name of a key", head + "      http_headers:\n        {[hunter2]}", "6: portals.acme.http_client_config.http_headers: the name of a key must be text"},
		{"an empty list as the name of a key", head + "      http_headers: {[]}", "5: portals.acme.http_client_config.http_headers: the name of a key must be text"},
		{"a mapping as the name of a portal", "portals:\n  ? {hunter2: x}\n  : {}", "2: portals: the name of a key must be text"},
		{"a null as the name of a key", with("    labels: {~: hunter2}"), "6: portals.acme.labels: the name of a key must be text"},
		{"a binary name of a key", with("    labels: {!!binary aGk=: hunter2}"), "6: portals.acme.labels: the name of a key must be text"},
		{"an alias as the name of a key", with("    labels: {a: &hunter2 b, *hunter2 : c}"), "6: portals.acme.labels: the name of a key must not be an alias"},
		{"a merge key", head + "      http_headers: {<<: {values: [hunter2]}}", "5: portals.acme.http_client_config.http_headers: merge keys (<<) are not supported here"},
		{"a null with a value", head + "      authorization: {credentials: !!null hunter2}", "5: portals.acme.http_client_config.authorization.credentials: must be text"},
		{"a null with a mapping", head + "      authorization: !!null {credentials: hunter2}", "5: portals.acme.http_client_config.authorization: must be a mapping with keys of type, credentials, credentials_file"},
		{"a null with a word for a mapping", head + "      authorization: !!null hunter2", "5: portals.acme.http_client_config.authorization: must be a mapping with keys of type, credentials, credentials_file"},
		{"a null with a list", head + "      http_headers: {X-A: {secrets: !!null [hunter2]}}", "5: portals.acme.http_client_config.http_headers.X-A.secrets: must be a list"},
		{"a number that is none", head + "      authorization: {credentials: !!int hunter2}", "5: portals.acme.http_client_config.authorization.credentials: must be text"},
		{"a key as the URL", "portals:\n  acme:\n    url: hunter2\n" + rest, "3: portals.acme.url: portal URL must start with http:// or https://"},
		{"a key as the port", "portals:\n  acme:\n    url: https://acme.example.com:hunter2\n" + rest, "3: portals.acme.url: portal URL: invalid port"},
		{"quotes around the key", head + "      authorization: {credentials: '\"hunter2\"'}", "4: portals.acme.http_client_config: API key has quotes around the key: remove them"},
		{"a line break after the key", head + "      authorization: {credentials: \"hunter2\\n\"}", "4: portals.acme.http_client_config: API key starts or ends with white space: remove it"},
		{"the name of a header", head + "      http_headers: {X Key: {secrets: [hunter2]}}", "5: portals.acme.http_client_config.http_headers.X Key: a header's name must consist of letters, digits and !#$%&'*+-.^_`|~"},
		{"an empty name of a header", head + "      http_headers: {'': {secrets: [hunter2]}}", "5: portals.acme.http_client_config.http_headers.\"\": a header's name must consist of letters, digits and !#$%&'*+-.^_`|~"},
		{"a header of the connection", head + "      http_headers: {upgrade: {values: [h2c]}}", "5: portals.acme.http_client_config.http_headers.upgrade: this header is set by the HTTP client, remove it"},
		{"a value of two lines", head + "      http_headers:\n        X-A:\n          values: [good, \"hun\\nter2\"]", "7: portals.acme.http_client_config.http_headers.X-A.values[1]: contains a line break or another control character"},
		{"a secret with a control character", head + "      http_headers:\n        X-A: {secrets: [\"hunter2\\0\"]}", "6: portals.acme.http_client_config.http_headers.X-A.secrets[0]: contains a line break or another control character"},
		{"no header", head + "      http_headers: {}", "4: portals.acme.http_client_config: there is no API key, give authorization.credentials_file"},
		{"an authorization of two words", head + "      authorization: {type: API Key, credentials: hunter2}", "5: portals.acme.http_client_config.authorization.type: must be one word such as Bearer"},
		{"a colon after the authorization", head + "      authorization: {type: 'Bearer:', credentials: hunter2}", "5: portals.acme.http_client_config.authorization.type: must be one word such as Bearer"},
		{"basic authorization", head + "      authorization:\n        type: basic\n        credentials: hunter2", "6: portals.acme.http_client_config.authorization.type: must not be Basic, use basic_auth"},
		{"nobody", head + "      basic_auth: {}", "5: portals.acme.http_client_config.basic_auth: has neither a user name nor a password"},
		{"a password in the user name", head + "      basic_auth: {username: 'u:hunter2'}", "5: portals.acme.http_client_config.basic_auth.username: must not contain a colon"},
		{"a proxy of another scheme", key + "      proxy_url: ftp://u:hunter2@proxy", "6: portals.acme.http_client_config.proxy_url: must start with http://, https://, socks5:// or socks5h://"},
		{"a proxy without a scheme", key + "      proxy_url: hunter2:3128", "6: portals.acme.http_client_config.proxy_url: must start with http://, https://, socks5:// or socks5h://"},
		{"a proxy without a host", key + "      proxy_url: http:///hunter2", "6: portals.acme.http_client_config.proxy_url: names no host"},
		{"a port that a proxy can't have", key + "      proxy_url: http://proxy:65536", "6: portals.acme.http_client_config.proxy_url: has an invalid port (valid: 1 to 65535)"},
		{"the name of a header for the proxy", key + "      proxy_url: http://proxy\n      proxy_connect_header: {'X:': [hunter2]}", "7: portals.acme.http_client_config.proxy_connect_header.X:: a header's name must consist of letters, digits and !#$%&'*+-.^_`|~"},
		{"a header of two lines for the proxy", key + "      proxy_url: http://proxy\n      proxy_connect_header: {X-A: [\"hunter2\\r\"]}", "7: portals.acme.http_client_config.proxy_connect_header.X-A[0]: contains a line break or another control character"},
		{"no proxy for the header", key + "      proxy_connect_header: {X-A: [hunter2]}", "4: portals.acme.http_client_config: if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"},
		{"no TLS version that is allowed", key + "      tls_config:\n        min_version: TLS13\n        max_version: TLS12", "8: portals.acme.http_client_config.tls_config.max_version: must not be less than min_version (default TLS12)"},
		{"a TLS version that is off by default", key + "      tls_config: {max_version: TLS11}", "6: portals.acme.http_client_config.tls_config.max_version: must not be less than min_version (default TLS12)"},
		{"a server name with a port", key + "      tls_config: {server_name: 'acme.example.com:443'}", "6: portals.acme.http_client_config.tls_config.server_name: must be a host name such as portal.example.com, or an IP address"},
		{"an authority that is no certificate", key + "      tls_config: {ca: hunter2}", "6: portals.acme.http_client_config.tls_config.ca: must be a certificate in PEM"},
		{"a certificate that is none", key + "      tls_config: {cert: hunter2, key: hunter2}", "6: portals.acme.http_client_config.tls_config.cert: cert and key must be a certificate and its private key, in PEM"},
		{"mistakes of the client in the defaults", "defaults:\n  http_client_config:\n    proxy_url: ftp://x\n" + with(), "3: defaults.http_client_config.proxy_url: must start with http://, https://, socks5:// or socks5h://"},
		{"several mistakes", with("    timeout: soon", "    labels: {team: }"), "6: portals.acme.timeout: must be a duration such as 10s or 72h\n7: portals.acme.labels.team: has no value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fileIn(t, tt.file)
			_, err := f.Load()
			if err == nil {
				t.Fatal("the file is accepted")
			}
			want := f.Path + ":" + strings.ReplaceAll(tt.want, "\n", "\n"+f.Path+":")
			if err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), testKey) {
				t.Error("a secret is repeated")
			}
		})
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	_, err := File{Path: "/none/docspace.yml"}.Load()
	if want := "configuration file: open /none/docspace.yml: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAFileMayHaveNoPortals(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "# nothing yet\n", "---\n", "{}", "portals:", "portals: {}", "defaults:\nportals:\n", "defaults: {timeout: 5s}"} {
		v, err := fileIn(t, content).Load()
		if err != nil || len(v.List()) != 0 {
			t.Errorf("%q: %d portals, %v", content, len(v.List()), err)
		}
	}
}

func TestKeysOfAPortalAreLaidOverTheDefaults(t *testing.T) {
	t.Parallel()
	f := fileIn(t, `
defaults:
  timeout: 5s
  time_zone: Europe/Berlin
  labels: {team: crm, tier: gold}
  collectors: {triggers: false}
  deliveries: {lookback: 12h}
  http_client_config:
    tls_config: &tls {ca_file: ca.pem, min_version: TLS12}
portals:
  zeta:
    url: https://zeta.example.com/docs/
    http_client_config:
      authorization: {credentials_file: key}
  acme:
    url: http://acme.example.com
    timeout: 20s
    min_interval: 0s
    time_zone: auto
    auto_disable_after: 24h
    max_response_size: 1MiB
    labels: {team: erp}
    collectors: {webhooks: false, triggers: true, deliveries: false}
    deliveries: {max_pages: 5}
    http_client_config:
      authorization: {type: Token, credentials: sk-inline}
      follow_redirects: true
      enable_http2: false
      tls_config:
        min_version: TLS13
  1:
    url: https://one.example.com
    http_client_config: {bearer_token_file: /run/key, tls_config: *tls}
`)
	v, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, dir := v.List(), filepath.Dir(f.Path)
	zeta, acme, one := list[0], list[1], list[2]
	if zeta.Name != "zeta" || acme.Name != "acme" || one.Name != "1" {
		t.Errorf("order: %s %s %s", zeta.Name, acme.Name, one.Name)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	ca := config.TLSConfig{CAFile: filepath.Join(dir, "ca.pem"), MinVersion: config.TLSVersions["TLS12"]}
	strict := ca
	strict.MinVersion = config.TLSVersions["TLS13"]
	for _, tt := range []struct {
		portal   *ValidPortal
		settings PortalSettings
		labels   map[string]string
		zone     *time.Location
		client   config.HTTPClientConfig
	}{
		{
			zeta,
			PortalSettings{5 * time.Second, 2 * time.Second, "Europe/Berlin", 72 * time.Hour, 64 << 20, CollectorSwitch{Webhooks: true, Deliveries: true}, LogSettings{15 * time.Minute, 12 * time.Hour, 50}},
			map[string]string{"team": "crm", "tier": "gold"},
			berlin,
			config.HTTPClientConfig{Authorization: &config.Authorization{Type: "Bearer", CredentialsFile: filepath.Join(dir, "key")}, TLSConfig: ca, EnableHTTP2: true},
		},
		{
			acme,
			PortalSettings{20 * time.Second, 0, "auto", 24 * time.Hour, 1 << 20, CollectorSwitch{Triggers: true}, LogSettings{15 * time.Minute, 12 * time.Hour, 5}},
			map[string]string{"team": "erp", "tier": "gold"},
			nil,
			config.HTTPClientConfig{Authorization: &config.Authorization{Type: "Token", Credentials: "sk-inline"}, TLSConfig: strict, FollowRedirects: true},
		},
		{
			one,
			PortalSettings{5 * time.Second, 2 * time.Second, "Europe/Berlin", 72 * time.Hour, 64 << 20, CollectorSwitch{Webhooks: true, Deliveries: true}, LogSettings{15 * time.Minute, 12 * time.Hour, 50}},
			map[string]string{"team": "crm", "tier": "gold"},
			berlin,
			config.HTTPClientConfig{Authorization: &config.Authorization{Type: "Bearer", CredentialsFile: "/run/key"}, TLSConfig: ca, EnableHTTP2: true},
		},
	} {
		got := tt.portal
		if got.Settings != tt.settings || !reflect.DeepEqual(got.Labels, tt.labels) || got.TimeZone.String() != tt.zone.String() {
			t.Errorf("%s: settings %+v, labels %v, zone %v", got.Name, got.Settings, got.Labels, got.TimeZone)
		}
		if client := got.config.cfg.HTTPClientConfig; !reflect.DeepEqual(client, tt.client) {
			t.Errorf("%s: client %+v, want %+v", got.Name, client, tt.client)
		}
		if got.config.cfg.MaxResponseSize != int64(tt.settings.MaxResponseSize) {
			t.Errorf("%s: size %d", got.Name, got.config.cfg.MaxResponseSize)
		}
	}
	if got := zeta.config.base.String(); zeta.URL != "https://zeta.example.com/docs/" || got != "https://zeta.example.com/docs" {
		t.Errorf("URL %s leads to %s", zeta.URL, got)
	}
	if zeta.ClearText() || !acme.ClearText() {
		t.Error("only acme sends its key in clear text")
	}
}

// What one customer does to a key must not stop the monitoring of all others.
func TestKeysAndCertificatesAreTheTroubleOfTheirPortal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, client, check, client2 string }{
		{"good", "authorization: {credentials_file: key}", "", ""},
		{"a missing key file", "authorization: {credentials_file: none}", "API key file DIR/none: no such file or directory", ""},
		{"a key file in the deprecated place", "bearer_token_file: none", "API key file DIR/none: no such file or directory", ""},
		{"a device as key file", "authorization: {credentials_file: /dev/null}", "API key file /dev/null is a device, not a regular file", ""},
		{"a FIFO as key file", "authorization: {credentials_file: fifo}", "API key file DIR/fifo is a FIFO, not a regular file", ""},
		{"an empty key file", "authorization: {credentials_file: empty}", "API key file DIR/empty is empty", ""},
		{"a missing user name file", "basic_auth: {username_file: none, password: hunter2}", "user name file DIR/none: no such file or directory", ""},
		{"a missing password file", "basic_auth: {username: u, password_file: none}", "password file DIR/none: no such file or directory", ""},
		{"a FIFO as password file", "basic_auth: {username: u, password_file: fifo}", "password file DIR/fifo is a FIFO, not a regular file", ""},
		{"a missing file of a header", "{authorization: {credentials_file: key}, http_headers: {X-A: {files: [key, none]}}}", "file of header X-A DIR/none: no such file or directory", ""},
		{"a header of two lines", "http_headers: {X-A: {files: [docspace.yml]}}", "file of header X-A DIR/docspace.yml contains a line break or another control character", ""},
		{
			"a missing certificate", "{authorization: {credentials_file: key}, tls_config: {ca_file: none.pem}}",
			"CA file DIR/none.pem: no such file or directory",
			"CA file DIR/none.pem: no such file or directory",
		},
		{
			"a FIFO as certificate", "{authorization: {credentials_file: key}, tls_config: {cert_file: fifo, key_file: key}}",
			"certificate file DIR/fifo is a FIFO, not a regular file",
			"certificate file DIR/fifo is a FIFO, not a regular file",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fileIn(t, "portals:\n  acme:\n    url: https://acme.example.com\n    http_client_config:\n      "+tt.client)
			writeKey(t, filepath.Join(filepath.Dir(f.Path), "empty"), "\n")
			makeFIFO(t, filepath.Join(filepath.Dir(f.Path), "fifo"))
			v, err := f.Load()
			if err != nil {
				t.Fatal(err)
			}
			place := f.Path + ":4: portals.acme.http_client_config: "
			same := func(err error, want string) {
				t.Helper()
				want = place + strings.ReplaceAll(want, "DIR", filepath.Dir(f.Path))
				if (err == nil) != (want == place) || err != nil && err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
			}
			same(v.List()[0].CheckFiles(), tt.check)
			_, err = v.List()[0].NewClient(nil, nil)
			same(err, tt.client2)
		})
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	load := func(content string) *ValidPortal {
		f := fileIn(t, content)
		f.Path = filepath.Join(filepath.Dir(f.Path), "docspace.yml")
		v, err := f.Load()
		if err != nil {
			t.Fatal(err)
		}
		p := v.List()[0]
		p.config.cfg.HTTPClientConfig.Authorization.CredentialsFile = "key" // not that of the test's directory
		return p
	}
	base := load(with())
	for change, same := range map[string]bool{
		"":                                  true,
		"    # a comment":                   true,
		"    labels: {team: crm}":           true,
		"    timeout: 5s":                   true,
		"    min_interval: 5s":              false,
		"    time_zone: UTC":                false,
		"    auto_disable_after: 24h":       false,
		"    max_response_size: 1MiB":       false,
		"    collectors: {triggers: false}": false,
		"    deliveries: {max_pages: 5}":    false,
		"    collectors: {triggers: true}":  true,
		"  beta: {url: 'https://b.example', http_client_config: {bearer_token: x}}": true,
	} {
		if got := load(with(change)).Same(base); got != same {
			t.Errorf("%q: same is %t", change, got)
		}
	}
	for _, other := range []string{
		strings.Replace(with(), "acme:", "beta:", 1),
		strings.Replace(with(), "acme.example", "b.example", 1),
		strings.Replace(with(), "credentials_file: key", "type: Token, credentials_file: key", 1),
	} {
		if load(other).Same(base) {
			t.Errorf("the same:\n%s", other)
		}
	}
}

// The example that we ship is right, and shows every key of a portal.
func TestTheExampleFile(t *testing.T) {
	t.Parallel()
	f := File{Path: "../deploy/docspace.yml", Defaults: flagDefaults}
	v, err := f.Load()
	if err != nil || len(v.List()) != 2 {
		t.Fatalf("%d portals, %v", len(v.List()), err)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	names, _ := keysOf(reflect.TypeFor[portalKeys]())
	collectors, _ := keysOf(reflect.TypeFor[CollectorSwitch]())
	log, _ := keysOf(reflect.TypeFor[LogSettings]())
	for _, key := range slices.Concat(names, collectors, log) {
		if !strings.Contains(string(text), " "+key+":") {
			t.Errorf("%s is not shown", key)
		}
	}
}
