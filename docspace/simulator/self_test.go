package simulator_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// recordedKey is a response of keys/@self as a server sent it, whole or cut down by fields.
type recordedKey struct {
	Version, Zone, Scope, Expires string // a version of versions
	Response                      map[string]any
}

// recordedUser is a response of people/@self as a server sent it, whole or cut down by fields.
type recordedUser struct {
	Version, Role string
	Response      map[string]any
}

func recordedSelf(t *testing.T) (keys []recordedKey, users []recordedUser) {
	t.Helper()
	data, err := os.ReadFile("testdata/self.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Keys  []recordedKey
		Users []recordedUser
	}
	if err := json.Unmarshal(data, &all); err != nil || len(all.Keys) == 0 || len(all.Users) == 0 {
		t.Fatalf("%d keys, %d users, error %v", len(all.Keys), len(all.Users), err)
	}
	return all.Keys, all.Users
}

// shape is an object of JSON with the types of its values instead of these, and without the title of
// a user, which some of the recorded ones do not have.
func shape(object map[string]any) map[string]any {
	types := map[string]any{}
	for name, value := range object {
		if name == "title" {
			continue
		}
		types[name] = reflect.TypeOf(value).String()
		if inner, ok := value.(map[string]any); ok {
			types[name] = shape(inner)
		}
	}
	return types
}

// fieldsOf is the parameter with which a response was requested: none for a whole one, of which
// member is a part.
func fieldsOf(response map[string]any, member string) string {
	if _, whole := response[member]; whole {
		return ""
	}
	return "?fields=" + strings.Join(slices.Sorted(maps.Keys(response)), ",")
}

func TestKey_IsDescribedAsRecorded(t *testing.T) {
	t.Parallel()
	scopes := map[string]simulator.Scope{"*": simulator.Unrestricted, "*:read": simulator.Read}
	keys, _ := recordedSelf(t)
	for _, recorded := range keys {
		o := versions()[recorded.Version]
		o.Clock, o.TimeZone, o.Scope = event, zone(t, recorded.Zone), scopes[recorded.Scope]
		if recorded.Expires != "" {
			end, err := time.Parse(time.RFC3339, recorded.Expires)
			if err != nil {
				t.Fatal(err)
			}
			o.KeyExpiresOn = end
		}
		got := response[map[string]any](t, get(t, simulator.New(o), "keys/@self"+fieldsOf(recorded.Response, "createBy")))
		if !reflect.DeepEqual(shape(got), shape(recorded.Response)) {
			t.Errorf("%s in %s:\n%v, recorded\n%v", recorded.Version, recorded.Zone, shape(got), shape(recorded.Response))
		}
		for _, name := range []string{"expiresAt", "permissions", "isActive"} {
			if !reflect.DeepEqual(got[name], recorded.Response[name]) {
				t.Errorf("%s in %s: %s is %v, recorded %v", recorded.Version, recorded.Zone, name, got[name], recorded.Response[name])
			}
		}
	}
}

func TestKey_NeverRepeatsTheKey(t *testing.T) {
	t.Parallel()
	key := response[map[string]any](t, get(t, simulator.New(simulator.Options{Version: simulator.V37}), "keys/@self"))
	if key["key"] != "sk-***cdef" || key["keyPostfix"] != "cdef" {
		t.Error(key)
	}
}

func TestUser_IsDescribedAsRecorded(t *testing.T) {
	t.Parallel()
	roles := map[string]simulator.Role{
		"owner": simulator.Owner, "admin": simulator.Admin, "room admin": simulator.RoomAdmin,
		"user": simulator.User, "guest": simulator.Guest,
	}
	_, users := recordedSelf(t)
	for _, recorded := range users {
		o := versions()[recorded.Version]
		o.Clock, o.Role, o.Scope, o.TimeZone = event, roles[recorded.Role], simulator.Unrestricted, zone(t, "Europe/Berlin")
		path := "people/@self"
		if o.Version != simulator.V30 && !o.EarlyLog {
			path += fieldsOf(recorded.Response, "email")
		}
		got := response[map[string]any](t, get(t, simulator.New(o), path))
		if !reflect.DeepEqual(shape(got), shape(recorded.Response)) {
			t.Errorf("%s, %s:\n%v, recorded\n%v", recorded.Version, recorded.Role, shape(got), shape(recorded.Response))
		}
		for _, name := range []string{"isOwner", "isAdmin", "isRoomAdmin", "isVisitor", "isCollaborator"} {
			if got[name] != recorded.Response[name] {
				t.Errorf("%s, %s: %s is %v, recorded %v", recorded.Version, recorded.Role, name, got[name], recorded.Response[name])
			}
		}
	}
}

// Whoever requests them whole gets the data of a person, which must appear nowhere.
func TestKeyAndUser_HoldPersonalData(t *testing.T) {
	t.Parallel()
	for name, o := range versions() {
		o.Scope = simulator.Unrestricted
		p := simulator.New(o)
		for _, path := range []string{"keys/@self", "people/@self"} {
			r := get(t, p, path)
			if missing := o.Version == simulator.V30 && path == "keys/@self"; !missing && !strings.Contains(r.body, "grace.hopper@corp.example") {
				t.Errorf("%s of %s: %s", path, name, r.body)
			}
		}
	}
}

// The user object of the key is one that must not be requested as a whole.
func TestKey_WholeObjectBreaksTheConnection(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the portal responded")
		}
	}()
	get(t, simulator.New(simulator.Options{Version: simulator.V37}), "keys/@self?fields=createBy")
}

// self are the statuses of the responses of keys/@self and people/@self.
type self [2]int

// What the portal responds with to each key, user and state, by version.
func TestAccessToKeyAndUser(t *testing.T) {
	t.Parallel()
	const wrong = "Bearer sk-wrong"
	late := simulator.Options{Scope: simulator.Unrestricted, KeyExpiresOn: event()}
	all := simulator.Options{Scope: simulator.Unrestricted}
	role := func(r simulator.Role) simulator.Options {
		return simulator.Options{Scope: simulator.Unrestricted, Role: r}
	}
	status := func(n int) simulator.Options {
		return simulator.Options{Scope: simulator.Unrestricted, TenantStatus: n}
	}
	for _, tc := range []struct {
		name          string
		options       simulator.Options
		authorization string // empty means the right key
		v30, v31, v36 self   // 3.0.4, 3.1.1, and 3.6.1 and later
	}{
		{"unrestricted key", all, "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"*:read", simulator.Options{}, "", self{404, 200}, self{403, 403}, self{200, 200}},
		{"accounts.self:read", simulator.Options{Scope: simulator.SelfRead}, "", self{404, 200}, self{403, 200}, self{200, 200}},
		{"rooms:read", simulator.Options{Scope: simulator.Restricted}, "", self{404, 200}, self{403, 403}, self{200, 403}},
		{"no key", all, " ", self{404, 401}, self{401, 401}, self{401, 401}},
		{"wrong key", all, wrong, self{404, 401}, self{401, 401}, self{401, 401}},
		{"expired key", late, "", self{404, 200}, self{401, 401}, self{401, 401}},
		{"owner", role(simulator.Owner), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"room administrator", role(simulator.RoomAdmin), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"user", role(simulator.User), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"limited user", role(simulator.LimitedUser), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"guest", role(simulator.Guest), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"address", simulator.Options{Scope: simulator.Unrestricted, RestrictedIP: true}, "", self{404, 403}, self{403, 403}, self{403, 403}},
		{"unpaid", simulator.Options{Scope: simulator.Unrestricted, Unpaid: true}, "", self{404, 402}, self{402, 402}, self{402, 402}},
		{"suspended", status(1), "", self{404, 404}, self{404, 404}, self{404, 404}},
		{"to be removed", status(2), "", self{404, 404}, self{404, 404}, self{404, 404}},
		{"moving", status(3), "", self{404, 403}, self{200, 200}, self{200, 200}},
		{"restoring", status(4), "", self{404, 403}, self{200, 200}, self{200, 200}},
		{"migrating", status(5), "", self{404, 200}, self{200, 200}, self{200, 200}},
		{"encrypting", status(6), "", self{404, 403}, self{200, 200}, self{200, 200}},
	} {
		for name, o := range versions() {
			t.Run(tc.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				want := map[string]self{"3.0.4": tc.v30, "3.1.1": tc.v31, "3.6.1": tc.v36, "3.7.2": tc.v36}[name]
				merged := tc.options
				merged.Version, merged.EarlyLog, merged.Clock = o.Version, o.EarlyLog, event
				p := simulator.New(merged)
				var headers []string
				if tc.authorization != "" {
					headers = []string{"Authorization", strings.TrimSpace(tc.authorization)}
				}
				key, user := get(t, p, "keys/@self", headers...), get(t, p, "people/@self", headers...)
				if got := (self{key.status, user.status}); got != want {
					t.Errorf("%v, want %v", got, want)
				}
			})
		}
	}
}

// The bodies of the refusals of keys/@self. 3.1.1 has its own for a request without a key.
func TestBodiesOfRefusals_Key(t *testing.T) {
	t.Parallel()
	const unauthorized = `{"error":{"message":"Unauthorized","type":null,"stack":null,"hresult":0},"status":1,"statusCode":401}`
	for _, tc := range []struct {
		name, authorization string
		options             simulator.Options
		status              int
		body                string
	}{
		{"no keys", "", simulator.Options{Version: simulator.V30}, 404, ""},
		{"restricted", "", simulator.Options{Version: simulator.V31, EarlyLog: true, Scope: simulator.Restricted}, 403, ""},
		{"no key on 3.1.1", " ", simulator.Options{Version: simulator.V31, EarlyLog: true}, 401, unauthorized},
		{"no key", " ", simulator.Options{Version: simulator.V37}, 401, ""},
	} {
		var headers []string
		if tc.authorization != "" {
			headers = []string{"Authorization", strings.TrimSpace(tc.authorization)}
		}
		if r := get(t, simulator.New(tc.options), "keys/@self", headers...); r.status != tc.status || r.body != tc.body {
			t.Errorf("%s: %d, %s", tc.name, r.status, r.body)
		}
	}
}
