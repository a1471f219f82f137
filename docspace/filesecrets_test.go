package docspace

import (
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// everyKey is a file that has every key of a portal's HTTP client, and no error.
const everyKey = `
defaults:
  timeout: 5s
  http_client_config: &client
    tls_config: {ca_file: ca.pem, min_version: TLS12, max_version: TLS13, server_name: acme.example.com}
    proxy_url: http://u:p@proxy.example.com:3128
    no_proxy: localhost
    proxy_connect_header: {X-Proxy: [a, b]}
    follow_redirects: true
    enable_http2: false
portals:
  acme:
    url: https://acme.example.com
    time_zone: Europe/Berlin
    min_interval: 3s
    auto_disable_after: 72h
    max_response_size: 64MiB
    collectors: {webhooks: true, triggers: true, deliveries: true}
    deliveries: {stuck_after: 15m, lookback: 24h, max_pages: 50}
    labels: {team: crm}
    http_client_config:
      authorization: {type: Bearer, credentials: sk-1}
      http_headers: {X-Key: {values: [a], secrets: [b], files: [c]}}
  beta:
    url: https://beta.example.com
    http_client_config:
      basic_auth: {username: u, password: p}
  gamma:
    url: https://gamma.example.com
    http_client_config:
      bearer_token_file: key
      tls_config: {cert_file: c.pem, key_file: k.pem}
`

// planted is what no error may repeat. It is longer than what is shown of a name.
const planted = "hunter2hunter2hunter2hunter2hunter2hunter2hunter2"

// errorLine is the form of each line: the file, the line and, except for what concerns the whole file, the key.
var errorLine = regexp.MustCompile(`^[^:]+/docspace\.yml:[1-9][0-9]*: (this is not YAML|a second document begins|must be a mapping|the name of a key|merge keys|\S.*: ).`)

// wantCleanError fails if the file's error, if any, repeats the planted value or has a line of another form.
func wantCleanError(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	_, err := File{Path: path, Defaults: flagDefaults}.Load()
	if err == nil {
		return
	}
	if strings.Contains(err.Error(), "hunter2") {
		tb.Errorf("the error repeats a value: %v\n%s", err, content)
	}
	for line := range strings.Lines(err.Error()) {
		if !errorLine.MatchString(line) {
			tb.Errorf("the error has another form: %s\n%s", line, content)
		}
	}
}

// nodes lists the nodes of a tree, without the document.
func nodes(n *yaml.Node) []*yaml.Node {
	var all []*yaml.Node
	for _, child := range n.Content {
		all = append(append(all, child), nodes(child)...)
	}
	return all
}

// plant replaces a random node, the name of a key or a value, by a secret of a random kind and tag.
func plant(rng *rand.Rand, n *yaml.Node) {
	tags := []string{"", "", "", "!!null", "!!str", "!!int", "!!float", "!!bool", "!!timestamp", "!!map", "!!seq", "!!set", "!!omap", "!custom", "!!binary"}
	styles := []yaml.Style{0, yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle, yaml.LiteralStyle, yaml.FlowStyle}
	values := []string{
		planted, planted + "\n", planted + " " + planted, "http://u:" + planted + "@x", "https://x:" + planted, "https://x/%" + planted, planted + "://x",
		`"` + planted + `"`, "Bearer " + planted, "KEY=" + planted, planted + "\x7f", "5" + planted, "http://[" + planted,
	}
	scalar := yaml.Node{Kind: yaml.ScalarNode, Value: values[rng.IntN(len(values))], Tag: tags[rng.IntN(len(tags))], Style: styles[rng.IntN(len(styles))]}
	switch rng.IntN(5) {
	case 0:
		*n = yaml.Node{Kind: yaml.SequenceNode, Tag: tags[rng.IntN(4)], Content: []*yaml.Node{&scalar}}
	case 1:
		*n = yaml.Node{Kind: yaml.MappingNode, Tag: tags[rng.IntN(4)], Content: []*yaml.Node{&scalar, {Kind: yaml.ScalarNode, Value: planted}}}
	case 2:
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: []string{"a", "<<", "values", "type", "key", "ca"}[rng.IntN(6)]}
		*n = yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, &scalar}}
	default:
		*n = scalar
	}
}

func TestLoad_ErrorsRepeatNoValue(t *testing.T) {
	t.Parallel()
	path := fileIn(t, everyKey).Path
	rng := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 800 {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(everyKey), &doc); err != nil {
			t.Fatal(err)
		}
		for range 1 + rng.IntN(2) {
			all := nodes(&doc)
			plant(rng, all[rng.IntN(len(all))])
		}
		content, err := marshal(&doc)
		if err != nil {
			refused++ // what the library can't write as text
			continue
		}
		wantCleanError(t, path, content)
		if t.Failed() {
			return
		}
	}
	if refused > 200 {
		t.Errorf("only %d files were read", 800-refused)
	}
}

// marshal is yaml.Marshal, without its panics.
func marshal(n *yaml.Node) (content string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("panic")
		}
	}()
	text, err := yaml.Marshal(n)
	return string(text), err
}

// The texts are cut anywhere, and what YAML has in signs is put in.
func TestLoad_ErrorsOfBrokenTextRepeatNoValue(t *testing.T) {
	t.Parallel()
	path := fileIn(t, everyKey).Path
	rng := rand.New(rand.NewPCG(3, 4))
	marks := []string{" ", "\n", "\n  ", ": ", "- ", "*", "&", "!", "!!null ", "!!int ", "<<: ", "{", "}", "[", "]", "? ", "'", `"`, "|", ">", "%", "@", "`", "#", ",", "\x00", "\xff", "---\n", "~: ", "*client"}
	for range 800 {
		content := []byte(everyKey)
		mark := func() string { return marks[rng.IntN(len(marks))] }
		for _, insert := range []string{mark(), mark(), mark() + planted + mark()} { // the last one stays whole
			content = slices.Insert(content, rng.IntN(len(content)), []byte(insert)...)
		}
		wantCleanError(t, path, string(content))
		if t.Failed() {
			return
		}
	}
}

func FuzzLoad_ErrorsRepeatNoValue(f *testing.F) {
	before, after, _ := strings.Cut(everyKey, "sk-1")
	f.Add(before, after)
	f.Add("portals: {acme: {labels: {a: !!null ", "}}}")
	f.Add("portals: {*", " : x}")
	f.Add("{[", "]}")
	path := fileIn(f, "").Path
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "hunter2") {
			t.Skip("short names are shown")
		}
		wantCleanError(t, path, before+planted+after)
	})
}
