package collector

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"text/template"
)

//go:embed check.txt
var checkText string

// checked is what check prints.
type checked struct {
	Portals []*Report `json:"portals"`
}

// Check asks portals once, prints how they and their webhooks are, as JSON for scripts or as a text for
// people, and returns the worst verdict. Its only errors are those of w.
func Check(ctx context.Context, w io.Writer, portals []Target, asJSON bool) (Verdict, error) {
	c := checked{Portals: reportAll(ctx, portals)}
	worst := Healthy
	for _, r := range c.Portals {
		worst = max(worst, r.Verdict())
	}
	write := c.writeText
	if asJSON {
		write = c.writeJSON
	}
	if err := write(w); err != nil {
		return Unreadable, fmt.Errorf("print the result: %w", err)
	}
	return worst, nil
}

func (c checked) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(c)
}

func (c checked) writeText(w io.Writer) error {
	text, err := template.New("check").Parse(checkText)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if err := text.Execute(table, c); err != nil {
		return err
	}
	return table.Flush()
}
