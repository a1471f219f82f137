package docspace

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/common/config"
)

const (
	dialTimeout         = 30 * time.Second // a dial outlives the request that it was made for
	tlsHandshakeTimeout = 10 * time.Second
	idleConnTimeout     = 5 * time.Minute // longer than a scrape interval: connections are kept from scrape to scrape

	maxResponseHeader = 64 << 10  // bytes; as fields they take many times as much
	maxStreamBuffer   = 256 << 10 // bytes of an HTTP/2 response that arrive before they are read

	pingAfter   = 30 * time.Second // without a frame on an HTTP/2 connection
	pingTimeout = 10 * time.Second
)

// keepAlive finds idle HTTP/1.1 connections that a firewall has forgotten, as pings do over HTTP/2.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: pingAfter, Interval: 5 * time.Second, Count: 2}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// newHTTPClient returns an HTTP client for HTTP/1.1 and HTTP/2 whose connections dial makes. It sends no key: the client does.
func (v ValidConfig) newHTTPClient(dial dialFunc) (*http.Client, error) {
	transport, err := v.newTransport(dial)
	if err != nil {
		return nil, fmt.Errorf("HTTP client of portal %s: %w", v.base.Host, err)
	}
	client := &http.Client{Transport: &onceTransport{next: transport}, CheckRedirect: stayOnHost}
	if !v.cfg.HTTPClientConfig.FollowRedirects {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client, nil
}

// newTransport stacks what the configuration asks for on a transport that is made again when one of the certificate files changes.
func (v ValidConfig) newTransport(dial dialFunc) (http.RoundTripper, error) {
	cfg := &v.cfg.HTTPClientConfig
	newRT := func(tlsConfig *tls.Config) (http.RoundTripper, error) {
		return newBaseTransport(cfg, tlsConfig, dial), nil
	}
	tlsConfig, err := config.NewTLSConfig(&cfg.TLSConfig)
	if err != nil {
		return nil, err
	}
	rt, err := config.NewTLSRoundTripper(tlsConfig, certificateReaders(&cfg.TLSConfig), newRT)
	if err != nil {
		return nil, err
	}
	if auth := cfg.BasicAuth; auth != nil {
		username, password := secret(auth.Username, auth.UsernameFile), secret(string(auth.Password), auth.PasswordFile)
		rt = config.NewBasicAuthRoundTripper(username, password, rt)
	}
	if cfg.HTTPHeaders != nil {
		rt = config.NewHeadersRoundTripper(cfg.HTTPHeaders, rt)
	}
	return config.NewUserAgentRoundTripper(v.cfg.UserAgent, rt), nil
}

func newBaseTransport(cfg *config.HTTPClientConfig, tlsConfig *tls.Config, dial dialFunc) *http.Transport {
	t := &http.Transport{
		Proxy:                  cfg.Proxy(),
		ProxyConnectHeader:     cfg.GetProxyConnectHeader(),
		OnProxyConnectResponse: acceptProxy,
		DialContext:            dial,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    tlsHandshakeTimeout,
		DisableCompression:     true, // the client decompresses, because the size is capped after it
		MaxIdleConnsPerHost:    len(Endpoints()),
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		Protocols:              new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			SendPingTimeout: pingAfter, PingTimeout: pingTimeout, MaxReceiveBufferPerStream: maxStreamBuffer,
		},
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(cfg.EnableHTTP2)
	return t
}

// certificateReaders read the certificate files, at each request, to notice that they have changed.
func certificateReaders(c *config.TLSConfig) config.TLSRoundTripperSettings {
	var s config.TLSRoundTripperSettings
	for _, f := range []struct {
		reader *config.SecretReader
		path   string
	}{{&s.CA, c.CAFile}, {&s.Cert, c.CertFile}, {&s.Key, c.KeyFile}} {
		if f.path != "" {
			*f.reader = config.NewFileSecret(f.path)
		}
	}
	return s
}

func secret(text, file string) config.SecretReader {
	if file != "" {
		return config.NewFileSecret(file)
	}
	return config.NewInlineSecret(text)
}

// proxyError is the refusal of a proxy to connect to the portal.
type proxyError struct {
	proxy  string // host and port
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("proxy %s refused to connect to the portal: HTTP %d %s", e.proxy, e.status, http.StatusText(e.status))
}

func acceptProxy(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{proxy: proxy.Host, status: resp.StatusCode}
	}
	return nil
}

// maxRedirects is what net/http allows, too.
const maxRedirects = 10

// stayOnHost refuses redirects to another host, another port or from https to http: another host is not the portal, and must not get
// the key.
func stayOnHost(req *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	if len(via) >= maxRedirects || req.URL.Host != from.Host || req.URL.Scheme != from.Scheme && req.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// authorization is the value of the header Authorization, read from the key's file at each call; empty without a key.
func (c Config) authorization() (string, error) {
	auth := c.HTTPClientConfig.Authorization
	if auth == nil {
		return "", nil
	}
	key := string(auth.Credentials)
	if auth.CredentialsFile != "" {
		var err error
		if key, err = ReadKeyFile(auth.CredentialsFile); err != nil {
			return "", err
		}
	}
	return cmp.Or(auth.Type, "Bearer") + " " + key, nil
}
