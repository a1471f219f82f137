package docspace

import (
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"
)

// fileKeys are the keys of a configuration file.
type fileKeys struct {
	Defaults portalKeys            `yaml:"defaults"`
	Portals  map[string]portalKeys `yaml:"portals"`
}

// portalKeys are the keys of a portal.
type portalKeys struct {
	URL              string            `yaml:"url"`
	HTTPClientConfig httpClientKeys    `yaml:"http_client_config"`
	Labels           map[string]string `yaml:"labels"`
	PortalSettings   `yaml:",inline"`
}

// httpClientKeys is the library's type without the method that begins with the library's defaults.
type httpClientKeys config.HTTPClientConfig

// mistakes collects what is wrong with a file, one line each. No value is repeated: any could be a
// secret that is in the wrong place.
type mistakes struct {
	path string
	errs []error
}

func (m *mistakes) add(line int, key, text string) {
	if key != "" {
		text = key + ": " + text
	}
	m.errs = append(m.errs, fmt.Errorf("%s:%d: %s", m.path, line, text))
}

// check compares a node with the type that it is decoded into. It is done before decoding, because
// the decoder names no key, repeats values, and lets types that decode themselves pass over keys.
func (m *mistakes) check(n *yaml.Node, key string, t reflect.Type) {
	n = target(n)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kind := t.Kind(); {
	case kind == reflect.Interface:
	case t == reflect.TypeFor[config.Headers]():
		m.checkMapping(n, key, reflect.TypeFor[map[string]config.Header]())
	case kind == reflect.Map, kind == reflect.Struct && t != reflect.TypeFor[config.URL]():
		m.checkMapping(n, key, t)
	case kind == reflect.Slice:
		m.checkList(n, key, t.Elem())
	case isNull(n):
		m.add(n.Line, key, "has no value")
	case n.Tag == nullTag, n.Decode(reflect.New(t).Interface()) != nil:
		m.add(n.Line, key, "must be "+wanted(t))
	}
}

// checkMapping checks each value of a mapping. A key without any, such as portals with nothing
// below it, is an empty one.
func (m *mistakes) checkMapping(n *yaml.Node, key string, t reflect.Type) {
	names, types := keysOf(t)
	mapping := n.Kind == yaml.MappingNode && n.Tag != nullTag
	switch {
	case isNull(n):
		return
	case !mapping && names == nil:
		m.add(n.Line, key, "must be a mapping")
		return
	case !mapping:
		m.add(n.Line, key, "must be a mapping with keys of "+strings.Join(names, ", "))
		return
	}
	lines := map[string]int{}
	for name, value := range pairs(n) {
		if problem := badName(name); problem != "" {
			m.add(name.Line, key, problem)
			continue
		}
		path := join(key, name.Value)
		first, twice := lines[name.Value]
		field, known := types[name.Value]
		switch {
		case twice:
			m.add(name.Line, path, "is there twice, first in line "+strconv.Itoa(first))
		case t.Kind() == reflect.Map:
			m.check(value, path, t.Elem())
		case !known:
			m.add(name.Line, path, "unknown key, known are "+strings.Join(names, ", "))
		default:
			m.check(value, path, field)
		}
		lines[name.Value] = name.Line
	}
}

func (m *mistakes) checkList(n *yaml.Node, key string, element reflect.Type) {
	if n.Kind != yaml.SequenceNode || n.Tag == nullTag {
		m.add(n.Line, key, "must be a list")
		return
	}
	for i, item := range n.Content {
		m.check(item, fmt.Sprintf("%s[%d]", key, i), element)
	}
}

const nullTag = "!!null"

// isNull reports whether a node is a null. The library takes any node that is tagged as one for a null
// and ignores its value.
func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == nullTag && slices.Contains([]string{"", "~", "null", "Null", "NULL"}, n.Value)
}

// badName reports why a node can't be the name of a key, empty if it can. The library would decode it to
// something else than its text, or merge its value into the mapping.
func badName(n *yaml.Node) string {
	var text string
	switch {
	case n.Kind == yaml.AliasNode:
		return "the name of a key must not be an alias"
	case n.Tag == "!!merge":
		return "merge keys (<<) are not supported here"
	case n.Kind != yaml.ScalarNode || n.Decode(&text) != nil || text != n.Value:
		return "the name of a key must be text"
	}
	return ""
}

// keysOf returns the keys of a struct, in its order, and their types; none of a map. It leaves out
// what can't be used here: OAuth 2, as DocSpace has API keys and the library would fetch tokens without
// regard for the time that a scrape has, and references, which need a secret manager.
func keysOf(t reflect.Type) (names []string, types map[string]reflect.Type) {
	if t.Kind() != reflect.Struct {
		return nil, nil
	}
	types = map[string]reflect.Type{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			inner, innerTypes := keysOf(f.Type)
			names = append(names, inner...)
			maps.Copy(types, innerTypes)
		case f.IsExported() && name != "oauth2" && !strings.HasSuffix(name, "_ref"):
			names = append(names, name)
			types[name] = f.Type
		}
	}
	return names, types
}

// wanted describes the values of a type.
func wanted(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 10s or 72h"
	case reflect.TypeFor[units.Base2Bytes]():
		return "a size such as 64MiB"
	case reflect.TypeFor[config.URL]():
		return "a URL"
	case reflect.TypeFor[config.TLSVersion]():
		return "TLS10, TLS11, TLS12 or TLS13"
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[int]():
		return "a whole number"
	default:
		return "text"
	}
}

// pairs are the keys and values of a mapping; none of any other node.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		n = target(n)
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// target is the node that an alias stands for, or the node itself.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// longestName is what a name in a message may have. Keys of portals are longer.
const longestName = 40

// join adds a name to the dotted path of a key. One that would break the line is quoted, and one so
// long that it could be a secret in the wrong place is left out.
func join(key, name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` || name == "" {
		name = quoted
	}
	if len(name) > longestName {
		name = "…"
	}
	if key == "" {
		return name
	}
	return key + "." + name
}
