package collector_test

import (
	"testing"

	"github.com/docspace-exporter/docspace_exporter/collector"
)

func TestRedact_HidesTheWordAfterOneThatAnnouncesASecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Authorization: Bearer s3cret was refused": "Authorization: Bearer … was refused",
		"BASIC s3cret":                      "BASIC …",
		"token=s3cret":                      "token=…",
		"Token: s3cret, try again":          "Token: … try again",
		"the key s3cret is unknown":         "the key … is unknown",
		"api_key : s3cret":                  "api_key : …",
		"X-Api-Key:s3cret":                  "X-Api-Key:…",
		"password == s3cret":                "password == …",
		"password=\"s3 cret\" is wrong":     "password=… is wrong",
		"password='s3 cret' is wrong":       "password=… is wrong",
		"{\"token\":\"s3cret\",\"a\":1}":    "{\"token\":…",
		"Bearer token s3cret":               "Bearer token …",
		"bearer\ns3cret":                    "bearer\uFFFD…",
		"Key:\r\n\ts3cret":                  "Key:\uFFFD\uFFFD\uFFFD…",
		"invalid token":                     "invalid token",
		"Bearer token":                      "Bearer …",
		"The remote certificate is bad":     "The remote certificate is bad",
		"keyboard and tokens are fine":      "keyboard and tokens are fine",
		"(Network Authentication Required)": "(Network Authentication Required)",
	} {
		if got := collector.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
