package docspace

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// withoutURL drops the URL and the portal's own words from an error of net/http, and marks the causes
// that have no type.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	switch text := err.Error(); {
	case strings.HasPrefix(text, "failed to parse Location header"):
		return errLocation
	case strings.HasPrefix(text, "net/http: invalid header field value"): // the key is the only one that is not ours
		return fmt.Errorf("%w: it is more than one line", errKey)
	default:
		return withoutQuotation(err)
	}
}

// withoutQuotation drops what an error of the transport quotes. Our own errors quote nothing of the portal's.
func withoutQuotation(err error) error {
	if err == nil || errors.Is(err, errDecode) || errors.Is(err, errTooLarge) {
		return err
	}
	return unquoted{err}
}

// unquoted hides what an error quotes: of a malformed answer those are the portal's words.
type unquoted struct{ error }

// Error is the text up to the first quotation.
func (u unquoted) Error() string {
	text, _, _ := strings.Cut(u.error.Error(), `"`)
	return strings.TrimRight(text, " :(")
}

// Unwrap returns the error with its quotation, for its type.
func (u unquoted) Unwrap() error { return u.error }

// statusError describes an answer by its status alone: bodies can hold stack traces. Of a redirect
// it tells the host, which is what an operator has to look at.
func statusError(resp *http.Response) error {
	text := strings.TrimSpace(fmt.Sprintf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	if loc, err := resp.Location(); err == nil && statusReason(resp.StatusCode) == ReasonRedirect {
		text += fmt.Sprintf(" to %s://%s", loc.Scheme, hostWithoutKey(resp, loc))
	}
	return errors.New(text)
}

// hostWithoutKey returns the host of a redirect, unless the portal has put the key into it.
func hostWithoutKey(resp *http.Response, location *url.URL) string {
	_, key, _ := strings.Cut(resp.Request.Header.Get("Authorization"), " ")
	if key != "" && strings.Contains(strings.ToLower(location.Host), strings.ToLower(key)) {
		return "a host that holds the API key"
	}
	return location.Host
}
