package docspace

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestSettingsOfEachReleaseAreRead(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]Settings{
		"settings_3.1.json": {Version: "3.1.1.2041", Alias: "p1", TimeZone: "Europe/Berlin"},
		"settings_3.7.json": {Version: "3.7.2.1234", Alias: "p1", TimeZone: "Asia/Kolkata"},
		// A key that was not accepted: the offset 00:00:00 is there, the zone is not.
		"settings_anonymous.json": {Version: "3.6.1.88", Alias: "p1"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got, err := decodeSettings(strings.NewReader(fixture(t, file)))
			if err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

func TestSettingsAreReadLeniently(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       Settings
	}{
		{"bare object", `{"version":"3.7.2.1","tenantAlias":"p1","timezone":"UTC"}`, Settings{Version: "3.7.2.1", Alias: "p1", TimeZone: "UTC"}},
		{"empty", `{"response":{}}`, Settings{}},
		{"empty bare object", `{}`, Settings{}},
		{"nulls", `{"response":{"version":null,"tenantAlias":null,"timezone":null,"tenantStatus":null}}`, Settings{}},
		{"suspended", `{"response":{"tenantStatus":1}}`, Settings{State: TenantSuspended}},
		{"encrypting", `{"response":{"tenantStatus":6}}`, Settings{State: TenantEncrypting}},
		{"a state of the future", `{"response":{"tenantStatus":7}}`, Settings{State: TenantUnknown}},
		{"a state below all", `{"response":{"tenantStatus":-1}}`, Settings{State: TenantUnknown}},
		{"a state that is no number", `{"response":{"tenantStatus":{"id":1},"version":"3.7"}}`, Settings{Version: "3.7", State: TenantUnknown}},
		{"unknown fields", `{"response":{"version":"4.0","tenantStatus":"Active","timezone":"UTC","new":[{}]},"status":0}`, Settings{Version: "4.0", TimeZone: "UTC", State: TenantUnknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeSettings(strings.NewReader(tt.body))
			if err != nil || got != tt.want {
				t.Errorf("got %+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestAnswersThatAreNoSettingsAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, ` `, `<html>hunter2</html>`, `null`, `5`, `"hunter2"`, `[]`, `["hunter2"]`,
		`{"response":null}`, `{"response":[]}`, `{"response":"hunter2"}`, `{"count":1,"status":0,"statusCode":200}`,
		`{"error":{"message":"hunter2"},"status":1,"statusCode":500}`,
		`{"response":{"version":5}}`, `{"response":{"timezone":{"hunter2":1}}}`, `{"response":{}}}`, `{"response":{}}hunter2`, `{} {}`,
	} {
		got, err := decodeSettings(strings.NewReader(body))
		if err == nil {
			t.Errorf("%s: got %+v, want an error", body, got)
			continue
		}
		if classify(err) != ReasonDecode || strings.Contains(err.Error(), "hunter2") || got != (Settings{}) {
			t.Errorf("%s: got %+v, reason %s, text %q", body, got, classify(err), err)
		}
	}
}

func TestSmallAnswerCutAnywhereIsAConnectionFailure(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"settings_3.7.json", "triggers_3.1.json", "triggers_3.7.json"} {
		body := strings.TrimSpace(fixture(t, file))
		for cut := 1; cut < len(body); cut++ {
			if _, err := decodeValue(strings.NewReader(body[:cut])); !errors.Is(err, io.ErrUnexpectedEOF) || classify(err) != ReasonConnection {
				t.Errorf("%s cut at %d: error %v, want %v", file, cut, err, io.ErrUnexpectedEOF)
			}
		}
	}
}

func TestVersionsAreComparedByTheirFirstTwoParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version      string
		major, minor int
		want         bool
	}{
		{"3.0.4.1234", 3, 1, true},
		{"3.1.0.1", 3, 1, false},
		{"3.1.1.2041", 3, 1, false},
		{"3.6.1", 3, 7, true},
		{"3.6", 3, 7, true},
		{"3.7", 3, 7, false},
		{"3.7.2.1234", 3, 7, false},
		{"3.9.0", 3, 10, true}, // numbers, not text
		{"3.10.0", 3, 7, false},
		{"2.6.3", 3, 1, true},
		{"2.10.0", 3, 1, true},
		{"4.0.0", 3, 7, false},
		{"10.0.0", 3, 7, false},
		{"2.99.0", 3, 0, true},
		{"", 3, 7, false}, // what can't be read is not older than any
		{"3", 4, 0, false},
		{"three.0", 4, 0, false},
		{"3.x", 4, 0, false},
		{"3.", 4, 0, false},
		{".0", 4, 0, false},
	} {
		if got := (Settings{Version: tt.version}).Before(tt.major, tt.minor); got != tt.want {
			t.Errorf("%q before %d.%d: %t, want %t", tt.version, tt.major, tt.minor, got, tt.want)
		}
	}
}
