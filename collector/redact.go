package collector

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// hidden stands for what was taken out of a text.
const hidden = "…"

var (
	// theirs is what .NET puts at the end of its texts: the receiver's host or its own words.
	theirs = regexp.MustCompile(`\s\(.*|: ['"].*`)
	// quotation is what .NET quotes elsewhere, such as the URL of a proxy.
	quotation = regexp.MustCompile(`(^|\s)(?:'.*'|'.*|".*"|".*)`)
	// telling is in a word that can be a URL, a path, an address, a host or a key.
	telling = regexp.MustCompile(`://|@|\\|^/.|[A-Za-z0-9+/_=-]{24,}|(?:^|\W)[a-z0-9_-]+(?:\.[a-z0-9_-]+)+`)
	// credential is the word or quotation after one or more words that announce a secret. printable has
	// replaced line breaks by U+FFFD.
	credential = regexp.MustCompile(`(?i)((?:(?:bearer|basic|token|key|password)["']?(?:[\s\x{FFFD}]*[:=]+[\s\x{FFFD}]*|[\s\x{FFFD}]+))+)(?:"[^"]*"?|'[^']*'?|\S)\S*`)
)

// redact makes the text of a failure fit to be shown: it takes out all that can be a URL, a host or a
// secret. What is left are .NET's own words.
func redact(text string) string {
	text = theirs.ReplaceAllStringFunc(docspace.Printable(text), func(found string) string {
		switch {
		case isStatusText(strings.Trim(found, " ().")):
			return found
		case found[0] == ':':
			return ": " + hidden
		default:
			return " (" + hidden + ")"
		}
	})
	text = quotation.ReplaceAllString(text, "${1}"+hidden)
	words := strings.Fields(credential.ReplaceAllString(text, "${1}"+hidden))
	for i, word := range words {
		if telling.MatchString(word) {
			words[i] = hidden
		}
	}
	return strings.Join(words, " ")
}

// isStatusText tells whether words are those that the standard has for a status.
func isStatusText(words string) bool {
	for code := 300; code < 600; code++ {
		if text := http.StatusText(code); text != "" && text == words {
			return true
		}
	}
	return false
}
