package docspace

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// maxTriggers is the maximum number of elements in the list of triggers. Released versions have up to 37.
const maxTriggers = 256

// Trigger is one element of GET settings/webhook/triggers.
type Trigger struct {
	Name string
	// Mask has the trigger's bit; 0 stands for all triggers.
	Mask uint64
	// Available tells whether the key's user may subscribe to it. Releases before 3.7 don't say
	// and let everybody.
	Available bool
}

// TriggerList is what one answer of GET settings/webhook/triggers holds.
type TriggerList struct {
	// Triggers are sorted by mask and name.
	Triggers []Trigger
	// Skipped has an error for each element that could not be read.
	Skipped []error
}

// Triggers reads the triggers that the portal knows. Portals older than 3.1 don't have the endpoint
// and answer 404.
func (c *Client) Triggers(ctx context.Context) (TriggerList, error) {
	list, _, err := get(ctx, c, request{endpoint: EndpointTriggers, path: "settings/webhook/triggers"}, decodeTriggers)
	return list, err
}

// decodeTriggers accepts the object of releases up to 3.6 and the list of later ones. An element that
// can't be read is skipped; when none can, the answer is not a list of triggers.
func decodeTriggers(r io.Reader) (TriggerList, error) {
	raw, err := decodeValue(r)
	if err != nil {
		return TriggerList{}, err
	}
	var list TriggerList
	switch {
	case bytes.HasPrefix(raw, []byte("{")):
		err = list.addObject(raw)
	case bytes.HasPrefix(raw, []byte("[")):
		dec := listDecoder[triggerElement]{maxElements: maxTriggers, maxValue: maxValue, add: list.add}
		err = dec.decode(bytes.NewReader(raw))
	default:
		err = fmt.Errorf("%w: triggers are neither an object nor a list", errDecode)
	}
	if err != nil {
		return TriggerList{}, jsonError(err)
	}
	if len(list.Triggers) == 0 && len(list.Skipped) > 0 {
		return TriggerList{}, fmt.Errorf("no trigger can be read: %w", list.Skipped[0])
	}
	slices.SortFunc(list.Triggers, func(a, b Trigger) int {
		return cmp.Or(cmp.Compare(a.Mask, b.Mask), strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

// triggerElement is an element of the list.
type triggerElement struct {
	Name      string     `json:"name"`
	ID        numberText `json:"id"`
	Available bool       `json:"available"`
}

// addObject adds what an object of names and masks holds.
func (l *TriggerList) addObject(raw json.RawMessage) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	if len(object) > maxTriggers {
		return fmt.Errorf("%w: more than %d elements", errTooLarge, maxTriggers)
	}
	for name, number := range object {
		e := triggerElement{Name: name, Available: true}
		if err := l.add(&e, e.ID.UnmarshalJSON(number)); err != nil {
			return err
		}
	}
	return nil
}

// add adds a trigger, unless it can't be read or has no bit.
func (l *TriggerList) add(e *triggerElement, err error) error {
	if err != nil {
		l.Skipped = append(l.Skipped, err)
		return nil
	}
	if mask, ok := triggerMask(e.Name, e.ID); ok {
		l.Triggers = append(l.Triggers, Trigger{Name: cutName(e.Name), Mask: mask, Available: e.Available})
	}
	return nil
}

// triggerMask returns the mask of a trigger. Early 3.7 builds computed masks in 32 bits, where bits
// from 32 on came out as 0: those get the bit that later builds gave the name.
func triggerMask(name string, number numberText) (uint64, bool) {
	mask, ok := parseMask(string(number))
	if name == AllTriggers || ok && bits.OnesCount64(mask) == 1 {
		return mask, name != ""
	}
	bit := slices.Index(ReleasedTriggerNames()[:], name)
	if bit < 0 || name == "" {
		return 0, false
	}
	return 1 << bit, true
}

// NamesOf returns the names of the bits in a portal's list of triggers. A name that another bit has
// already, or that looks like one of ours, is left out, so that no two bits share a name.
func NamesOf(list []Trigger) *TriggerNames {
	var names TriggerNames
	for _, t := range list {
		taken := slices.Contains(names[:], t.Name) || t.Name == AllTriggers || strings.HasPrefix(t.Name, bitPrefix)
		if t.Mask != 0 && !taken {
			names[bits.TrailingZeros64(t.Mask)] = t.Name
		}
	}
	return &names
}
