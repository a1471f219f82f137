package docspace

import (
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// fileLoader makes portals of a file whose keys are right.
type fileLoader struct {
	mistakes
	file     File
	defaults *portalNode
	portals  []*ValidPortal
	urls     map[string]string // the name of the portal that has it
}

// portalNode is a portal, or the defaults of all, as it is written.
type portalNode struct {
	key        string
	name, node *yaml.Node
}

func newPortalNode(key string, name, node *yaml.Node) *portalNode {
	return &portalNode{key: key, name: name, node: target(node)}
}

// line is where a dotted key is, or as much of it as there is.
func (p *portalNode) line(key string) int {
	key, rest, _ := strings.Cut(key, ".")
	for name, value := range pairs(p.node) {
		if name.Value == key && rest != "" {
			return newPortalNode("", name, value).line(rest)
		}
		if name.Value == key {
			return name.Line
		}
	}
	return p.name.Line
}

func (l *fileLoader) load(root *yaml.Node) {
	defaults := child(root, "defaults")
	l.defaults = newPortalNode("defaults", defaults, defaults)
	l.read(l.defaults) // so that its mistakes are told once and not for each portal
	if len(l.errs) > 0 {
		return
	}
	for name, n := range pairs(child(root, "portals")) {
		l.loadPortal(newPortalNode(join("portals", name.Value), name, n))
	}
}

func (l *fileLoader) loadPortal(p *portalNode) {
	if !portalName.MatchString(p.name.Value) {
		l.add(p.name.Line, p.key, "a name must consist of letters, digits and . _ -, and begin with a letter or digit")
	}
	keys, zone, ok := l.read(p)
	if !ok {
		return
	}
	client := config.HTTPClientConfig(keys.HTTPClientConfig)
	l.checkKey(p, &client)
	l.portals = append(l.portals, &ValidPortal{
		Name: p.name.Value, URL: keys.URL, Labels: keys.Labels, Settings: keys.PortalSettings, TimeZone: zone,
		place: l.file.Path + ":" + strconv.Itoa(p.line(clientKey)) + ": " + p.key + "." + clientKey + ": ",
		config: ValidConfig{base: l.checkURL(p, keys.URL), cfg: Config{
			URL: keys.URL, HTTPClientConfig: client, MaxResponseSize: int64(keys.MaxResponseSize),
			UserAgent: l.file.UserAgent, Clock: l.file.Clock,
		}.withDefaults()},
	})
}

// clientKey is the key that says how a portal is reached.
const clientKey = "http_client_config"

// read lays the keys of a portal over the defaults, and these over the flags. It is not ok when the
// keys could not be read to the end.
func (l *fileLoader) read(p *portalNode) (keys portalKeys, zone *time.Location, ok bool) {
	keys = portalKeys{HTTPClientConfig: httpClientKeys{EnableHTTP2: true}, PortalSettings: l.file.Defaults}
	client := (*config.HTTPClientConfig)(&keys.HTTPClientConfig)
	for _, n := range []*yaml.Node{l.defaults.node, p.node} {
		if n.Decode(&keys) != nil { // the error is not shown, because it can repeat values
			l.addUndecoded(p, client.TLSConfig.Validate())
			return keys, nil, false
		}
	}
	client.SetDirectory(filepath.Dir(l.file.Path))
	l.checkClient(p, client)
	l.checkLabels(child(p.node, "labels"), p.key+".labels")
	return keys, l.checkSettings(p, keys.PortalSettings), true
}

func (l *fileLoader) addTo(p *portalNode, key, text string) { l.add(p.line(key), p.key+"."+key, text) }

// addUndecoded adds an error for keys that can't be decoded although each was checked. The only one that
// decodes itself and checks a combination of keys is tls_config.
func (l *fileLoader) addUndecoded(p *portalNode, invalidTLS error) {
	if invalidTLS != nil {
		l.addTo(p, clientKey, invalidTLS.Error())
		return
	}
	l.add(p.name.Line, p.key, "cannot be decoded: check its anchors and aliases")
}

// checkKey adds an error if there is no key, or an invalid one. A file that holds one is not read.
func (l *fileLoader) checkKey(p *portalNode, c *config.HTTPClientConfig) {
	if c.Authorization == nil && c.BasicAuth == nil && (c.HTTPHeaders == nil || len(c.HTTPHeaders.Headers) == 0) {
		l.addTo(p, clientKey, "there is no API key, give authorization.credentials_file")
		return
	}
	if err := checkInlineKey(c.Authorization); err != nil {
		l.addTo(p, clientKey, err.Error())
	}
}

func (l *fileLoader) checkURL(p *portalNode, s string) *url.URL {
	if s == "" {
		l.addTo(p, "url", "there is none, give one such as https://portal.example.com")
		return nil
	}
	base, err := parsePortalURL(s)
	if err != nil {
		l.addTo(p, "url", err.Error())
		return nil
	}
	if other, taken := l.urls[base.String()]; taken {
		l.addTo(p, "url", "the portal "+join("", other)+" has it already, each must have its own")
	}
	l.urls[base.String()] = p.name.Value
	return base
}

// checkSettings returns the time zone.
func (l *fileLoader) checkSettings(p *portalNode, s PortalSettings) *time.Location {
	for key, must := range s.Mistakes() {
		l.addTo(p, key, must)
	}
	zone, _ := ParseTimeZone(s.TimeZone) // its error is among the mistakes
	return zone
}

// checkLabels refuses labels that Prometheus would refuse, or that would take the place of its own or
// of a metric's.
func (l *fileLoader) checkLabels(labels *yaml.Node, key string) {
	for name := range pairs(labels) {
		switch path := join(key, name.Value); {
		case !model.LegacyValidation.IsValidLabelName(name.Value):
			l.add(name.Line, path, "a label's name must consist of letters, digits and _, and not begin with a digit")
		case strings.HasPrefix(name.Value, model.ReservedLabelPrefix):
			l.add(name.Line, path, "names that begin with __ are Prometheus's own, choose another")
		case slices.Contains(l.file.ReservedLabels, name.Value):
			l.add(name.Line, path, "the exporter or Prometheus has a label of this name, choose another")
		}
	}
}

// portalName is a name that looks the same in a URL, a label and a shell.
var portalName = regexp.MustCompile(`^[\pL\pN][\pL\pN._-]*$`)

// child is the value of a key of a mapping, an empty node if it is not there.
func child(n *yaml.Node, key string) *yaml.Node {
	for name, value := range pairs(n) {
		if name.Value == key {
			return target(value)
		}
	}
	return &yaml.Node{}
}
