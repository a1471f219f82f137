package docspace

import (
	"io"
	"runtime"
	"testing"
)

// maxBody is the default of --docspace.max-response-size.
const maxBody = 64 << 20

// endlessBody is a body of a head and any number of repetitions, cut at maxBody as a Client does it. It counts what is read of it.
type endlessBody struct {
	head, unit string
	read       int64
}

// Read implements io.Reader.
func (b *endlessBody) Read(p []byte) (int, error) {
	if b.read > maxBody {
		return 0, errTooLarge
	}
	n := copy(p, b.head[min(b.read, int64(len(b.head))):])
	for n < len(p) {
		at := (b.read + int64(n) - int64(len(b.head))) % int64(len(b.unit))
		n += copy(p[n:], b.unit[at:])
	}
	b.read += int64(n)
	return n, nil
}

// decoders returns the decoder of each endpoint, without its result.
func decoders() map[Endpoint]func(io.Reader) error {
	return map[Endpoint]func(io.Reader) error{
		EndpointWebhooks: func(r io.Reader) error { _, err := decodeWebhooks(r); return err },
		EndpointLog:      func(r io.Reader) error { _, err := decodeLog(r, anyPage()); return err },
		EndpointTriggers: func(r io.Reader) error { _, err := decodeTriggers(r); return err },
		EndpointSettings: func(r io.Reader) error { _, err := decodeSettings(r); return err },
		EndpointKey:      func(r io.Reader) error { _, err := decodeKey(r); return err },
		EndpointUser:     func(r io.Reader) error { _, err := decodeUser(r); return err },
	}
}

// allocated returns how many bytes a function allocates in all, whether they are released or not. A test that calls it must not run at
// the same time as others.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostileShapes are bodies that begin with the head and never end.
var hostileShapes = []struct {
	name, head, unit string
}{
	{"white space before all", ``, " "},
	{"white space in a list", `[`, "\n"},
	{"white space behind an element", `[0`, " "},
	{"white space before an element", `[0,`, "\t"},
	{"white space in an element", `[{`, " "},
	{"white space in the envelope", `{`, " "},
	{"white space behind a key", `{"count"`, " "},
	{"white space before a value", `{"count":`, " "},
	{"white space behind the envelope", `{"response":[]}`, " "},
	{"key of the envelope", `{"`, "x"},
	{"key of an element", `{"response":[{"`, "x"},
	{"string", `"`, "x"},
	{"string in a list", `["`, "x"},
	{"string of escapes", `["`, `\u0000`},
	{"string of another field", `{"links":"`, "x"},
	{"number", `1`, "1"},
	{"number in a list", `[1`, "1"},
	{"number of another field", `{"total":1`, "1"},
	{"fraction", `[0.`, "0"},
	{"list of another field", `{"links":[`, "0,"},
	{"object of another field", `{"links":{"a":0`, `,"a":0`},
	{"element with an unknown list", `[{"id":1,"x":[`, "{},"},
	{"element with a key again and again", `{"response":[{"id":1`, `,"id":1`},
	{"element with its object again and again", `[{"configs":{"id":1}`, `,"configs":{"id":1}`},
	{"name", `{"response":[{"id":1,"name":"`, "x"},
	{"name of bytes that are no UTF-8", `{"response":[{"id":1,"name":"`, "\xff"},
	{"name of a webhook in a row", `{"response":[{"id":1,"configName":"`, "x"},
	{"id", `{"response":[{"id":1`, "1"},
	{"date", `[{"id":1,"createdOn":"`, "1"},
	{"trigger names", `[{"id":1,"triggers":"`, "a,"},
	{"trigger array", `[{"id":1,"triggers":[`, "1,"},
	{"trigger array of arrays", `[{"id":1,"triggers":[`, "[],"},
	{"trigger mask", `[{"id":1,"triggers":1`, "1"},
	{"payload of a row", `[{"id":1,"requestPayload":"`, `{\"webhook\":`},
	{"response of a row", `[{"id":1,"responsePayload":"`, "x"},
	{"version", `{"response":{"version":"`, "x"},
	{"trigger list of names and masks", `{"response":{"a":1`, `,"a":1`},
	{"trigger list of objects", `{"response":[{"name":"a","id":1}`, `,{"name":"a","id":1}`},
	{"elements that can't be read", `[0`, ",0"},
	{"empty elements", `{"response":[{}`, ",{}"},
	{"webhooks", `[{"id":1}`, `,{"id":1}`},
	{"webhooks with many triggers", `[{"id":1}`, `,{"id":1,"triggers":-1}`},
	{"arrays in arrays", ``, "["},
	{"arrays in arrays in the envelope", `{"links":`, "["},
	{"objects in objects", ``, `{"response":`},
	{"objects in objects in a list", `[`, `{"configs":`},
}

// Not at the same time as other tests: it measures what is allocated.
func TestDecoders_HostileBodiesCostLittle(t *testing.T) {
	const maxAllocated = 16 << 20
	for endpoint, decode := range decoders() {
		maxRead := int64(maxValue)
		if endpoint == EndpointLog {
			maxRead = maxRow
		}
		for _, tt := range hostileShapes {
			t.Run(string(endpoint)+"/"+tt.name, func(t *testing.T) {
				body, err := &endlessBody{head: tt.head, unit: tt.unit}, error(nil)
				n := allocated(func() { err = decode(body) })
				if got := ReasonOf(err); err == nil || got != ReasonTooLarge && got != ReasonDecode {
					t.Errorf("error %v, want too_large or decode", err)
				}
				if most := maxRead + int64(len(tt.head)) + 1; n > maxAllocated || body.read > most {
					t.Errorf("%d bytes allocated, %d read; want at most %d and %d", n, body.read, maxAllocated, most)
				}
			})
		}
	}
}
