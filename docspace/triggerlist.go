package docspace

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// Trigger is one element of GET settings/webhook/triggers.
type Trigger struct {
	Name string
	// Mask has the trigger's bit; 0 stands for all triggers.
	Mask uint64
	// Available tells whether the key's user may subscribe to it. Releases before 3.7 don't say
	// and let everybody.
	Available bool
}

// Triggers reads the triggers that the portal knows, sorted by mask and name. Portals older than
// 3.1 don't have the endpoint and answer 404.
func (c *Client) Triggers(ctx context.Context) ([]Trigger, error) {
	var list []Trigger
	_, err := c.get(ctx, EndpointTriggers, "settings/webhook/triggers", nil, func(r io.Reader) error {
		var err error
		list, err = decodeTriggers(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// decodeTriggers accepts the object of releases up to 3.6 and the list of later ones.
func decodeTriggers(r io.Reader) ([]Trigger, error) {
	raw, err := decodeValue(r)
	if err != nil {
		return nil, err
	}
	var list []Trigger
	switch {
	case strings.HasPrefix(string(raw), "{"):
		list, err = decodeTriggerObject(raw)
	case strings.HasPrefix(string(raw), "["):
		list, err = decodeTriggerList(raw)
	default:
		err = fmt.Errorf("%w: triggers are neither an object nor a list", errDecode)
	}
	if err != nil {
		return nil, jsonError(err)
	}
	slices.SortFunc(list, func(a, b Trigger) int {
		return cmp.Or(cmp.Compare(a.Mask, b.Mask), strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

func decodeTriggerObject(raw json.RawMessage) ([]Trigger, error) {
	var object map[string]numberText
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, err
	}
	list := make([]Trigger, 0, len(object))
	for name, number := range object {
		if mask, ok := triggerMask(name, number); ok {
			list = append(list, Trigger{Name: validName(name), Mask: mask, Available: true})
		}
	}
	return list, nil
}

func decodeTriggerList(raw json.RawMessage) ([]Trigger, error) {
	var elements []struct {
		Name      string     `json:"name"`
		ID        numberText `json:"id"`
		Available bool       `json:"available"`
	}
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, err
	}
	list := make([]Trigger, 0, len(elements))
	for _, e := range elements {
		if mask, ok := triggerMask(e.Name, e.ID); ok {
			list = append(list, Trigger{Name: validName(e.Name), Mask: mask, Available: e.Available})
		}
	}
	return list, nil
}

func validName(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

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
