//go:build slow

package deploy_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
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

// logList is a page of the log. Its total makes the exporter read on.
func logList(count int, fields func(i int) string) body {
	row := row()
	return listed(`{"total":100000000,"response":[`, count, func(i int) string { return row(100_000_000-i, fields(i)) }, `]}`)
}

func logShapes() []shape {
	list := func(name string, count int, fields func(i int) string) shape {
		return gzippedAt(logPath, name, logList(count, fields))
	}
	long := strings.Repeat("p", mib)
	nested := `,"status":200,"requestPayload":"{\"webhook\":{\"id\":1,\"name\":\"` + long + `\"}}"`
	return []shape{
		list("a million small rows", 1_000_000, always("")),
		gzippedAt(logPath, "62 MiB of the smallest rows", listed(`{"response":[`, hostileSize, func(i int) string { return `{"id":` + strconv.Itoa(i+1) + `}` }, `]}`)),
		list("1,000 pending rows", 1000, always("")),
		list("1,000 rows of 1,000 webhooks", 1000, func(i int) string {
			return fmt.Sprintf(`,"status":200,"requestPayload":"{\"webhook\":{\"id\":%d}}"`, i+1)
		}),
		list("1,000 rows with names of 60 KiB", 1000, always(`,"configName":"`+long[:60*kib]+`"`)),
		list("61 rows with a request payload of 1 MiB", 61, always(nested)),
		list("61 rows with a response payload of 1 MiB", 61, always(`,"status":500,"responsePayload":"`+long+`"`)),
		list("61 rows with headers of 1 MiB", 61, always(`,"status":200,"requestHeaders":"`+long+`"`)),
		list("31 rows with 1.9 MiB of escapes in the request payload", 31,
			always(`,"status":200,"requestPayload":"{\"webhook\":{\"name\":\"`+strings.Repeat(`\\u00e4`, 270*kib)+`\"}}"`)),
		list("31 rows with 1.9 MiB of numbers in the request payload", 31,
			always(`,"status":200,"requestPayload":"{\"payload\":[`+strings.Repeat("1,", 950*kib)+`1]}"`)),
		list("31 rows with a name of 1.9 MiB", 31, always(`,"configName":"`+long+long[:900*kib]+`"`)),
		list("a row of 8 payloads of 1 MiB, again and again", 8, always(strings.Repeat(`,"requestPayload":"`+long+`"`, 7))),
		gzippedAt(logPath, "request payload of 62 MiB", filled(`{"response":[{"id":1,"requestPayload":"`, "p", hostileSize, `"}]}`)),
		gzippedAt(logPath, "nested arrays of 1.9 MiB in a request payload", filled(`{"response":[{"id":1,"requestPayload":"`, "[", 19*mib/10, `"}]}`)),
		at(logPath, "pages that never end, each with 1,000 other pending rows", "", func() http.HandlerFunc { return freshRows(1000, always("")) }),
		at(logPath, "pages that never end, each with 1,000 rows of other webhooks", "", func() http.HandlerFunc {
			return freshRows(1000, func(i int) string {
				return fmt.Sprintf(`,"status":200,"requestPayload":"{\"webhook\":{\"id\":%d,\"name\":\"w%d\"}}"`, i, i)
			})
		}),
		at(logPath, "pages that never end, each with 1,000 rows of other names", "", func() http.HandlerFunc {
			return freshRows(1000, func(i int) string { return fmt.Sprintf(`,"status":200,"configName":"%d%s"`, i, long[:200]) })
		}),
	}
}

// freshRows sends rows that were never sent before, as if the log had no end.
func freshRows(count int, fields func(i int) string) http.HandlerFunc {
	var sent atomic.Int64
	row := row()
	return func(w http.ResponseWriter, r *http.Request) {
		first := 1_000_000_000 - int(sent.Add(int64(count)))
		plain(listed(`{"total":1000000000,"response":[`, count, func(i int) string { return row(first-i, fields(first-i)) }, `]}`))(w, r)
	}
}

// gzipShapes abuse the compression.
func gzipShapes() []shape {
	blank := func() []byte { return compress(filled("", " ", hostileSize, "")) }
	row := row()
	whole := webhookList(1, always(`"name":"crm"`))
	return []shape{
		at(webhooksPath, "gzip of 1 GiB", "", func() http.HandlerFunc { return gzipped(filled(`{"response":[`, " ", 1<<30, "]}")) }),
		at(webhooksPath, "gzip of many members without end", "", func() http.HandlerFunc { return repeated(blank()) }),
		at(logPath, "gzip of many members without end", "", func() http.HandlerFunc { return repeated(blank()) }),
		at(webhooksPath, "gzip in gzip", "", func() http.HandlerFunc {
			return compressed(compress(func(w io.Writer) error { _, err := w.Write(compress(whole)); return err }))
		}),
		at(webhooksPath, "list cut into two members", "up", func() http.HandlerFunc {
			return compressed(compress(filled("", " ", 10, `{"response":[`)), compress(filled("", " ", 10, "]}")))
		}),
		at(webhooksPath, "elements without end, identity", "", func() http.HandlerFunc {
			return plain(listed(`{"response":[`, endless, func(i int) string { return webhook(i, `"name":"crm"`) }, ""))
		}),
		at(logPath, "rows without end, identity", "", func() http.HandlerFunc {
			return plain(listed(`{"response":[`, endless, func(i int) string { return row(endless-i, "") }, ""))
		}),
		at(webhooksPath, "white space without end, identity", "", func() http.HandlerFunc { return plain(filled("", " ", endless, "")) }),
		at("settings", "white space without end, identity", "", func() http.HandlerFunc { return plain(filled("", " ", endless, "")) }),
	}
}

// largeLists are lists that are read: real ones, and the worst within the limits of 10,000 webhooks and 50,000 pairs.
func largeLists() []shape {
	with := func(name string, list body) shape {
		return shape{name: name, result: "up", responses: func() responses {
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
		with("10,000 × 5, names of 256 characters of 4 bytes", webhookList(10_000, wide("\U0001F600"))),
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

// connectionShapes break HTTP itself. They need HTTP/1.1.
func connectionShapes() []shape {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	shortHeaders := func(w io.Writer) error {
		return listed(ok, 1_500_000, func(i int) string { return "\r\n" + strconv.FormatInt(int64(i), 36) + ":" }, "\r\n\r\n")(w)
	}
	shapes := []shape{}
	for _, c := range []struct {
		name string
		b    body
	}{
		{"header of 62 MiB", filled(ok+"X-A: ", "a", hostileSize, "\r\n\r\n")},
		{"header of 9 MiB", filled(ok+"X-A: ", "a", 9*mib, "\r\nContent-Length: 15\r\n\r\n"+`{"response":[]}`)},
		{"header of 900 KiB", filled(ok+"X-A: ", "a", 900*kib, "\r\nContent-Length: 15\r\n\r\n"+`{"response":[]}`)},
		{"9 MiB of short headers", shortHeaders},
		{"headers without end", filled(ok, "X-A: b\r\n", endless, "")},
		{"reason phrase without end", filled("HTTP/1.1 500 ", "a", endless, "")},
		{"103 without end", filled("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", endless, "")},
		{"101 with a body without end", filled("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "a", endless, "")},
		{"one-byte chunks without end", filled(ok+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", endless, "")},
		{"chunk extension without end", filled(ok+"Transfer-Encoding: chunked\r\n\r\nf;", "a", endless, "")},
		{"trailer of 62 MiB", filled(ok+"Transfer-Encoding: chunked\r\n\r\nf\r\n"+`{"response":[]}`+"\r\n0\r\nX-A: ", "a", hostileSize, "\r\n\r\n")},
	} {
		for _, path := range []string{webhooksPath, "settings"} {
			shapes = append(shapes, at(path, c.name, "", func() http.HandlerFunc { return raw(c.b) }))
		}
	}
	for _, code := range []int{http.StatusFound, http.StatusForbidden, http.StatusInternalServerError} {
		for _, path := range []string{webhooksPath, logPath} {
			shapes = append(shapes, at(path, fmt.Sprintf("HTTP %d with a body without end", code), "", func() http.HandlerFunc {
				return status(code, filled(`{"error":{"message":"`, "a", endless, ""))
			}))
		}
	}
	return shapes
}

// hangingShapes take the whole time of a scrape and hardly any processor time.
func hangingShapes() []shape {
	half := filled(`{"response":[{"id":1,"requestPayload":"`, "p", 19*mib/10, "")
	var shapes []shape
	for _, e := range endpoints() {
		shapes = append(shapes,
			at(e.path, "hangs before the headers", "", func() http.HandlerFunc { return hanging(nil) }),
			at(e.path, "hangs after the headers", "", func() http.HandlerFunc { return hanging(filled("", " ", 0, "")) }),
			at(e.path, "drips white space", "", func() http.HandlerFunc { return dripping("", " ") }),
		)
	}
	return append(shapes,
		at(webhooksPath, "drips elements", "", func() http.HandlerFunc { return dripping(`{"response":[{"id":1}`, `,{"id":2}`) }),
		at(webhooksPath, "drips headers", "", func() http.HandlerFunc {
			return rawDripping("HTTP/1.1 200 OK\r\n", "X-A: b\r\n")
		}),
		at(webhooksPath, "drips 103", "", func() http.HandlerFunc { return rawDripping("", "HTTP/1.1 103 Early Hints\r\n\r\n") }),
		at(logPath, "hangs in a payload of 1.9 MiB", "", func() http.HandlerFunc { return hanging(half) }),
		at(webhooksPath, "empty gzip members without end", "", func() http.HandlerFunc { return repeated(compress(filled("", " ", 0, ""))) }),
	)
}

// everywhere is a portal all of whose endpoints are hostile at the same time.
func everywhere(name string, pick ...shape) shape {
	return shape{name: "all endpoints: " + name, responses: func() responses {
		all := responses{}
		for _, s := range pick {
			maps.Copy(all, s.responses())
		}
		return all
	}}
}

// combinedShapes are the costliest responses together.
func combinedShapes() []shape {
	strings62 := make([]shape, 0, len(endpoints()))
	values := valueShapes()
	for _, e := range endpoints() {
		strings62 = append(strings62, named(values, strings.TrimPrefix(e.path, "settings/")+": string in an object"))
	}
	return []shape{
		everywhere("string of 62 MiB", strings62...),
		everywhere("what is read whole", append(slices.Clone(strings62),
			named(triggerShapes(), "webhook/triggers: 1 MiB of names with one bit"),
			named(webhookShapes(), "webhook: 310 URLs of 200 KiB"),
			named(logShapes(), "webhooks/log: 61 rows with a request payload of 1 MiB"))...),
		everywhere("largest list and log", named(largeLists(), "10,000 × 5, names of 256 characters of 4 bytes"),
			named(logShapes(), "webhooks/log: 61 rows with a request payload of 1 MiB")),
	}
}

// named is the shape of that name.
func named(shapes []shape, name string) shape {
	i := slices.IndexFunc(shapes, func(s shape) bool { return s.name == name })
	if i < 0 {
		panic("no shape " + name)
	}
	return shapes[i]
}
