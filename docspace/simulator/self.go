package simulator

import (
	"net/http"
	"strings"
	"time"
)

// ownKey is GET keys/@self, the key that is sent.
type ownKey struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Key         string   `json:"key"` // the first and the last letters
	KeyPostfix  string   `json:"keyPostfix"`
	Permissions []string `json:"permissions"` // empty for all
	LastUsed    string   `json:"lastUsed"`
	CreateOn    string   `json:"createOn"`
	CreateBy    *person  `json:"createBy"`
	ExpiresAt   string   `json:"expiresAt,omitempty"`
	IsActive    bool     `json:"isActive"`
}

// readKey describes the key of the portal.
func (p *Portal) readKey(_ caller, r *http.Request) result {
	postfix := p.options.Key[max(0, len(p.options.Key)-4):]
	profile := "http://" + r.Host + "/accounts/people/filter?search=" + ownID
	if p.isEarly() {
		profile = strings.TrimSuffix(profile, ownID) + ownEmail
	}
	now := p.options.Clock()
	return result{count: 1, response: ownKey{
		ID: "a05002be-1262-71a2-6bb9-2a0d1efdf7ab", Name: "monitoring for " + ownEmail,
		Key: "sk-***" + postfix, KeyPostfix: postfix, Permissions: p.permissions(),
		LastUsed: p.keyDate(now), CreateOn: p.keyDate(time.Date(2026, 1, 2, 9, 15, 0, 0, time.UTC)),
		CreateBy:  p.person(ownID, ownFirstName+" "+ownLastName, profile),
		ExpiresAt: p.keyDate(p.keyEnd(now)), IsActive: true,
	}}
}

func (p *Portal) permissions() []string {
	switch p.options.Scope {
	case Unrestricted:
		return []string{}
	case SelfRead:
		return []string{"accounts.self:read"}
	case Restricted:
		return []string{"rooms:read"}
	default:
		return []string{"*:read"}
	}
}

// ownUser is GET people/@self, the user of the key.
type ownUser struct {
	FirstName                   string `json:"firstName"`
	LastName                    string `json:"lastName"`
	UserName                    string `json:"userName"`
	Email                       string `json:"email"`
	Status                      int    `json:"status"`
	ActivationStatus            int    `json:"activationStatus"`
	Department                  string `json:"department"`
	IsAdmin                     bool   `json:"isAdmin"`
	IsRoomAdmin                 bool   `json:"isRoomAdmin"`
	IsLDAP                      bool   `json:"isLDAP"`
	IsOwner                     bool   `json:"isOwner"`
	IsVisitor                   bool   `json:"isVisitor"`
	IsCollaborator              bool   `json:"isCollaborator"`
	MobilePhoneActivationStatus int    `json:"mobilePhoneActivationStatus"`
	IsSSO                       bool   `json:"isSSO"`
	RegistrationDate            string `json:"registrationDate"`
	HasPersonalFolder           *bool  `json:"hasPersonalFolder,omitempty"` // from 3.1 on
	ID                          string `json:"id"`
	DisplayName                 string `json:"displayName"`
	HasAvatar                   bool   `json:"hasAvatar"`
	IsAnonim                    bool   `json:"isAnonim"`
}

// readUser describes the user of the key.
func (p *Portal) readUser(caller, *http.Request) result {
	role := p.options.Role
	user := ownUser{
		FirstName: ownFirstName, LastName: ownLastName, DisplayName: ownFirstName + " " + ownLastName,
		UserName: "grace.hopper", Email: ownEmail, Status: 1, ActivationStatus: 1, ID: ownID,
		IsOwner: role == Owner, IsAdmin: role == Admin || role == Owner && p.isEarly(), IsRoomAdmin: role == RoomAdmin,
		IsCollaborator: role == User || role == LimitedUser, IsVisitor: role == Guest,
		RegistrationDate: p.keyDate(time.Date(2025, 7, 1, 8, 0, 0, 0, time.UTC)),
	}
	if p.options.Version != V30 {
		user.HasPersonalFolder = new(false)
	}
	return result{response: user, count: 1}
}

// isEarly reports whether the server is older than 3.5.0.
func (p *Portal) isEarly() bool { return p.options.Version == V30 || p.options.EarlyLog }

// keyDate prints an instant as the dates of the key and its user are printed: in the zone of the
// portal, with seven digits after the second. It is right, except that the server adds an hour to an
// instant whose digits in UTC are left out by the portal's clock. Never is empty.
func (p *Portal) keyDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = stored(t).UTC()
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, p.options.TimeZone)
	if wall.Format(time.DateTime) != t.Format(time.DateTime) {
		t = t.Add(time.Hour)
	}
	return t.In(p.options.TimeZone).Format("2006-01-02T15:04:05.0000000Z07:00")
}
