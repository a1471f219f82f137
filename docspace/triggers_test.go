package docspace

import (
	"encoding/json"
	"errors"
	"math/bits"
	"slices"
	"strings"
	"testing"
)

// section4 is the table of the API reference, section 4: the line is the bit.
const section4 = `user.created
user.invited
user.updated
user.deleted
group.created
group.updated
group.deleted
file.created
file.uploaded
file.updated
file.trashed
file.deleted
file.restored
file.copied
file.moved
folder.created
folder.updated
folder.trashed
folder.deleted
folder.restored
folder.copied
folder.moved
room.created
room.updated
room.archived
room.deleted
room.restored
room.copied
form.submit
form.filled.out
form.stopped
agent.created
agent.updated
agent.deleted
file.downloaded
folder.downloaded`

func TestReleasedTriggersHaveTheNamesOfTheReference(t *testing.T) {
	t.Parallel()
	table, names := strings.Fields(section4), ReleasedTriggerNames()
	if len(table) != 36 {
		t.Fatalf("the table has %d names, want 36", len(table))
	}
	for bit, name := range table {
		if names[bit] != name || names.Name(bit) != name {
			t.Errorf("bit %d is %q, want %q", bit, names[bit], name)
		}
	}
	for bit := len(table); bit < len(names); bit++ {
		if names[bit] != "" {
			t.Errorf("bit %d is %q, want none", bit, names[bit])
		}
	}
	if got := names.Name(36); got != "bit_36" {
		t.Errorf("bit 36 is called %q", got)
	}
	if got := names.Name(63); got != "bit_63" {
		t.Errorf("bit 63 is called %q", got)
	}
}

func TestReleasedTriggerNamesAreACopy(t *testing.T) {
	t.Parallel()
	ReleasedTriggerNames()[0] = "mine"
	if got := ReleasedTriggerNames()[0]; got != "user.created" {
		t.Errorf("bit 0 is %q after a caller wrote to the names", got)
	}
}

func TestEverySpellingOfTriggersIsRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, json string
		want       []string
	}{
		{"number", `640`, []string{"file.created", "file.updated"}},
		{"zero", `0`, []string{"*"}},
		{"lowest bit", `1`, []string{"user.created"}},
		{"bit 31", `2147483648`, []string{"agent.created"}},
		{"bit 31 computed in 32 bits", `-2147483648`, []string{"agent.created"}},
		{"bits 31 and 0 computed in 32 bits", `-2147483647`, []string{"user.created", "agent.created"}},
		{"64 bits", `34359738368`, []string{"folder.downloaded"}},
		{"bit without a name", `1099511627776`, []string{"bit_40"}},
		{"bits with and without a name", `1099511627777`, []string{"user.created", "bit_40"}},
		{"bit 63 unsigned", `9223372036854775808`, []string{"bit_63"}},
		{"bit 63 signed", `-9223372036854775808`, []string{"bit_63"}},
		{"just below 32 bits", `-2147483649`, bitsOf(0xFFFFFFFF_7FFFFFFF)},
		{"minus one in 32 bits", `-1`, bitsOf(0xFFFFFFFF)},
		{"biggest", `18446744073709551615`, bitsOf(0xFFFFFFFF_FFFFFFFF)},
		{"decimal string", `"640"`, []string{"file.created", "file.updated"}},
		{"negative decimal string", `"-2147483648"`, []string{"agent.created"}},
		{"decimal string with a plus", `"+4294967296"`, []string{"agent.updated"}},
		{"zero as a string", `"0"`, []string{"*"}},
		{"name", `"file.uploaded"`, []string{"file.uploaded"}},
		{"unknown name", `"file.signed"`, []string{"file.signed"}},
		{"star", `"*"`, []string{"*"}},
		{"comma list", `"file.created,file.updated"`, []string{"file.created", "file.updated"}},
		{"comma list with spaces and gaps", `" file.updated , ,file.created,"`, []string{"file.updated", "file.created"}},
		{"comma list of numbers", `"1, 128"`, []string{"user.created", "file.created"}},
		{"comma list with a star", `"file.created,*"`, []string{"*"}},
		{"comma list with a zero", `"file.created,0"`, []string{"*"}},
		{"array of names", `["file.updated","file.created"]`, []string{"file.updated", "file.created"}},
		{"array of numbers", `[128, 512]`, []string{"file.created", "file.updated"}},
		{"array of both, bits first", `["room.signed", 128, "512"]`, []string{"file.created", "file.updated", "room.signed"}},
		{"array of one name twice", `["file.created","file.created"]`, []string{"file.created"}},
		{"array of a name and its bit", `["file.created", 128]`, []string{"file.created"}},
		{"array of a comma list", `["file.created,file.updated"]`, []string{"file.created", "file.updated"}},
		{"array with a star", `["file.created","*"]`, []string{"*"}},
		{"array with a zero", `[128, 0]`, []string{"*"}},
		{"array with a null", `[null, 128]`, []string{"file.created"}},
		{"null", `null`, nil},
		{"empty string", `""`, nil},
		{"string of commas", `", ,"`, nil},
		{"empty array", `[]`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := NewTriggerSet(2) // what was there before must go
			if err := json.Unmarshal([]byte(tt.json), &set); err != nil {
				t.Fatal(err)
			}
			if got := set.Names(ReleasedTriggerNames()); !slices.Equal(got, tt.want) {
				t.Errorf("%s is %q, want %q", tt.json, got, tt.want)
			}
		})
	}
}

// bitsOf names the bits of a mask, written apart from the code under test.
func bitsOf(mask uint64) []string {
	var out []string
	for bit := range 64 {
		if bits.RotateLeft64(mask, -bit)&1 == 1 {
			out = append(out, ReleasedTriggerNames().Name(bit))
		}
	}
	return out
}

func TestTriggersThatWereNotSentHaveNoNames(t *testing.T) {
	t.Parallel()
	var element struct {
		Triggers TriggerSet `json:"triggers"`
	}
	if err := json.Unmarshal([]byte(`{}`), &element); err != nil {
		t.Fatal(err)
	}
	if got := element.Triggers.Names(ReleasedTriggerNames()); got != nil {
		t.Errorf("names %q", got)
	}
	if got := element.Triggers.String(); got != "" {
		t.Errorf("spelling %q", got)
	}
}

func TestTriggersOfAnotherTypeAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`true`, `{}`, `{"hunter2":1}`, `1.5`, `1e3`, `18446744073709551616`, `-9223372036854775809`,
		`[true]`, `[{}]`, `[[1]]`, `[1.5]`, `[1,[2]]`, `["hunter2",{}]`,
	} {
		var set TriggerSet
		err := json.Unmarshal([]byte(text), &set)
		if !errors.Is(err, errDecode) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want one of decoding that quotes nothing", text, err)
		}
	}
	for _, text := range []string{`"`, `[`, `[1`} {
		var set TriggerSet
		if err := set.UnmarshalJSON([]byte(text)); !errors.Is(err, errDecode) {
			t.Errorf("%s: error %v, want one of decoding", text, err)
		}
	}
}

func TestMaskStandsForItsBits(t *testing.T) {
	t.Parallel()
	if got := NewTriggerSet(0).Names(ReleasedTriggerNames()); !slices.Equal(got, []string{"*"}) {
		t.Errorf("0 is %q", got)
	}
	names := &TriggerNames{7: "file.made"}
	if got := NewTriggerSet(1<<7 | 1<<9).Names(names); !slices.Equal(got, []string{"file.made", "bit_9"}) {
		t.Errorf("bits 7 and 9 are %q", got)
	}
}

func TestSpellingOfASetDoesNotDependOnNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`640`: "bit_7,bit_9", `"640"`: "bit_7,bit_9", `0`: "*", `"*"`: "*", `["a.b",1]`: "bit_0,a.b", `"a.b,c.d"`: "a.b,c.d", `null`: "",
	} {
		var set TriggerSet
		if err := json.Unmarshal([]byte(text), &set); err != nil {
			t.Fatal(err)
		}
		if got := set.String(); got != want {
			t.Errorf("%s is spelt %q, want %q", text, got, want)
		}
	}
}
