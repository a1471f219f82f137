package docspace

import (
	"strings"
	"unicode"
)

// Printable replaces each character of a portal's or a proxy's words that could move a cursor or turn the reading direction.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
