package docspace

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Key is what GET keys/@self says about the API key that is sent.
type Key struct {
	// ExpiresOn is when the key ends (field expiresAt), zero for a key without an end.
	ExpiresOn time.Time
}

// Key reads the API key's own description. Portals before 3.1 have no keys, and 3.1 refuses every restricted key.
func (c *Client) Key(ctx context.Context) (Key, error) {
	// Without fields: 3.5.0 spoils its dates when asked for some, and a whole object ends a 3.7 server.
	key, _, err := get(ctx, c, request{endpoint: EndpointKey, path: "keys/@self"}, decodeKey)
	return key, err
}

func decodeKey(r io.Reader) (Key, error) {
	var fields struct {
		ID        json.RawMessage `json:"id"`
		ExpiresAt json.RawMessage `json:"expiresAt"`
	}
	if err := decodeObject(r, &fields); err != nil {
		return Key{}, err
	}
	if fields.ID == nil {
		return Key{}, fmt.Errorf("%w: no API key in it", errDecode)
	}
	end, err := parseInstant(fields.ExpiresAt)
	if err != nil {
		return Key{}, err
	}
	return Key{ExpiresOn: end}, nil
}

// parseInstant reads a date that carries its true offset: RFC 3339 text, or an object with utcTime, as 3.5.0 can send. A date that is
// missing, null or empty is the zero time, one of the year 1 is unknown and an error.
func parseInstant(data json.RawMessage) (time.Time, error) {
	var object struct {
		UTCTime *string `json:"utcTime"`
	}
	text := &object.UTCTime
	if len(data) > 0 && data[0] == '{' {
		if json.Unmarshal(data, &object) != nil || object.UTCTime == nil {
			return time.Time{}, fmt.Errorf("%w: not a date", errDecode)
		}
	} else if len(data) > 0 && json.Unmarshal(data, text) != nil {
		return time.Time{}, fmt.Errorf("%w: not a date", errDecode)
	}
	if *text == nil || **text == "" {
		return time.Time{}, nil
	}
	instant, err := time.Parse(time.RFC3339, **text)
	if err != nil || instant.Year() <= 1 {
		return time.Time{}, fmt.Errorf("%w: not a date", errDecode)
	}
	return instant, nil
}

// User is what GET people/@self says about the user of the API key.
type User struct {
	// Owner and Admin report whether the user owns the portal or is a DocSpace administrator (fields isOwner and isAdmin). Of an
	// owner, releases from 3.5 on do not say that it is an administrator.
	Owner, Admin bool
}

// SeesAll reports whether the user sees every webhook of the portal, and not only its own.
func (u User) SeesAll() bool { return u.Owner || u.Admin }

// userFields names the leaves we read: the rest is personal data.
const userFields = "isOwner,isAdmin"

// User reads the role of the API key's user.
func (c *Client) User(ctx context.Context) (User, error) {
	r := request{endpoint: EndpointUser, path: "people/@self", query: url.Values{"fields": {userFields}}}
	user, _, err := get(ctx, c, r, decodeUser)
	return user, err
}

func decodeUser(r io.Reader) (User, error) {
	var fields struct {
		IsOwner *flag `json:"isOwner"`
		IsAdmin *flag `json:"isAdmin"`
	}
	if err := decodeObject(r, &fields); err != nil {
		return User{}, err
	}
	if fields.IsOwner == nil && fields.IsAdmin == nil {
		return User{}, fmt.Errorf("%w: no user in it", errDecode)
	}
	return User{Owner: fields.IsOwner.isSet(), Admin: fields.IsAdmin.isSet()}, nil
}

// flag is a boolean, also as text or as 0 or 1.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `true`, `"true"`, `"True"`, `1`, `"1"`:
		*f = true
	case `false`, `"false"`, `"False"`, `0`, `"0"`:
		*f = false
	default:
		return fmt.Errorf("%w: not a boolean", errDecode)
	}
	return nil
}

func (f *flag) isSet() bool { return f != nil && bool(*f) }

// decodeObject reads an object in the envelope, or bare.
func decodeObject(r io.Reader, fields any) error {
	raw, err := decodeValue(r)
	if err != nil {
		return err
	}
	if len(raw) == 0 || raw[0] != '{' {
		return fmt.Errorf("%w: not an object", errDecode)
	}
	return jsonError(json.Unmarshal(raw, fields))
}
