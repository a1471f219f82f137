package docspace

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// checkClient refuses values that the library accepts, but with which every request would fail.
func (l *fileLoader) checkClient(p *portalNode, c *config.HTTPClientConfig) {
	l.checkHeaders(p)
	if !l.checkAuthorizationType(p, c.Authorization) {
		return
	}
	if err := c.Validate(); err != nil { // its texts name keys and reserved headers, never a value
		l.addTo(p, clientKey, err.Error())
		return
	}
	l.checkBasicAuth(p, c.BasicAuth)
	l.checkProxy(p, c.ProxyURL.URL)
	l.checkTLS(p, &c.TLSConfig)
}

// checkAuthorizationType reports whether requests can have this type of authorization.
func (l *fileLoader) checkAuthorizationType(p *portalNode, auth *config.Authorization) bool {
	if auth == nil {
		return true
	}
	var problem string
	switch name := strings.TrimSpace(auth.Type); {
	case strings.EqualFold(name, "basic"):
		problem = "must not be Basic, use basic_auth"
	case name != "" && !headerName.MatchString(name):
		problem = "must be one word such as Bearer"
	default:
		return true
	}
	l.addTo(p, clientKey+".authorization.type", problem)
	return false
}

func (l *fileLoader) checkBasicAuth(p *portalNode, auth *config.BasicAuth) {
	const key = clientKey + ".basic_auth"
	switch {
	case auth == nil:
	case *auth == config.BasicAuth{}:
		l.addTo(p, key, "has neither a user name nor a password")
	case strings.Contains(auth.Username, ":"):
		l.addTo(p, key+".username", "must not contain a colon")
	}
}

func (l *fileLoader) checkProxy(p *portalNode, u *url.URL) {
	const key = clientKey + ".proxy_url"
	switch {
	case u == nil || u.String() == "":
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		l.addTo(p, key, "must start with http://, https://, socks5:// or socks5h://")
	case u.Hostname() == "":
		l.addTo(p, key, "names no host")
	case !validPort(u.Port()):
		l.addTo(p, key, "has an invalid port (valid: 1 to 65535)")
	}
}

// serverName is a host name as crypto/tls compares it: ASCII, without a port.
var serverName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$`)

func (l *fileLoader) checkTLS(p *portalNode, c *config.TLSConfig) {
	const key = clientKey + ".tls_config"
	if c.MaxVersion != 0 && c.MaxVersion < cmp.Or(c.MinVersion, tls.VersionTLS12) {
		l.addTo(p, key+".max_version", "must not be less than min_version (default TLS12)")
	}
	if c.ServerName != "" && !serverName.MatchString(c.ServerName) && net.ParseIP(c.ServerName) == nil {
		l.addTo(p, key+".server_name", "must be a host name such as portal.example.com, or an IP address")
	}
	if c.CA != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(c.CA)) {
		l.addTo(p, key+".ca", "must be a certificate in PEM")
	}
	if c.Cert == "" || c.Key == "" {
		return
	}
	if _, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key)); err != nil {
		l.addTo(p, key+".cert", "cert and key must be a certificate and its private key, in PEM")
	}
}

// clientHeaders are headers that the HTTP client sets, in addition to those that the library refuses: it
// ignores others, and over HTTP/2 it fails.
var clientHeaders = []string{"Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// checkHeaders checks names and values of all headers. It leaves files to CheckFiles.
func (l *fileLoader) checkHeaders(p *portalNode) {
	client, key := child(p.node, clientKey), join(p.key, clientKey)
	for name, header := range pairs(child(client, "http_headers")) {
		path := key + "." + join("http_headers", name.Value)
		l.checkHeaderName(name, path)
		for source, values := range pairs(header) {
			if source.Value != "files" {
				l.checkHeaderValues(values, join(path, source.Value))
			}
		}
	}
	for name, values := range pairs(child(client, "proxy_connect_header")) {
		path := key + "." + join("proxy_connect_header", name.Value)
		l.checkHeaderName(name, path)
		l.checkHeaderValues(values, path)
	}
}

func (l *fileLoader) checkHeaderName(name *yaml.Node, path string) {
	switch {
	case !headerName.MatchString(name.Value):
		l.add(name.Line, path, "a header's name must consist of letters, digits and "+nameMarks)
	case slices.Contains(clientHeaders, http.CanonicalHeaderKey(name.Value)):
		l.add(name.Line, path, "this header is set by the HTTP client, remove it")
	}
}

func (l *fileLoader) checkHeaderValues(values *yaml.Node, path string) {
	for i, item := range target(values).Content {
		var value string
		if err := target(item).Decode(&value); err != nil || !validHeaderValue(value) {
			l.add(target(item).Line, fmt.Sprintf("%s[%d]", path, i), controlCharacter)
		}
	}
}
