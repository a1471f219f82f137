package docspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// listDecoder reads the list of an answer: the value of response in the envelope, or a bare list.
type listDecoder[T any] struct {
	// add takes each element, which is good until it returns, or why it can't be read. An error of add ends the decoding.
	add func(element *T, err error) error
	// maxElements is the maximum number of elements, and maxValue the size of one in bytes.
	maxElements int
	maxValue    int64
	// total is how many elements the server has in all, as the envelope says it; 0 when it doesn't.
	total int

	read int // elements so far
}

// decode reads to the end of the body, so that one cut short anywhere is noticed. It holds one
// element at a time.
func (l *listDecoder[T]) decode(r io.Reader) error {
	dec := newDecoder(r, l.maxValue)
	tok, err := dec.Token()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: empty body", errDecode)
	}
	switch {
	case err != nil:
	case tok == json.Delim('['):
		err = l.decodeElements(dec)
	case tok == json.Delim('{'):
		err = l.decodeEnvelope(dec)
	default:
		err = fmt.Errorf("%w: neither an envelope nor a list", errDecode)
	}
	if err != nil {
		return jsonError(err)
	}
	return expectEnd(dec)
}

// decodeEnvelope reads an object up to its end and the list that it holds as response.
func (l *listDecoder[T]) decodeEnvelope(dec *json.Decoder) error {
	found := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if key != "response" {
			if err := l.decodeOther(dec, key); err != nil {
				return err
			}
			continue
		}
		if tok, err := dec.Token(); err != nil {
			return err
		} else if tok != json.Delim('[') {
			return fmt.Errorf("%w: response is not a list", errDecode)
		}
		if err := l.decodeElements(dec); err != nil {
			return err
		}
		found = true
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: no response in it", errDecode)
	}
	return nil
}

// decodeOther reads a value of the envelope that is not the list.
func (l *listDecoder[T]) decodeOther(dec *json.Decoder, key json.Token) error {
	if key != "total" {
		var value presence
		return dec.Decode(&value)
	}
	var value json.RawMessage
	if err := dec.Decode(&value); err != nil {
		return err
	}
	if total, err := strconv.Atoi(string(value)); err == nil {
		l.total = total // what is no number is as good as nothing
	}
	return nil
}

// decodeElements reads what follows the opening bracket of a list, its closing one included.
func (l *listDecoder[T]) decodeElements(dec *json.Decoder) error {
	var element, empty T
	for dec.More() {
		element = empty
		err := dec.Decode(&element)
		if err != nil && !isElementFault(err) {
			return err // the stream itself is broken
		}
		l.read++
		if l.read > l.maxElements {
			return fmt.Errorf("%w: more than %d elements", errTooLarge, l.maxElements)
		}
		if err := l.add(&element, jsonError(err)); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// isElementFault tells an element that does not fit from a stream that ends or is not JSON.
func isElementFault(err error) bool {
	return errors.Is(err, errDecode) || isA[*json.UnmarshalTypeError](err)
}

// numberText is the text of a JSON number, or of a string in its place. What json.Number says of a
// string that is no number quotes it and can't be told from trouble with the connection.
type numberText string

// UnmarshalJSON takes numbers, strings and null, which is as good as nothing; whether it is a number
// is found out by who parses it.
func (n *numberText) UnmarshalJSON(data []byte) error {
	if bytes.ContainsAny(data[:1], "{[tf") {
		return fmt.Errorf("%w: not a number", errDecode)
	}
	*n = numberText(bytes.Trim(data, `"`))
	if data[0] == 'n' {
		*n = ""
	}
	return nil
}

// positive is the number, or 0 when it is not positive, no integer or does not fit into so many bits.
func (n numberText) positive(bits int) int64 {
	i, err := strconv.ParseInt(string(n), 10, bits)
	if err != nil {
		return 0
	}
	return max(i, 0)
}

// maxName is the maximum length of a name, in characters.
const maxName = 256

// cutName returns the beginning of a name, in valid UTF-8. A cut name does not keep the whole one in memory.
func cutName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxName {
		return s
	}
	n := 0
	for i := range s {
		if n == maxName {
			return strings.Clone(s[:i])
		}
		n++
	}
	return s
}

// cutText returns the first bytes of a text, without a part of a character. A cut text does not keep the whole one in memory.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:limit], ""))
}

// decodeValue reads a small answer whole and returns the value of response in the envelope, or the
// bare value.
func decodeValue(r io.Reader) (json.RawMessage, error) {
	dec := newDecoder(r, maxValue)
	var raw json.RawMessage
	if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: empty body", errDecode)
	} else if err != nil {
		return nil, jsonError(err)
	}
	if err := expectEnd(dec); err != nil {
		return nil, err
	}
	var envelope struct {
		Response   json.RawMessage `json:"response"`
		StatusCode json.RawMessage `json:"statusCode"`
	}
	if raw[0] != '{' {
		return raw, nil
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return nil, jsonError(err)
	}
	switch {
	case envelope.Response != nil:
		return envelope.Response, nil
	case envelope.StatusCode != nil:
		return nil, fmt.Errorf("%w: no response in it", errDecode)
	default:
		return raw, nil
	}
}

func expectEnd(dec *json.Decoder) error {
	_, err := dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return fmt.Errorf("%w: more than one JSON value", errDecode)
	default:
		return jsonError(err)
	}
}

// jsonError marks what the JSON decoder complains about; errors of the transport pass as they are.
// The text never quotes the body.
func jsonError(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%w: not JSON at byte %d", errDecode, e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return fmt.Errorf("%w: not an object", errDecode)
		}
		field := e.Field[strings.LastIndexByte(e.Field, '.')+1:] // the path can hold the name of a Go type
		return fmt.Errorf("%w: wrong type of field %q", errDecode, field)
	}
	return err
}
