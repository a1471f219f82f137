package docspace

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// MaxLogPage is the greatest number of rows that every version hands out at once.
const MaxLogPage = 100

// maxLogRows is the maximum number of rows in a response. 3.1 sends up to 1,000.
const maxLogRows = 1_000

// LogQuery says which rows of the delivery log are wanted.
type LogQuery struct {
	Start    int   // how many of the newest rows that match to pass over
	Count    int   // how many rows at most, from 1 to MaxLogPage
	RowID    int64 // only the row with this id; 0 for every row
	ConfigID int64 // only rows of this webhook; 0 for every webhook
}

// LogPage is one answer of GET settings/webhooks/log.
type LogPage struct {
	// Deliveries are sorted by falling id.
	Deliveries []Delivery
	// Skipped has an error for each row that could not be read.
	Skipped []error
	// Total is how many rows match, as the portal says; 0 when it doesn't.
	Total int
	// ClockOffset is the portal's clock (the Date header, whole seconds) minus ours; nil if unknown.
	ClockOffset *time.Duration
}

// Len is the number of rows in the answer, those that could not be read included.
func (p LogPage) Len() int { return len(p.Deliveries) + len(p.Skipped) }

// logFields names the leaves we read. Servers before 3.2.1 ignore the parameter.
const logFields = "id,configName,trigger,creationTime,delivery,status,requestHeaders,requestPayload,responsePayload," +
	"attempts,nextAttemptOn"

// Log reads a page of the delivery log of all webhooks that the key's user may see.
func (c *Client) Log(ctx context.Context, q LogQuery) (LogPage, error) {
	r := request{endpoint: EndpointLog, path: "settings/webhooks/log", query: q.values()}
	page, a, err := get(ctx, c, r, func(body io.Reader) (LogPage, error) { return decodeLog(body, q) })
	if err != nil {
		return LogPage{}, err
	}
	page.ClockOffset = a.clockOffset
	return page, nil
}

func (q LogQuery) values() url.Values {
	values := url.Values{"fields": {logFields}, "count": {strconv.Itoa(q.Count)}}
	if q.Start != 0 {
		values.Set("startIndex", strconv.Itoa(q.Start))
	}
	if q.RowID != 0 {
		values.Set("eventId", strconv.FormatInt(q.RowID, 10))
	}
	if q.ConfigID != 0 {
		values.Set("configId", strconv.FormatInt(q.ConfigID, 10))
	}
	return values
}

// decodeLog reads the page row by row, so that only one row's payloads are in memory. A row that
// can't be read is skipped; when none of the newest can, the answer is not a page of the log. Another
// page may be a single row.
func decodeLog(r io.Reader, q LogQuery) (LogPage, error) {
	var page LogPage
	dec := listDecoder[logRow]{maxElements: maxLogRows, maxValue: maxRow, add: func(row *logRow, err error) error {
		var d Delivery
		if err == nil {
			d, err = row.delivery()
		}
		if err != nil {
			page.Skipped = append(page.Skipped, err)
			return nil
		}
		page.Deliveries = append(page.Deliveries, d)
		return nil
	}}
	if err := dec.decode(r); err != nil {
		return LogPage{}, err
	}
	if newest := q.Start == 0 && q.RowID == 0; newest && len(page.Deliveries) == 0 && len(page.Skipped) > 0 {
		return LogPage{}, fmt.Errorf("no row of the log can be read: %w", page.Skipped[0])
	}
	slices.SortStableFunc(page.Deliveries, func(a, b Delivery) int { return cmp.Compare(b.ID, a.ID) })
	page.Total = max(dec.total, 0)
	return page, nil
}
