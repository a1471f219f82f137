//go:build slow

package deploy_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	// hostileSize is the size of a response after decompression, below the default of --docspace.max-response-size.
	hostileSize = 62 * mib
	// endless is more than any response can send in the time of a scrape.
	endless = 1 << 50
)

// body writes a response body. It returns the error of a client that stops reading.
type body func(w io.Writer) error

// filled repeats unit up to size bytes between prefix and suffix.
func filled(prefix, unit string, size int, suffix string) body {
	return func(w io.Writer) error {
		chunk := []byte(strings.Repeat(unit, min(size, 64*kib)/len(unit)+1))
		chunk = chunk[:len(chunk)/len(unit)*len(unit)]
		if _, err := io.WriteString(w, prefix); err != nil {
			return err
		}
		for left := size / len(unit) * len(unit); left > 0; left -= len(chunk) {
			if _, err := w.Write(chunk[:min(left, len(chunk))]); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, suffix)
		return err
	}
}

// listed writes elements, with commas between them, between prefix and suffix: count of them, or fewer when they
// would exceed hostileSize. A count of endless has no such limit.
func listed(prefix string, count int, element func(i int) string, suffix string) body {
	return func(out io.Writer) error {
		w := bufio.NewWriterSize(out, 64*kib)
		size := len(prefix) + len(suffix)
		_, err := w.WriteString(prefix)
		for i := 0; i < count && err == nil; i++ {
			e := element(i)
			if size += len(e) + 1; size > hostileSize && count < endless {
				break
			}
			if i > 0 {
				_ = w.WriteByte(',') // WriteString returns its error
			}
			_, err = w.WriteString(e)
		}
		if err != nil {
			return err
		}
		_, _ = w.WriteString(suffix) // Flush returns its error
		return w.Flush()
	}
}

// plain sends the body without compression.
func plain(b body) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		jsonHeader(w)
		_ = b(w) // the exporter stopped reading
	}
}

// gzipped compresses the body once and sends it as often as it is requested.
func gzipped(b body) http.HandlerFunc { return compressed(compress(b)) }

// compressed sends what compress returned.
func compressed(members ...[]byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		jsonHeader(w)
		w.Header().Set("Content-Encoding", "gzip")
		for _, m := range members {
			if _, err := w.Write(m); err != nil {
				return
			}
		}
	}
}

// compress returns one gzip member.
func compress(b body) []byte {
	zw := &memberWriter{crc: crc32.NewIEEE()}
	zw.out.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	if err := b(zw); err != nil {
		panic(err)
	}
	return zw.end()
}

// memberWriter compresses each write on its own, and one that repeats the last one only once: that makes large bodies
// of a repeated unit cheap.
type memberWriter struct {
	out         bytes.Buffer
	crc         hash.Hash32
	size        uint32 // modulo 2³², as the trailer has it
	last, block []byte
}

func (m *memberWriter) Write(p []byte) (int, error) {
	_, _ = m.crc.Write(p) // never fails
	m.size += uint32(len(p))
	if !bytes.Equal(p, m.last) {
		m.last, m.block = bytes.Clone(p), deflate(p, (*flate.Writer).Flush)
	}
	m.out.Write(m.block)
	return len(p), nil
}

func (m *memberWriter) end() []byte {
	m.out.Write(deflate(nil, (*flate.Writer).Close))
	for _, n := range []uint32{m.crc.Sum32(), m.size} {
		m.out.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
	}
	return m.out.Bytes()
}

// deflate returns p as whole blocks, which refer to nothing before them.
func deflate(p []byte, end func(*flate.Writer) error) []byte {
	var out bytes.Buffer
	fw, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	_, err = fw.Write(p)
	if err := errors.Join(err, end(fw)); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// repeated sends one gzip member again and again.
func repeated(member []byte) http.HandlerFunc {
	many := bytes.Repeat(member, 32*kib/len(member)+1)
	return func(w http.ResponseWriter, _ *http.Request) {
		jsonHeader(w)
		w.Header().Set("Content-Encoding", "gzip")
		for {
			if _, err := w.Write(many); err != nil {
				return
			}
		}
	}
}

// status sends the body with a status other than 200.
func status(code int, b body) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		jsonHeader(w)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
		_ = b(w) // the exporter stopped reading
	}
}

func jsonHeader(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
}

// hanging sends the body and then nothing until the exporter leaves.
func hanging(b body) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if b != nil {
			jsonHeader(w)
			_ = b(w) // the exporter stopped reading
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	}
}

// dripping sends prefix and then unit every 50 ms.
func dripping(prefix, unit string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		jsonHeader(w)
		flusher := http.NewResponseController(w)
		_, err := io.WriteString(w, prefix)
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for err == nil {
			if err = flusher.Flush(); err != nil {
				return
			}
			select {
			case <-ticker.C:
				_, err = io.WriteString(w, unit)
			case <-r.Context().Done():
				return
			}
		}
	}
}

// raw takes over the connection, which has to be HTTP/1.1, and closes it after the body.
func raw(b body) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		hijack(w, func(conn net.Conn) { _ = b(conn) }) // the exporter stopped reading
	}
}

// rawDripping writes unit every 50 ms onto the connection.
func rawDripping(prefix, unit string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		hijack(w, func(conn net.Conn) {
			ticker := time.NewTicker(50 * time.Millisecond)
			defer ticker.Stop()
			for _, err := io.WriteString(conn, prefix); err == nil; <-ticker.C {
				_, err = io.WriteString(conn, unit)
			}
		})
	}
}

func hijack(w http.ResponseWriter, use func(net.Conn)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }() // the exporter may have closed it
	use(conn)
}
