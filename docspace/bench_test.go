package docspace

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// typicalPage has 100 rows of about 1.5 KB. Nine of ten were accepted, the others found nobody.
func typicalPage() string {
	const payload = `{"event":{"id":%[1]d,"createOn":"2026-01-15T10:00:00Z","createBy":"11111111-2222-3333-4444-555555555555",` +
		`"trigger":"file.created","triggerId":128},"payload":{"id":%[1]d,"parentId":17,"folderIdDisplay":17,"rootId":3,` +
		`"title":"Minutes of the board.docx","createBy":"11111111-2222-3333-4444-555555555555","createOn":"2026-01-15T10:00:00Z",` +
		`"modifiedBy":"11111111-2222-3333-4444-555555555555","modifiedOn":"2026-01-15T10:00:00Z"},` +
		`"webhook":{"id":7,"name":"crm","url":"https://hooks.example/in","triggers":["file.created","file.updated"]}}`
	const headers = `{"Accept": ["*/*"], "x-docspace-signature-256": ["sha256=%064X"]}`
	var rows []string
	for id := 1000; id > 900; id-- {
		row := fmt.Sprintf(`{"id":%d,"configName":"crm","trigger":128,"creationTime":"2026-01-15T09:00:00Z","requestHeaders":%s,"requestPayload":%s,`,
			id, strconv.Quote(fmt.Sprintf(headers, id)), strconv.Quote(fmt.Sprintf(payload, id)))
		if id%10 == 0 {
			row += `"responsePayload":"Connection refused (hooks.example:443)","status":0}`
		} else {
			row += `"responsePayload":` + strconv.Quote(`{"ok":true,"received":"`+strings.Repeat("x", 600)+`"}`) +
				`,"status":200,"delivery":"2026-01-15T09:00:01Z"}`
		}
		rows = append(rows, row)
	}
	return `{"response":[` + strings.Join(rows, ",") + `],"count":1,"total":1000,"status":0,"statusCode":200}`
}

// BenchmarkDecodeLog reads the page of the log that each scrape reads.
func BenchmarkDecodeLog(b *testing.B) {
	body := typicalPage()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := decodeLog(strings.NewReader(body), LogQuery{Count: MaxLogPage})
		if err != nil || len(page.Deliveries) != 100 {
			b.Fatalf("%d rows, %v", len(page.Deliveries), err)
		}
	}
	b.ReportMetric(float64(len(body))/100, "bytes/row")
}

// typicalList has webhooks as 3.7 lists them, each with as many triggers.
func typicalList(webhooks, triggers int) string {
	const element = `{"configs":{"id":%[1]d,"name":"crm %[1]d","uri":"https://hooks.example/in/%[1]d","enabled":true,"ssl":true,"triggers":%[2]d,` +
		`"createdOn":"2026-01-02T09:15:00+00:00","lastFailureOn":"2026-01-14T08:00:05+00:00",` +
		`"lastFailureContent":"Connection refused (hooks.example:443)","lastSuccessOn":"2026-01-15T11:00:00+00:00"}}`
	elements := make([]string, webhooks)
	for i := range elements {
		elements[i] = fmt.Sprintf(element, i+1, 1<<triggers-1)
	}
	return `{"response":[` + strings.Join(elements, ",") + `],"count":1,"status":0,"statusCode":200}`
}

func BenchmarkDecodeWebhooks(b *testing.B) {
	for _, size := range []struct{ webhooks, triggers int }{{20, 3}, {1_000, 5}, {10_000, 5}} {
		b.Run(fmt.Sprintf("%dx%d", size.webhooks, size.triggers), func(b *testing.B) {
			body := typicalList(size.webhooks, size.triggers)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				list, err := decodeWebhooks(strings.NewReader(body))
				if err != nil || len(list.Webhooks) != size.webhooks {
					b.Fatalf("%d webhooks, %v", len(list.Webhooks), err)
				}
			}
		})
	}
}
