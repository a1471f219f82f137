//go:build slow

package deploy_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// responses are the handlers of some endpoints, by their path below /api/2.0/. The others respond as a healthy portal.
type responses map[string]http.HandlerFunc

// shape is what a hostile portal responds with.
type shape struct {
	name string
	// responses makes the responses, which hold memory.
	responses func() responses
	// result is what every scrape must result in; empty for any.
	result string
	// heavy says that the response to one scrape takes seconds to write.
	heavy bool
	// crowd leaves out the single scrape: only 20 at once, which share its fetch.
	crowd bool
}

// crowded are shapes of which 20 scrapes cost as much as one.
func crowded(shapes []shape) []shape {
	for i := range shapes {
		shapes[i].crowd = true
	}
	return shapes
}

// endpoint is an endpoint of the API and the smallest response around one of its objects.
type endpoint struct {
	name, path  string
	open, empty string // empty is a response without objects
	shut        string
}

func endpoints() []endpoint {
	return []endpoint{
		{"settings", "settings", `{"response":{"version":"3.7.2","tenantAlias":"p1","timezone":"UTC",`, `{}`, `}}`},
		{"webhooks", "settings/webhook", `{"response":[{"configs":{"id":1,"name":"crm",`, `[]`, `}}]}`},
		{"triggers", "settings/webhook/triggers", `{"response":[{"name":"file.uploaded","id":256,`, `[]`, `}]}`},
		{"log", "settings/webhooks/log", `{"response":[{"id":1,"configName":"crm","status":200,`, `[]`, `}],"total":1}`},
		{"key", "keys/@self", `{"response":{"isActive":true,`, `{}`, `}}`},
		{"user", "people/@self", `{"response":{"isOwner":true,`, `{}`, `}}`},
	}
}

const (
	webhooksPath = "settings/webhook"
	triggersPath = "settings/webhook/triggers"
	logPath      = "settings/webhooks/log"
)

// at is a portal of which one endpoint is hostile.
func at(path, name, result string, handler func() http.HandlerFunc) shape {
	name = strings.TrimPrefix(path, "settings/") + ": " + name
	return shape{name: name, result: result, responses: func() responses { return responses{path: handler()} }}
}

func gzippedAt(path, name string, b body) shape {
	return at(path, name, "", func() http.HandlerFunc { return gzipped(b) })
}

// valueShapes have one value, or run of white space, of 62 MiB: in an object, in the envelope, and as the whole response.
func valueShapes() []shape {
	values := []struct{ name, before, unit, after string }{
		{"string", `"x":"`, "a", `"`},
		{"escapes", `"x":"`, `\u00e4`, `"`},
		{"number", `"x":`, "1", ""},
		{"key", `"`, "k", `":1`},
		{"white space", `"x":`, " \n", "1"},
		{"nested arrays", `"x":`, "[", ""},
		{"nested objects", `"x":`, `{"a":`, ""},
		{"array of numbers", `"x":[`, "1,", "1]"},
		{"array of empty objects", `"x":[`, "{},", "1]"},
		{"object of equal keys", `"x":{`, `"a":0,`, `"a":0}`},
	}
	var shapes []shape
	for _, e := range endpoints() {
		for _, v := range values {
			shapes = append(shapes, gzippedAt(e.path, v.name+" in an object", filled(e.open+v.before, v.unit, hostileSize, v.after+e.shut)))
			if e.name == "log" || e.name == "webhooks" || e.name == "settings" {
				shapes = append(shapes, gzippedAt(e.path, v.name+" in the envelope",
					filled("{"+v.before, v.unit, hostileSize, v.after+`,"response":`+e.empty+"}")))
			}
			if v.name == "key" {
				continue
			}
			b := filled(strings.TrimPrefix(v.before, `"x":`), v.unit, hostileSize, v.after)
			shapes = append(shapes, at(e.path, v.name+" alone, identity", "", func() http.HandlerFunc { return plain(b) }))
		}
		shapes = append(shapes, gzippedAt(e.path, "white space after the end", filled(e.open+`"x":1`+e.shut, " \n", hostileSize, "")))
	}
	return shapes
}

// listShapes are lists and objects of very many elements, each of them small.
func listShapes() []shape {
	var shapes []shape
	for _, e := range endpoints() {
		for _, element := range []string{"{}", "0", "null", `{"configs":{}}`, `"a"`} {
			shapes = append(shapes, gzippedAt(e.path, "list of "+element, filled(`{"response":[`, element+",", hostileSize, element+"]}")))
		}
		member := func(i int) string { return `"k` + strconv.Itoa(i) + `":0` }
		shapes = append(shapes,
			gzippedAt(e.path, "object of a million keys", listed(`{"response":{`, 1_000_000, member, "}}")),
			gzippedAt(e.path, "element of a million keys", listed(e.open, 1_000_000, member, e.shut)))
	}
	return shapes
}

// webhook is an element of the list of webhooks with further fields.
func webhook(i int, fields string) string {
	return fmt.Sprintf(`{"configs":{"id":%d,%s}}`, i+1, fields)
}

// webhookList is a list of webhooks.
func webhookList(count int, fields func(i int) string) body {
	return listed(`{"response":[`, count, func(i int) string { return webhook(i, fields(i)) }, `]}`)
}

// always returns the same fields for each element.
func always(fields string) func(int) string { return func(int) string { return fields } }

// triggerNames are the first names of a sequence, joined, of size bytes or a little less.
func triggerNames(size int, quote string) string {
	var b strings.Builder
	for i := 0; b.Len() < size-16; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote + "t" + strconv.Itoa(i) + quote)
	}
	return b.String()
}

func webhookShapes() []shape {
	list := func(name string, count int, fields func(i int) string) shape {
		return gzippedAt(webhooksPath, name, webhookList(count, fields))
	}
	long := strings.Repeat("n", 200*kib)
	shapes := []shape{
		gzippedAt(webhooksPath, "100 KiB of elements with triggers -1",
			listed(`{"response":[`, 4096, func(i int) string { return fmt.Sprintf(`{"id":%d,"triggers":-1}`, i+1) }, `]}`)),
		gzippedAt(webhooksPath, "10,000 elements with triggers -1",
			listed(`{"response":[`, 10_000, func(i int) string { return fmt.Sprintf(`{"id":%d,"triggers":-1}`, i+1) }, `]}`)),
		list("200,000 elements with triggers 0", 200_000, always(`"triggers":0`)),
		list("one id 200,000 times", 200_000, always(`"id":1`)),
		list("310 names of 200 KiB", 310, always(`"name":"`+long+`"`)),
		list("310 URLs of 200 KiB", 310, always(`"uri":"https://`+long+`"`)),
		list("310 failure texts of 200 KiB", 310, always(`"lastFailureContent":"`+long+`","lastFailureOn":"2026-01-02T03:04:05Z"`)),
		list("310 targets of 200 KiB", 310, always(`"targetId":"`+long+`"`)),
		list("310 dates of 200 KiB", 310, always(`"createdOn":"`+long+`"`)),
		list("10,000 webhooks of 6 KiB", 10_000, always(`"uri":"https://`+long[:2*kib]+`","targetId":"`+long[:2*kib]+`","lastFailureContent":"`+long[:2*kib]+`"`)),
		list("310 trigger texts of 200 KiB", 310, always(`"triggers":"`+triggerNames(200*kib, "")+`"`)),
		list("310 trigger arrays of 200 KiB", 310, always(`"triggers":[`+triggerNames(200*kib, `"`)+`]`)),
		list("310 arrays of 200 KiB of trigger numbers", 310, always(`"triggers":[`+strings.Repeat("1,", 100*kib)+`1]`)),
	}
	for _, kilobytes := range []int{100, 240, 300} {
		shapes = append(shapes, list(fmt.Sprintf("%d KiB of trigger names in a text", kilobytes), 1, always(`"triggers":"`+triggerNames(kilobytes*kib, "")+`"`)))
	}
	for _, field := range []string{"name", "uri", "lastFailureContent", "targetId", "createdOn", "triggers", "enabled", "id"} {
		shapes = append(shapes, gzippedAt(webhooksPath, field+" of 62 MiB", filled(`{"response":[{"configs":{"id":1,"`+field+`":"`, "n", hostileSize, `"}}]}`)))
	}
	return append(shapes,
		gzippedAt(webhooksPath, "62 MiB of commas in triggers", filled(`{"response":[{"configs":{"id":1,"triggers":"`, "t,", hostileSize, `"}}]}`)),
		gzippedAt(webhooksPath, "array of 62 MiB of trigger numbers", filled(`{"response":[{"configs":{"id":1,"triggers":[`, "1,", hostileSize, `1]}}]}`)),
		gzippedAt(webhooksPath, "array of 62 MiB of trigger names", filled(`{"response":[{"configs":{"id":1,"triggers":[`, `"t",`, hostileSize, `"u"]}}]}`)),
	)
}

func triggerShapes() []shape {
	return []shape{
		gzippedAt(triggersPath, "list of a million names",
			listed(`{"response":[`, 1_000_000, func(i int) string { return fmt.Sprintf(`"t%d"`, i) }, `]}`)),
		gzippedAt(triggersPath, "list of a million objects",
			listed(`{"response":[`, 1_000_000, func(i int) string {
				return fmt.Sprintf(`{"name":"t%d","id":%d,"available":true}`, i, uint64(1)<<(i%63))
			}, `]}`)),
		gzippedAt(triggersPath, "object of a million names",
			listed(`{"response":{`, 1_000_000, func(i int) string { return fmt.Sprintf(`"t%d":%d`, i, uint64(1)<<(i%63)) }, `}}`)),
		gzippedAt(triggersPath, "1 MiB of names with one bit",
			listed(`{"response":{`, 60_000, func(i int) string { return fmt.Sprintf(`"t%d":256`, i) }, `}}`)),
		gzippedAt(triggersPath, "310 names of 200 KiB",
			listed(`{"response":[`, 310, func(i int) string {
				return fmt.Sprintf(`{"name":"t%d%s","id":%d}`, i, strings.Repeat("n", 200*kib), uint64(1)<<(i%63))
			}, `]}`)),
		gzippedAt(triggersPath, "name of 62 MiB", filled(`{"response":[{"id":256,"name":"`, "n", hostileSize, `"}]}`)),
		gzippedAt("settings", "version of 62 MiB", filled(`{"response":{"timezone":"UTC","version":"`, "3", hostileSize, `"}}`)),
		gzippedAt("settings", "alias of 1 MiB", filled(`{"response":{"timezone":"UTC","tenantAlias":"`, "a", mib-kib, `"}}`)),
		gzippedAt("settings", "alias of 200 KiB", filled(`{"response":{"timezone":"UTC","tenantAlias":"`, "a", 200*kib, `"}}`)),
	}
}

// row is a row of the delivery log, of a minute ago, with further fields.
func row() func(id int, fields string) string {
	created := `,"trigger":256,"creationTime":"` + time.Now().UTC().Add(-time.Minute).Format(time.RFC3339) + `"`
	return func(id int, fields string) string { return `{"id":` + strconv.Itoa(id) + created + fields + `}` }
}

// logList is a log that fits into a page.
func logList(count int, fields func(i int) string) body { return logPage(count, count, fields) }

// logPage is the same page however much of the log was read. A total above count makes the exporter read on.
func logPage(total, count int, fields func(i int) string) body {
	row := row()
	return listed(fmt.Sprintf(`{"total":%d,"response":[`, total), count, func(i int) string { return row(100_000_000-i, fields(i)) }, `]}`)
}

func logShapes() []shape {
	list := func(name string, count int, fields func(i int) string) shape {
		return gzippedAt(logPath, name, logList(count, fields))
	}
	long := strings.Repeat("p", mib)
	nested := always(`,"status":200,"requestPayload":"{\"webhook\":{\"id\":1,\"name\":\"` + long + `\"}}"`)
	return []shape{
		list("a million small rows", 1_000_000, always("")),
		gzippedAt(logPath, "62 MiB of the smallest rows", filled(`{"response":[`, `{"id":1},`, hostileSize, `{"id":1}]}`)),
		list("1,000 pending rows", 1000, always("")),
		list("1,000 rows of 1,000 webhooks", 1000, func(i int) string {
			return fmt.Sprintf(`,"status":200,"requestPayload":"{\"webhook\":{\"id\":%d}}"`, i+1)
		}),
		list("1,000 rows with names of 60 KiB", 1000, always(`,"configName":"`+long[:60*kib]+`"`)),
		list("61 rows with a request payload of 1 MiB", 61, nested),
		gzippedAt(logPath, "pages that never end, each with 61 request payloads of 1 MiB", logPage(100_000_000, 61, nested)),
		list("61 rows with a response payload of 1 MiB", 61, always(`,"status":500,"responsePayload":"`+long+`"`)),
		list("61 rows with headers of 1 MiB", 61, always(`,"status":200,"requestHeaders":"`+long+`"`)),
		list("31 rows with 1.9 MiB of escapes in the request payload", 31,
			always(`,"status":200,"requestPayload":"{\"webhook\":{\"name\":\"`+strings.Repeat(`\\u00e4`, 270*kib)+`\"}}"`)),
		list("31 rows with 1.9 MiB of numbers in the request payload", 31,
			always(`,"status":200,"requestPayload":"{\"payload\":[`+strings.Repeat("1,", 950*kib)+`1]}"`)),
		list("31 rows with a name of 1.9 MiB", 31, always(`,"configName":"`+long+long[:900*kib]+`"`)),
		list("8 rows of 7 payloads of 1 MiB", 8, always(strings.Repeat(`,"requestPayload":"`+long+`"`, 7))),
		gzippedAt(logPath, "request payload of 62 MiB", filled(`{"response":[{"id":1,"requestPayload":"`, "p", hostileSize, `"}]}`)),
		gzippedAt(logPath, "nested arrays of 1.9 MiB in a request payload", filled(`{"response":[{"id":1,"requestPayload":"`, "[", 19*mib/10, `"}]}`)),
	}
}

// changingShapes are different at each request, and could make an exporter remember more and more.
func changingShapes() []shape {
	pages := func(name string, fields func(i int) string) shape {
		return at(logPath, "pages that never end, each with "+name, "", func() http.HandlerFunc { return freshRows(1000, fields) })
	}
	return []shape{
		pages("1,000 other pending rows", always("")),
		pages("1,000 rows of other webhooks", func(i int) string {
			return fmt.Sprintf(`,"status":200,"requestPayload":"{\"webhook\":{\"id\":%d,\"name\":\"w%d\"}}"`, i, i)
		}),
		pages("1,000 rows of other names", func(i int) string {
			return fmt.Sprintf(`,"status":200,"configName":"%d%s"`, i, strings.Repeat("n", 200))
		}),
		at(webhooksPath, "10,000 other webhooks at each request", "up", func() http.HandlerFunc {
			var sent atomic.Int64
			return func(w http.ResponseWriter, r *http.Request) {
				first := int(sent.Add(10_000))
				plain(listed(`{"response":[`, 10_000, func(i int) string {
					return webhook(first+i, fmt.Sprintf(`"name":"w%d","triggers":31,"enabled":true`, first+i))
				}, `]}`))(w, r)
			}
		}),
	}
}

// freshRows is a log without end that grows by a million rows whenever its newest page is requested. It sends pages of
// count rows, however many are requested.
func freshRows(count int, fields func(i int) string) http.HandlerFunc {
	var grown atomic.Int64
	row := row()
	return func(w http.ResponseWriter, r *http.Request) {
		start, _ := strconv.Atoi(r.URL.Query().Get("startIndex")) // 0 when missing
		if start == 0 {
			grown.Add(1)
		}
		total := 1_000_000_000 + int(grown.Load())*1_000_000
		plain(listed(fmt.Sprintf(`{"total":%d,"response":[`, total), count, func(i int) string {
			id := total - start - i
			return row(id, fields(id))
		}, `]}`))(w, r)
	}
}

// largeLists are lists that are read: real ones, and the worst within the limits of 10,000 webhooks and 50,000 pairs.
func largeLists() []shape {
	with := func(name string, list body) shape {
		return shape{name: name, result: "up", heavy: true, responses: func() responses {
			return responses{webhooksPath: gzipped(list), logPath: logPages(5000)}
		}}
	}
	dates := `"createdOn":"2026-01-02T03:04:05+00:00","lastSuccessOn":"2026-03-02T03:04:05+00:00","lastFailureOn":"2026-02-02T03:04:05+00:00"`
	actual := func(triggers string) func(int) string {
		return func(i int) string {
			return fmt.Sprintf(`"name":"webhook %d","uri":"https://hooks.example/%d","enabled":true,"ssl":true,"triggers":%s,%s,`+
				`"lastFailureContent":"Connection refused (hooks.example:443)"`, i, i, triggers, dates)
		}
	}
	wide := func(letter string) func(int) string {
		events := make([]string, 5)
		for i := range events {
			events[i] = strconv.Itoa(i) + strings.Repeat(letter, 255)
		}
		triggers := `"triggers":"` + strings.Join(events, ",") + `"`
		return func(i int) string {
			n := strconv.Itoa(i)
			return fmt.Sprintf(`"name":"%s%s",%s,"enabled":true,%s`, n, strings.Repeat(letter, 256-len(n)), triggers, dates)
		}
	}
	return []shape{
		with("10,000 webhooks × 5 triggers, with a log", webhookList(10_000, actual("31"))),
		with("1,000 webhooks × 5 triggers, with a log", webhookList(1000, actual("31"))),
		with("781 webhooks × 64 triggers, with a log", webhookList(781, actual("-1"))),
		with("195 webhooks × 256 names of triggers, with a log", webhookList(195, actual(`"`+trimTo(triggerNames(4*kib, ""), 256)+`"`))),
		with("10,000 × 5, names of 256 letters", webhookList(10_000, wide("n"))),
		{name: "10,000 × 5, names of 256 characters of 4 bytes", result: "down, webhooks too_large", responses: func() responses {
			return responses{webhooksPath: gzipped(webhookList(10_000, wide("\U0001F600")))}
		}},
		with("10,000 × 5, names of 256 quotation marks", webhookList(10_000, wide(`\"`))),
	}
}

// trimTo cuts a list of names to n of them.
func trimTo(list string, n int) string {
	words := strings.Split(list, ",")
	return strings.Join(words[:n], ",")
}

// logPages is a log of real rows, newest first.
func logPages(total int) http.HandlerFunc {
	payload := `,"status":200,"delivery":"2026-03-02T03:04:05Z","requestHeaders":"{\"Accept\": [\"*/*\"]}","responsePayload":"ok",` +
		`"requestPayload":"{\"event\":{\"createOn\":\"2026-03-02T03:04:04Z\"},\"payload\":{\"text\":\"` + strings.Repeat("x", 3*kib) + `\"},\"webhook\":{\"id\":%d}}"`
	row := row()
	return func(w http.ResponseWriter, r *http.Request) {
		start, _ := strconv.Atoi(r.URL.Query().Get("startIndex")) // 0 when missing
		count, _ := strconv.Atoi(r.URL.Query().Get("count"))      // 0 when missing
		count = max(min(count, total-start), 0)
		plain(listed(fmt.Sprintf(`{"total":%d,"response":[`, total), count, func(i int) string {
			id := total - start - i
			return row(id, fmt.Sprintf(payload, id%100+1))
		}, `]}`))(w, r)
	}
}
