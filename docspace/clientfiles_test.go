package docspace

import (
	"strings"
	"testing"
)

func TestHeaders_NamesAndValuesAreThoseOfHTTP(t *testing.T) {
	t.Parallel()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for b := range 256 {
		s := string([]byte{byte(b)})
		for _, text := range []string{s, "a" + s, s + "a"} {
			token := strings.Trim(text, letters+nameMarks) == ""
			if got := headerName.MatchString(text); got != token {
				t.Errorf("%q is a name: %t, want %t", text, got, token)
			}
			if got, want := validHeaderValue(text), b == '\t' || b >= ' ' && b != 0x7f; got != want {
				t.Errorf("%q is a value: %t, want %t", text, got, want)
			}
		}
	}
	if headerName.MatchString("") {
		t.Error("an empty name is accepted")
	}
}
