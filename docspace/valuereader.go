package docspace

import (
	"encoding/json"
	"fmt"
	"io"
)

// Maximum size of one JSON value, in bytes. A real row of the log has at most 1.2 MiB, a real webhook 4 KiB.
const (
	maxValue = 256 << 10 // also of a whole response that is not a list
	maxRow   = 2 << 20
)

// newDecoder returns a decoder that fails with errTooLarge at a value, key or run of white space of more than limit bytes. json.Decoder
// alone would hold it, whatever its size.
func newDecoder(r io.Reader, limit int64) *json.Decoder {
	v := &valueReader{r: r, limit: limit}
	v.dec = json.NewDecoder(v)
	return v.dec
}

// valueReader is read by dec, which reads on only when it holds no complete value.
type valueReader struct {
	r     io.Reader
	limit int64
	dec   *json.Decoder
	read  int64
}

// Read fills p unless the response ends: json.Decoder scans a run of white space from its beginning after each Read.
func (v *valueReader) Read(p []byte) (n int, err error) {
	room := v.dec.InputOffset() + v.limit - v.read
	if room < 0 {
		return 0, fmt.Errorf("%w: a value of more than %d KiB", errTooLarge, v.limit>>10)
	}
	p = p[:min(int64(len(p)), room+1)]
	for n < len(p) && err == nil {
		var more int
		more, err = v.r.Read(p[n:])
		n += more
	}
	v.read += int64(n)
	return n, err
}
