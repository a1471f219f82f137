package simulator

import "net/http"

// trigger is an event that a webhook can subscribe to.
type trigger struct {
	bit    int
	name   string
	admins bool // plain users can't subscribe to it, room administrators can
}

// triggers are those of 3.7 in the order in which it shows them. They are not taken from the
// client's table, so that a mistake there shows in tests.
func triggers() []trigger {
	return []trigger{
		{0, "user.created", true},
		{1, "user.invited", true},
		{2, "user.updated", false},
		{3, "user.deleted", false},
		{4, "group.created", true},
		{5, "group.updated", true},
		{6, "group.deleted", true},
		{7, "file.created", false},
		{8, "file.uploaded", false},
		{9, "file.updated", false},
		{10, "file.trashed", false},
		{11, "file.deleted", false},
		{12, "file.restored", false},
		{13, "file.copied", false},
		{14, "file.moved", false},
		{34, "file.downloaded", false},
		{15, "folder.created", false},
		{16, "folder.updated", false},
		{17, "folder.trashed", false},
		{18, "folder.deleted", false},
		{19, "folder.restored", false},
		{20, "folder.copied", false},
		{21, "folder.moved", false},
		{35, "folder.downloaded", false},
		{22, "room.created", true},
		{23, "room.updated", false},
		{24, "room.archived", false},
		{25, "room.deleted", false},
		{26, "room.restored", false},
		{27, "room.copied", true},
		{28, "form.submit", false},
		{29, "form.filled.out", false},
		{30, "form.stopped", false},
		{31, "agent.created", true},
		{32, "agent.updated", false},
		{33, "agent.deleted", false},
	}
}

// availableTrigger is an element of GET settings/webhook/triggers on 3.7.
type availableTrigger struct {
	Name      string `json:"name"`
	ID        uint64 `json:"id"`
	Available bool   `json:"available"`
}

// readTriggers answers with an object up to 3.6, and then with a list.
func (p *Portal) readTriggers(caller, *http.Request) result {
	if p.options.Version != V37 {
		return result{response: triggerObject(), count: 1}
	}
	list := []availableTrigger{{Name: "*", Available: p.options.Role != Guest}}
	for _, t := range triggers() {
		available := p.options.Role.seesAll() || p.options.Role == RoomAdmin || p.options.Role != Guest && !t.admins
		list = append(list, availableTrigger{Name: t.name, ID: 1 << t.bit, Available: available})
	}
	return result{response: list, count: len(list)}
}

func triggerObject() map[string]uint64 {
	const new37 = 28 // the first bit that came with 3.7
	object := map[string]uint64{"*": 0}
	for _, t := range triggers() {
		if t.bit < new37 {
			object[t.name] = 1 << t.bit
		}
	}
	return object
}
