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
)

// gzipShapes abuse the compression.
func gzipShapes() []shape {
	blank := func() []byte { return compress(filled("", " ", hostileSize, "")) }
	row := row()
	whole := webhookList(1, always(`"name":"crm"`))
	return []shape{
		at(webhooksPath, "gzip of 1 GiB", "", func() http.HandlerFunc { return gzipped(filled(`{"response":[`, " ", 1<<30, "]}")) }),
		at(webhooksPath, "gzip of many members without end", "", func() http.HandlerFunc { return repeated(blank()) }),
		at(logPath, "gzip of many members without end", "", func() http.HandlerFunc { return repeated(blank()) }),
		at(webhooksPath, "empty gzip members without end", "", func() http.HandlerFunc { return repeated(compress(filled("", " ", 0, ""))) }),
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

// connectionShapes break HTTP itself. They need HTTP/1.1.
func connectionShapes() []shape {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	shortHeaders := func(w io.Writer) error {
		return listed(strings.TrimSuffix(ok, "\r\n"), 1_200_000, func(i int) string { return "\r\n" + strconv.FormatInt(int64(i), 36) + ":" }, "\r\n\r\n")(w)
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
