package collector

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// labels makes each value of a label once.
type labels struct {
	name  string
	pairs map[string]*dto.LabelPair
}

func newLabels(name string) labels { return labels{name: name, pairs: map[string]*dto.LabelPair{}} }

func (l labels) pair(value string) *dto.LabelPair {
	pair := l.pairs[value]
	if pair == nil {
		pair = label(l.name, value)
		l.pairs[value] = pair
	}
	return pair
}

// label returns a label. Invalid UTF-8, which no format can hold, is replaced.
func label(name, value string) *dto.LabelPair {
	value = strings.ToValidUTF8(value, "\uFFFD")
	return &dto.LabelPair{Name: &name, Value: &value}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// labelled is a webhook with the labels that its series share.
type labelled struct {
	*docspace.Webhook
	id, name *dto.LabelPair
	triggers []*dto.LabelPair
}

// withLabels returns the webhooks in the order in which a registry sorts their series.
func withLabels(webhooks []docspace.Webhook, names *docspace.TriggerNames) []labelled {
	triggers := newLabels("trigger")
	list := make([]labelled, len(webhooks))
	for i := range webhooks {
		w := &webhooks[i]
		list[i] = labelled{
			Webhook: w, id: label("id", strconv.FormatInt(w.ID, 10)), name: label("name", w.Name),
			triggers: triggerLabels(w.Triggers, names, triggers),
		}
	}
	slices.SortFunc(list, func(a, b labelled) int { return cmp.Compare(a.id.GetValue(), b.id.GetValue()) })
	return list
}

// triggerLabels returns one label for each trigger of a set, and an empty one for a set that was not
// sent.
func triggerLabels(set docspace.TriggerSet, names *docspace.TriggerNames, triggers labels) []*dto.LabelPair {
	list := set.Names(names)
	if len(list) == 0 {
		list = []string{""}
	}
	slices.Sort(list)
	pairs := make([]*dto.LabelPair, len(list))
	for i, name := range list {
		pairs[i] = triggers.pair(name)
	}
	return pairs
}
