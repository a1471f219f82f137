package docspace

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// File is a configuration file of several portals. Only Load makes it usable.
type File struct {
	Path string
	// Defaults are for what neither a portal nor the file's own defaults say.
	Defaults PortalSettings
	// ReservedLabels are the names that the labels of a portal may not have.
	ReservedLabels []string
	// UserAgent and Clock are as in Config.
	UserAgent string
	Clock     func() time.Time
}

// ValidPortals are the portals of a configuration without a mistake; the zero value has none.
type ValidPortals struct {
	portals []*ValidPortal
}

// OnePortal is the configuration of a single portal, which no file describes.
func OnePortal(name string, c Config, s PortalSettings) (ValidPortals, error) {
	zone, err := ParseTimeZone(s.TimeZone)
	if err != nil {
		return ValidPortals{}, err
	}
	c.MaxResponseSize = int64(s.MaxResponseSize)
	valid, err := c.Validate()
	if err != nil {
		return ValidPortals{}, err
	}
	return ValidPortals{portals: []*ValidPortal{{Name: name, URL: c.URL, Settings: s, TimeZone: zone, config: valid}}}, nil
}

// List returns the portals in the file's order.
func (v ValidPortals) List() []*ValidPortal { return slices.Clone(v.portals) }

// Load reads and validates the file. The error has one line for each mistake, with the file, line and
// key, and holds no secret. Files that it names are not read: they are a
// problem of their portal alone, see ValidPortal.CheckFiles.
func (f File) Load() (ValidPortals, error) {
	content, err := os.ReadFile(f.Path)
	if err != nil {
		return ValidPortals{}, fmt.Errorf("configuration file: %w", err)
	}
	root, err := f.parse(content)
	if err != nil || root == nil {
		return ValidPortals{}, err
	}
	l := fileLoader{file: f, mistakes: mistakes{path: f.Path}, urls: map[string]string{}}
	l.check(root, "", reflect.TypeFor[fileKeys]())
	if len(l.errs) == 0 {
		l.load(root)
	}
	if len(l.errs) > 0 {
		return ValidPortals{}, errors.Join(l.errs...)
	}
	return ValidPortals{portals: l.portals}, nil
}

var (
	// syntaxError is what the library says of a text that is not YAML.
	syntaxError = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)
	// unknownAnchor is the only one that repeats a part of the text, and it has no line.
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// parse returns the file's only document, nil if it has none.
func (f File) parse(content []byte) (*yaml.Node, error) {
	var doc, next yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(content))
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		err = dec.Decode(&next)
	}
	switch {
	case errors.Is(err, io.EOF):
		return doc.Content[0], nil
	case err == nil:
		return nil, fmt.Errorf("%s:%d: a second document begins, there must be one", f.Path, next.Line)
	}
	found := syntaxError.FindStringSubmatch(err.Error())
	line, problem := cmp.Or(found[1], "1"), found[2]
	if name := unknownAnchor.FindStringSubmatch(problem); name != nil {
		before, _, _ := bytes.Cut(content, []byte("*"+name[1]))
		line, problem = strconv.Itoa(1+bytes.Count(before, []byte("\n"))), "an alias (*) has no anchor (&)"
	}
	return nil, fmt.Errorf("%s:%s: this is not YAML: %s", f.Path, line, problem)
}
