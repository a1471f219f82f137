package docspace

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// newBody returns the body of an answer, decompressed, that fails with errTooLarge past limit. The compressed body has the same limit:
// gzip can go on for ever without a byte in it.
func newBody(resp *http.Response, limit int64) (io.Reader, error) {
	var body io.Reader = resp.Body
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		zr, err := gzip.NewReader(bufio.NewReader(&cappedReader{r: resp.Body, left: limit}))
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, gzipError(err)
		}
		body = gzipReader{zr}
	default:
		return nil, fmt.Errorf("%w: content encoding that was not asked for", errDecode)
	}
	return &cappedReader{r: body, left: limit}, nil
}

// gzipReader turns damage of the compressed data into a decoding error.
type gzipReader struct{ r io.Reader }

func (g gzipReader) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	return n, gzipError(err)
}

func gzipError(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || isA[flate.CorruptInputError](err) {
		return fmt.Errorf("%w: %w", errDecode, err)
	}
	return err
}

// cappedReader fails once more than left bytes were read, unlike io.LimitReader, which would pass
// a cut answer off as a whole one.
type cappedReader struct {
	r    io.Reader
	left int64
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > c.left {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n, errTooLarge
	}
	return n, err
}
