package docspace

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func fixture(tb testing.TB, name string) string {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(content)
}

func TestTriggersOf31AreAnObjectAndAvailableToAll(t *testing.T) {
	t.Parallel()
	list, err := decodeTriggers(strings.NewReader(fixture(t, "triggers_3.1.json")))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]Trigger, 29)
	want[0] = Trigger{Name: "*", Available: true}
	for bit, name := range strings.Fields(section4)[:28] {
		want[bit+1] = Trigger{Name: name, Mask: 1 << bit, Available: true}
	}
	if !slices.Equal(list.Triggers, want) {
		t.Errorf("got  %v\nwant %v", list, want)
	}
}

func TestTriggersOf37AreAListThatTellsWhatIsAvailable(t *testing.T) {
	t.Parallel()
	list, err := decodeTriggers(strings.NewReader(fixture(t, "triggers_3.7.json")))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]Trigger, 37)
	want[0] = Trigger{Name: "*", Available: true}
	for bit, name := range strings.Fields(section4) {
		want[bit+1] = Trigger{Name: name, Mask: 1 << bit, Available: !strings.HasPrefix(name, "user.")}
	}
	if !slices.Equal(list.Triggers, want) {
		t.Errorf("got  %v\nwant %v", list, want)
	}
	if names := NamesOf(list.Triggers); *names != *ReleasedTriggerNames() {
		t.Errorf("names %q, want the released ones", *names)
	}
}

func TestTriggerListsAreReadLeniently(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       []Trigger
	}{
		{"bare object", `{"file.created":128}`, []Trigger{{"file.created", 128, true}}},
		{"bare list", `[{"name":"file.created","id":128,"available":true}]`, []Trigger{{"file.created", 128, true}}},
		{"object in an envelope", `{"status":0,"response":{"a.b":4},"statusCode":200}`, []Trigger{{"a.b", 4, true}}},
		{"empty object", `{"response":{}}`, nil},
		{"empty list", `{"response":[]}`, nil},
		{"masks as strings", `{"a.b":"4","*":"0"}`, []Trigger{{"*", 0, true}, {"a.b", 4, true}}},
		{"sorted by mask", `{"a":8,"c":2,"b":4}`, []Trigger{{"c", 2, true}, {"b", 4, true}, {"a", 8, true}}},
		{"then by name", `{"b":4,"a":4,"c":4}`, []Trigger{{"a", 4, true}, {"b", 4, true}, {"c", 4, true}}},
		{"available missing or null", `[{"name":"a","id":1},{"name":"b","id":2,"available":null}]`, []Trigger{{"a", 1, false}, {"b", 2, false}}},
		{"unknown fields", `[{"name":"a","id":1,"available":true,"group":{"id":[1]}}]`, []Trigger{{"a", 1, true}}},
		{"unknown bit", `{"form.signed":1099511627776}`, []Trigger{{"form.signed", 1 << 40, true}}},
		{"bit 31 came out negative", `{"agent.created":-2147483648}`, []Trigger{{"agent.created", 1 << 31, true}}},
		{"bits from 32 on came out zero", `{"agent.updated":0,"folder.downloaded":0}`, []Trigger{{"agent.updated", 1 << 32, true}, {"folder.downloaded", 1 << 35, true}}},
		{"zero in a list", `[{"name":"file.downloaded","id":0,"available":true}]`, []Trigger{{"file.downloaded", 1 << 34, true}}},
		{"zero under an unknown name", `{"form.signed":0}`, nil},
		{"several bits under an unknown name", `{"form.signed":3}`, nil},
		{"several bits under a known name", `{"user.created":3}`, []Trigger{{"user.created", 1, true}}},
		{"no number under a known name", `{"user.created":null,"user.invited":"x"}`, []Trigger{{"user.created", 1, true}, {"user.invited", 2, true}}},
		{"words in place of numbers", `{"user.created":"true","user.invited":"null","user.updated":"[1]"}`, []Trigger{{"user.created", 1, true}, {"user.invited", 2, true}, {"user.updated", 4, true}}},
		{"no number under an unknown name", `[{"name":"form.signed","id":"hunter2"},{"name":"form.signed"}]`, nil},
		{"without a name", `[{"id":1},{"name":"","id":0},{"name":null,"id":2},null,{}]`, nil},
		{"broken UTF-8", "{\"a\xff\":4}", []Trigger{{"a\uFFFD", 4, true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeTriggers(strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(list.Triggers, tt.want) || list.Skipped != nil {
				t.Errorf("got %v, want %v", list, tt.want)
			}
		})
	}
}

func TestTriggerThatCannotBeReadIsSkippedAndTheRestServed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"a":1,"hunter2":{"a":1},"b":2}`,
		`{"a":1,"hunter2":true,"b":2}`,
		`[{"name":"a","id":1,"available":true},"hunter2",{"name":"b","id":2,"available":true}]`,
		`[{"name":"a","id":1,"available":true},{"name":5,"id":4},{"name":"b","id":2,"available":true}]`,
		`[{"name":"a","id":1,"available":true},{"name":"hunter2","id":[4]},{"name":"b","id":2,"available":true}]`,
		`[{"name":"a","id":1,"available":true},{"name":"hunter2","id":4,"available":"yes"},{"name":"b","id":2,"available":true}]`,
	} {
		list, err := decodeTriggers(strings.NewReader(body))
		if want := []Trigger{{"a", 1, true}, {"b", 2, true}}; err != nil || !slices.Equal(list.Triggers, want) {
			t.Errorf("%s: got %v, %v; want %v", body, list.Triggers, err, want)
		}
		if len(list.Skipped) != 1 || !errors.Is(list.Skipped[0], errDecode) || strings.Contains(list.Skipped[0].Error(), "hunter2") {
			t.Errorf("%s: skipped %v, want one error of decoding that quotes nothing", body, list.Skipped)
		}
	}
}

func TestAnswersThatAreNoTriggersAreRefusedWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		want       Reason
	}{
		{"nothing", ``, ReasonDecode},
		{"white space", " \n", ReasonDecode},
		{"HTML", `<html>hunter2</html>`, ReasonDecode},
		{"number", `5`, ReasonDecode},
		{"string", `"hunter2"`, ReasonDecode},
		{"null", `null`, ReasonDecode},
		{"response null", `{"response":null}`, ReasonDecode},
		{"response a string", `{"response":"hunter2"}`, ReasonDecode},
		{"envelope without response", `{"count":1,"status":0,"statusCode":200}`, ReasonDecode},
		{"error in a good answer", `{"error":{"message":"hunter2"},"status":1,"statusCode":500}`, ReasonDecode},
		{"mask an object", `{"hunter2":{"a":1}}`, ReasonDecode},
		{"mask true", `{"hunter2":true}`, ReasonDecode},
		{"list of names", `["hunter2"]`, ReasonDecode},
		{"name a number", `[{"name":5,"id":1}]`, ReasonDecode},
		{"id a list", `[{"name":"hunter2","id":[1]}]`, ReasonDecode},
		{"available a string", `[{"name":"hunter2","id":1,"available":"yes"}]`, ReasonDecode},
		{"more than one value", `{"response":{}} {}`, ReasonDecode},
		{"something behind it", `{"response":{}} hunter2`, ReasonDecode},
		{"cut", `{"response":{"hunter2":1`, ReasonConnection},
		{"cut at the end", `{"response":{"hunter2":1}`, ReasonConnection},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := decodeTriggers(strings.NewReader(tt.body))
			if err == nil {
				t.Fatalf("got %v, want an error", list)
			}
			if got := classify(err); got != tt.want || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("reason %s, want %s; text %q", got, tt.want, err)
			}
		})
	}
}

func TestPortalsNamesAreUsedWhereTheyAreUnambiguous(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list []Trigger
		want TriggerNames
	}{
		{"nothing", nil, TriggerNames{}},
		{"names of its own", []Trigger{{Name: "a.b", Mask: 1}, {Name: "c.d", Mask: 1 << 63}}, TriggerNames{0: "a.b", 63: "c.d"}},
		{"all triggers have no bit", []Trigger{{Name: "*", Mask: 0}, {Name: "none", Mask: 0}}, TriggerNames{}},
		{"a star on a bit", []Trigger{{Name: "*", Mask: 2}}, TriggerNames{}},
		{"a name on two bits", []Trigger{{Name: "a", Mask: 1}, {Name: "a", Mask: 2}}, TriggerNames{0: "a"}},
		{"two names on a bit", []Trigger{{Name: "a", Mask: 1}, {Name: "b", Mask: 1}}, TriggerNames{0: "b"}},
		{"a name that looks like ours", []Trigger{{Name: "bit_3", Mask: 4}, {Name: "bit.3", Mask: 8}}, TriggerNames{3: "bit.3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			names := NamesOf(tt.list)
			if *names != tt.want {
				t.Errorf("got %q, want %q", *names, tt.want)
			}
		})
	}
}

func TestPortalsNamesAndReleasedOnesGiveOtherNames(t *testing.T) {
	t.Parallel()
	set := NewTriggerSet(1<<7 | 1<<40)
	portal := NamesOf([]Trigger{{Name: "file.made", Mask: 1 << 7}, {Name: "form.signed", Mask: 1 << 40}})
	if got, want := set.Names(portal), []string{"file.made", "form.signed"}; !slices.Equal(got, want) {
		t.Errorf("by the portal's list %q, want %q", got, want)
	}
	if got, want := set.Names(ReleasedTriggerNames()), []string{"file.created", "bit_40"}; !slices.Equal(got, want) {
		t.Errorf("by the released list %q, want %q", got, want)
	}
	if got, want := set.Names(&TriggerNames{}), []string{"bit_7", "bit_40"}; !slices.Equal(got, want) {
		t.Errorf("by an empty list %q, want %q", got, want)
	}
}
