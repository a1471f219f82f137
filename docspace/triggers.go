package docspace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// AllTriggers is the name of the mask 0: every event, those added later included.
const AllTriggers = "*"

// TriggerSet is what a webhook subscribes to (the field triggers). The zero value is a set that the
// portal did not send, as portals older than 3.1 do.
type TriggerSet struct {
	present bool
	mask    uint64
	names   []string // names that stand for no bit we know, and AllTriggers when it was spelt out
}

// NewTriggerSet returns the set that a bit mask stands for; 0 stands for all triggers.
func NewTriggerSet(mask uint64) TriggerSet { return TriggerSet{present: true, mask: mask} }

// UnmarshalJSON accepts what portals and samples send: a mask as a number or a decimal string, a
// name, names separated by commas, or an array of names and numbers.
func (t *TriggerSet) UnmarshalJSON(data []byte) error {
	*t = TriggerSet{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	switch data[0] {
	case '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("triggers: %w", errDecode)
		}
		for word := range strings.SplitSeq(s, ",") {
			t.addWord(strings.TrimSpace(word))
		}
		return nil
	case '[':
		var items []json.RawMessage
		if err := json.Unmarshal(data, &items); err != nil {
			return fmt.Errorf("triggers: %w", errDecode)
		}
		for _, item := range items {
			var one TriggerSet
			if bytes.HasPrefix(item, []byte{'['}) {
				return fmt.Errorf("triggers: array in an array: %w", errDecode)
			}
			if err := one.UnmarshalJSON(item); err != nil {
				return err
			}
			t.merge(one)
		}
		return nil
	default:
		mask, ok := parseMask(string(data))
		if !ok {
			return fmt.Errorf("triggers: %w", errDecode)
		}
		*t = NewTriggerSet(mask)
		return nil
	}
}

func (t *TriggerSet) addWord(word string) {
	if word == "" {
		return
	}
	if mask, ok := parseMask(word); ok {
		t.merge(NewTriggerSet(mask))
		return
	}
	t.merge(TriggerSet{present: true, names: []string{word}})
}

// merge adds another set. All triggers and some triggers is all triggers.
func (t *TriggerSet) merge(o TriggerSet) {
	if !o.present {
		return
	}
	if o.mask == 0 && len(o.names) == 0 {
		o.names = []string{AllTriggers}
	}
	t.present = true
	t.mask |= o.mask
	t.names = append(t.names, o.names...)
}

// parseMask reads a mask as a signed or unsigned 64-bit number. Early 3.7 builds computed it in 32
// bits, where bit 31 came out negative.
func parseMask(s string) (uint64, bool) {
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return u, true
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, false
	}
	if i < 0 && i >= -1<<31 {
		return uint64(uint32(i)), true //nolint:gosec // the wrap-around is the point
	}
	return uint64(i), true //nolint:gosec // the bits are wanted, not the number
}

// Names returns the names of the triggers without repetition, mask bits first in rising order:
// AllTriggers alone for all of them, bit_<n> for a bit that names does not hold, and nothing for a
// set that the portal did not send.
func (t TriggerSet) Names(names *TriggerNames) []string {
	if !t.present {
		return nil
	}
	if t.mask == 0 && len(t.names) == 0 {
		return []string{AllTriggers}
	}
	out := make([]string, 0, bits.OnesCount64(t.mask)+len(t.names))
	for m := t.mask; m != 0; m &= m - 1 {
		out = append(out, names.Name(bits.TrailingZeros64(m)))
	}
	for _, name := range t.names {
		if name == AllTriggers {
			return []string{AllTriggers}
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Events returns the names of the events that the set lets through: those of its triggers or, for all
// of them, every name there is. For a set that the portal did not send it is one empty name.
func (t TriggerSet) Events(names *TriggerNames) []string {
	list := t.Names(names)
	switch {
	case len(list) == 0:
		return []string{""}
	case list[0] == AllTriggers:
		return slices.DeleteFunc(slices.Clone(names[:]), func(name string) bool { return name == "" })
	default:
		return list
	}
}

// String is a spelling of the set that depends neither on how it was sent nor on any list of names.
func (t TriggerSet) String() string { return strings.Join(t.Names(&TriggerNames{}), ",") }

// bitPrefix begins the name of a bit that has no name of its own.
const bitPrefix = "bit_"

// TriggerNames maps bit numbers to names.
type TriggerNames [64]string

// Name returns the name of a bit, bit_<n> if it has none.
func (n *TriggerNames) Name(bit int) string {
	if n[bit] == "" {
		return bitPrefix + strconv.Itoa(bit)
	}
	return n[bit]
}

// Event returns the name of the event that a row of the delivery log has: that of its bit, or nothing
// when the server is too old to tell.
func (n *TriggerNames) Event(mask uint64) string {
	if mask == 0 {
		return ""
	}
	return n.Name(bits.TrailingZeros64(mask))
}

// releasedTriggers are the names of bits 0 to 35 in every release from 3.1.0 to 3.7.2.
const releasedTriggers = "user.created user.invited user.updated user.deleted " +
	"group.created group.updated group.deleted " +
	"file.created file.uploaded file.updated file.trashed file.deleted file.restored file.copied file.moved " +
	"folder.created folder.updated folder.trashed folder.deleted folder.restored folder.copied folder.moved " +
	"room.created room.updated room.archived room.deleted room.restored room.copied " +
	"form.submit form.filled.out form.stopped agent.created agent.updated agent.deleted " +
	"file.downloaded folder.downloaded"

// ReleasedTriggerNames are the names known from released versions, for when a portal's own list is
// not at hand.
func ReleasedTriggerNames() *TriggerNames {
	var n TriggerNames
	copy(n[:], strings.Fields(releasedTriggers))
	return &n
}
