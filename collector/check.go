package collector

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"text/template"
	"time"
)

//go:embed check.txt
var checkText string

// CheckOptions say how portals are checked.
type CheckOptions struct {
	// Timeout is what each portal has for its answers.
	Timeout time.Duration
	// JSON prints the reports for scripts rather than for people.
	JSON bool
}

// checked is what check prints.
type checked struct {
	Portals []*Report `json:"portals"`
}

// Check asks portals once, prints how they and their webhooks are, and returns the worst verdict. Its
// only errors are those of w.
func Check(ctx context.Context, w io.Writer, portals []*Portal, o CheckOptions) (Verdict, error) {
	c := checked{Portals: reportAll(ctx, portals, o.Timeout)}
	worst := Healthy
	for _, r := range c.Portals {
		worst = max(worst, r.Verdict())
	}
	write := c.writeText
	if o.JSON {
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
