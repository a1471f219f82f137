package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// listed is an element of GET settings/webhook.
type listed struct {
	Configs any `json:"configs"`
	Status  int `json:"status"`
}

// configs is a webhook as 3.1 and later list it. What is never or nothing is left out.
type configs struct {
	ID                 int64   `json:"id"`
	Name               string  `json:"name"`
	URI                string  `json:"uri"`
	Enabled            bool    `json:"enabled"`
	SSL                bool    `json:"ssl"`
	Triggers           uint64  `json:"triggers"`
	TargetID           string  `json:"targetId,omitempty"`
	CreatedBy          *person `json:"createdBy,omitempty"`
	CreatedOn          string  `json:"createdOn,omitempty"`
	ModifiedBy         *person `json:"modifiedBy,omitempty"`
	ModifiedOn         string  `json:"modifiedOn,omitempty"`
	LastFailureOn      string  `json:"lastFailureOn,omitempty"`
	LastFailureContent string  `json:"lastFailureContent,omitempty"`
	LastSuccessOn      string  `json:"lastSuccessOn,omitempty"`
}

// configsV30 is a webhook as 3.0 lists it, the signing secret included.
type configsV30 struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	URI       string `json:"uri"`
	SecretKey string `json:"secretKey"`
	Enabled   bool   `json:"enabled"`
	SSL       bool   `json:"ssl"`
}

// flat is a webhook in the vendor's own sample.
type flat struct {
	ID            int64  `json:"id"`
	Name          string `json:"name"`
	URI           string `json:"uri"`
	Enabled       bool   `json:"enabled"`
	SSL           bool   `json:"ssl"`
	Triggers      uint64 `json:"triggers"`
	LastFailureOn string `json:"lastFailureOn,omitempty"`
	LastSuccessOn string `json:"lastSuccessOn,omitempty"`
}

// person is a user of the portal.
type person struct {
	ID             string `json:"id"`
	DisplayName    string `json:"displayName"`
	Title          string `json:"title,omitempty"`
	Avatar         string `json:"avatar"`
	AvatarOriginal string `json:"avatarOriginal"`
	AvatarMax      string `json:"avatarMax"`
	AvatarMedium   string `json:"avatarMedium"`
	AvatarSmall    string `json:"avatarSmall"`
	ProfileURL     string `json:"profileUrl"`
	HasAvatar      bool   `json:"hasAvatar"`
	IsAnonim       bool   `json:"isAnonim"`
}

// The key's user and another.
const (
	ownID        = "11111111-2222-3333-4444-555555555555"
	ownFirstName = "Grace"
	ownLastName  = "Hopper"
	ownEmail     = "grace.hopper@corp.example"
	otherID      = "66666666-7777-8888-9999-000000000000"
)

// readWebhooks lists the webhooks that the key's user may see. The count is 1 whatever their number.
func (p *Portal) readWebhooks(caller, *http.Request) result {
	webhooks := p.visible(p.Webhooks())
	list := make([]any, 0, len(webhooks))
	for i := range webhooks {
		list = append(list, p.element(&webhooks[i]))
	}
	return result{response: list, count: 1, bare: p.options.Version == Flat}
}

// visible keeps those of a list that the key's user may see.
func (p *Portal) visible(list []Webhook) []Webhook {
	return slices.DeleteFunc(list, func(w Webhook) bool { return w.OwnedByOther && !p.options.Role.seesAll() })
}

// element is a webhook as the version lists it.
func (p *Portal) element(w *Webhook) any {
	switch p.options.Version {
	case Flat:
		return p.flat(w)
	case V30:
		secret := fmt.Sprintf("signing-secret-%d", w.ID)
		return listed{configsV30{w.ID, w.Name, w.URL, secret, w.Enabled, w.SSL}, w.Status}
	default:
		return listed{p.configs(w), w.Status}
	}
}

func (p *Portal) flat(w *Webhook) flat {
	return flat{
		w.ID, w.Name, w.URL, w.Enabled, w.SSL, w.Triggers,
		p.listDate(w.LastFailureOn), p.listDate(w.LastSuccessOn),
	}
}

func (p *Portal) configs(w *Webhook) configs {
	c := configs{
		ID: w.ID, Name: w.Name, URI: w.URL, Enabled: w.Enabled, SSL: w.SSL, Triggers: w.Triggers, TargetID: w.TargetID,
		CreatedOn: p.listDate(w.CreatedOn), ModifiedOn: p.listDate(w.modifiedOn()),
		LastFailureOn: p.listDate(w.LastFailureOn), LastFailureContent: w.LastFailureContent, LastSuccessOn: p.listDate(w.LastSuccessOn),
	}
	if !w.CreatedOn.IsZero() { // webhooks from before 3.1 have neither date nor creator
		c.CreatedBy = p.creator(w)
		c.ModifiedBy = c.CreatedBy
	}
	return c
}

func (p *Portal) creator(w *Webhook) *person {
	if w.OwnedByOther {
		return p.person(otherID, "Charles B", "/accounts/view/charles")
	}
	return p.person(ownID, ownFirstName+" "+ownLastName, "/accounts/view/grace")
}

func (p *Portal) person(id, name, profileURL string) *person {
	const avatar = "/skins/default/images/default_user_photo_size_%s.png"
	who := person{
		ID: id, DisplayName: name, ProfileURL: profileURL,
		Avatar: fmt.Sprintf(avatar, "82-82"), AvatarOriginal: fmt.Sprintf(avatar, "200-200"), AvatarMax: fmt.Sprintf(avatar, "200-200"),
		AvatarMedium: fmt.Sprintf(avatar, "48-48"), AvatarSmall: fmt.Sprintf(avatar, "32-32"),
	}
	if p.options.Version != V37 {
		who.Title = "Engineer"
	}
	return &who
}

func (w *Webhook) creatorID() string {
	if w.OwnedByOther {
		return otherID
	}
	return ownID
}

// modifiedOn is the last instant at which anything was written: the worker writes after every
// delivery.
func (w *Webhook) modifiedOn() time.Time {
	return slices.MaxFunc([]time.Time{w.CreatedOn, w.LastSuccessOn, w.LastFailureOn}, time.Time.Compare)
}

// listDate prints an instant as the list does: the digits of the portal's wall clock, with the
// offset that the server's machine has when its own clock shows these digits. Never is empty.
func (p *Portal) listDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	wall := t.Round(time.Second).In(p.options.TimeZone) // the database keeps whole seconds
	misread := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, p.options.ServerZone)
	return wall.Format("2006-01-02T15:04:05") + misread.Format("-07:00")
}
