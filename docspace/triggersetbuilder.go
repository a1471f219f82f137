package docspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxSetWords is how many items of an array and words of its texts are read, repeated and empty ones included. Each takes many times as
// long as the decoder needs for its bytes.
const maxSetWords = 4 * maxSetSize

// triggerSetBuilder collects the triggers of a set.
type triggerSetBuilder struct {
	set  TriggerSet
	seen map[string]struct{} // the names in set
	read int                 // items and words
}

// next counts an item or a word. It reports whether it is still to be read.
func (b *triggerSetBuilder) next() bool {
	b.read++
	if b.read > maxSetWords {
		b.set.dropped = true
		return false
	}
	return true
}

// addArray adds the items of an array one by one: together they can take many times the size of the text.
func (b *triggerSetBuilder) addArray(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	_, err := dec.Token()
	for err == nil && dec.More() {
		if !b.next() {
			return nil
		}
		var item json.Token
		if item, err = dec.Token(); err == nil {
			err = b.addItem(item)
		}
	}
	if err == nil {
		_, err = dec.Token()
	}
	if err != nil && !errors.Is(err, errDecode) {
		return errDecode
	}
	return err
}

func (b *triggerSetBuilder) addItem(item json.Token) error {
	switch item := item.(type) {
	case nil:
		return nil
	case string:
		b.addWords(item)
		return nil
	case json.Number:
		return b.addNumber(item.String())
	case json.Delim:
		if item == '[' {
			return fmt.Errorf("array in an array: %w", errDecode)
		}
	}
	return errDecode
}

func (b *triggerSetBuilder) addNumber(text string) error {
	mask, ok := parseMask(text)
	if !ok {
		return errDecode
	}
	b.addMask(mask)
	return nil
}

// addWords adds names and numbers separated by commas.
func (b *triggerSetBuilder) addWords(text string) {
	for word := range strings.SplitSeq(text, ",") {
		if !b.next() {
			return
		}
		b.addWord(strings.TrimSpace(word))
	}
}

func (b *triggerSetBuilder) addWord(word string) {
	if word == "" {
		return
	}
	if mask, ok := parseMask(word); ok {
		b.addMask(mask)
		return
	}
	b.set.present = true
	if word == AllTriggers {
		b.set.all = true
		return
	}
	name := cutName(word)
	if _, ok := b.seen[name]; ok {
		return
	}
	if b.set.size() == maxSetSize {
		b.set.dropped = true
		return
	}
	if b.seen == nil {
		b.seen = map[string]struct{}{}
	}
	name = strings.Clone(name) // word is a part of a text that may be large
	b.seen[name] = struct{}{}
	b.set.names = append(b.set.names, name)
}

// addMask adds the bits of a mask. All triggers and some triggers is all triggers.
func (b *triggerSetBuilder) addMask(mask uint64) {
	b.set.present = true
	b.set.all = b.set.all || mask == 0
	for m := mask &^ b.set.mask; m != 0; m &= m - 1 {
		if b.set.size() == maxSetSize {
			b.set.dropped = true
			return
		}
		b.set.mask |= m & -m
	}
}
