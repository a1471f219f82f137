package docspace

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
)

// Settings is what the exporter needs of GET settings.
type Settings struct {
	// Version of the server as it says itself, such as 3.7.2.1234.
	Version string `json:"version"`
	// Alias of the portal. A server with several portals answers for a host that it doesn't know
	// with one of them; the alias tells which.
	Alias string `json:"tenantAlias"`
	// TimeZone is the portal's IANA zone. It is missing when the portal did not accept the key:
	// releases before 3.7 then answer with an anonymous form.
	TimeZone string `json:"timezone"`
	// State of the portal, which the API may be shut in.
	State TenantState `json:"tenantStatus"`
}

// settingsFields names the leaves we read.
const settingsFields = "version,tenantAlias,timezone,tenantStatus"

// TenantState is the state of a portal by tenantStatus of GET settings.
type TenantState int

// The states of a portal.
const (
	TenantActive TenantState = iota
	TenantSuspended
	TenantRemovePending
	TenantTransferring
	TenantRestoring
	TenantMigrating
	TenantEncrypting
	TenantUnknown // the portal says something else
)

// UnmarshalJSON reads the number that servers send. Anything else is unknown and no reason to do
// without the other settings.
func (t *TenantState) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	n, err := strconv.Atoi(string(data))
	if err != nil || n < 0 || n >= int(TenantUnknown) {
		n = int(TenantUnknown)
	}
	*t = TenantState(n)
	return nil
}

// Settings reads the portal's own description.
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	r := request{endpoint: EndpointSettings, path: "settings", query: url.Values{"fields": {settingsFields}}}
	s, _, err := get(ctx, c, r, decodeSettings)
	return s, err
}

func decodeSettings(r io.Reader) (Settings, error) {
	raw, err := decodeValue(r)
	if err != nil {
		return Settings{}, err
	}
	if len(raw) == 0 || raw[0] != '{' {
		return Settings{}, fmt.Errorf("%w: settings are not an object", errDecode)
	}
	var s Settings
	if err := json.Unmarshal(raw, &s); err != nil {
		return Settings{}, jsonError(err)
	}
	s.Version, s.Alias, s.TimeZone = cutName(s.Version), cutName(s.Alias), cutName(s.TimeZone)
	return s, nil
}

// Before tells whether the server is older than a release, by the first two parts of its version.
// A version that can't be read is not older than any.
func (s Settings) Before(major, minor int) bool {
	parts := strings.SplitN(s.Version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	gotMajor, err := strconv.Atoi(parts[0])
	if err != nil {
		return false
	}
	gotMinor, err := strconv.Atoi(parts[1])
	if err != nil {
		return false
	}
	return gotMajor < major || gotMajor == major && gotMinor < minor
}
