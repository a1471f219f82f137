package docspace

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// Reason is the class of a failed request to a portal. The set is closed, so it is safe as a label.
type Reason string

// The reasons why a portal could not be read.
const (
	ReasonUnauthorized     Reason = "unauthorized"      // HTTP 401, or the key could not be read
	ReasonPaymentRequired  Reason = "payment_required"  // HTTP 402
	ReasonForbidden        Reason = "forbidden"         // HTTP 403
	ReasonNotFound         Reason = "not_found"         // HTTP 404
	ReasonRateLimited      Reason = "rate_limited"      // HTTP 429
	ReasonServerError      Reason = "server_error"      // HTTP 5xx
	ReasonUnexpectedStatus Reason = "unexpected_status" // any other status but 200
	ReasonRedirect         Reason = "redirect"          // HTTP 301, 302, 303, 307 or 308
	ReasonTimeout          Reason = "timeout"           // no complete answer in time
	ReasonDNS              Reason = "dns"               // the host name has no address
	ReasonConnection       Reason = "connection"        // refused, reset, or cut before the end of the answer
	ReasonTLS              Reason = "tls"               // handshake or certificate
	ReasonDecode           Reason = "decode"            // the answer is not what the API documents
	ReasonTooLarge         Reason = "too_large"         // the answer exceeds Config.MaxResponseSize, or what the client takes of its kind
)

// Reasons returns every Reason, in the order of the documentation.
func Reasons() []Reason {
	return []Reason{
		ReasonUnauthorized, ReasonPaymentRequired, ReasonForbidden, ReasonNotFound, ReasonRateLimited,
		ReasonServerError, ReasonUnexpectedStatus, ReasonRedirect, ReasonTimeout, ReasonDNS,
		ReasonConnection, ReasonTLS, ReasonDecode, ReasonTooLarge,
	}
}

// Error is what every method of Client returns when it fails.
type Error struct {
	Endpoint Endpoint
	Reason   Reason
	Status   int     // HTTP status of the answer, 0 if there was none
	Refusal  Refusal // kind of a 403, empty for anything else
	Err      error
}

// Error names the endpoint and the cause. It never holds the URL, the key or a body, nor a control character.
func (e *Error) Error() string {
	return Printable(fmt.Sprintf("get %s: %v", e.Endpoint, e.Err))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns the class of an error that a Client returned. An error from elsewhere is a
// connection failure unless a deadline caused it.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return classify(err)
}

var (
	errTooLarge = errors.New("answer is larger than the limit")
	// errOverBudget is of a response that is the largest of too many at the same time.
	errOverBudget = fmt.Errorf("%w: too many large ones are being read at the same time", errTooLarge)
	errDecode     = errors.New("unexpected answer")
	errKey        = errors.New("API key cannot be read")
	errLocation   = errors.New("redirect to nowhere")
)

// classify maps what the HTTP client and the decoder report to a Reason.
func classify(err error) Reason {
	switch {
	case isExhausted(err):
		return ReasonConnection
	case errors.Is(err, errTooLarge):
		return ReasonTooLarge
	case errors.Is(err, errKey):
		return ReasonUnauthorized
	case errors.Is(err, errLocation):
		return ReasonRedirect
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ReasonTimeout
	case isA[*net.DNSError](err):
		return ReasonDNS
	case isTimeout(err):
		return ReasonTimeout
	case isTLS(err):
		return ReasonTLS
	case errors.Is(err, io.ErrUnexpectedEOF):
		return ReasonConnection
	case errors.Is(err, errDecode):
		return ReasonDecode
	default:
		return ReasonConnection
	}
}

// isExhausted reports whether this machine lacks a resource, such as file descriptors. It says nothing about the portal or the key.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ENOBUFS)
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

func isTLS(err error) bool {
	return isA[*os.PathError](err) || // a certificate file has gone
		isA[*tls.CertificateVerificationError](err) || isA[tls.RecordHeaderError](err) || isAlert(err) ||
		errors.Is(err, http.ErrSchemeMismatch) // what net/http makes of a RecordHeaderError that begins HTTP/
}

// isAlert tells a TLS alert. Its type is not exported: crypto/tls wraps it in an operation of its own.
func isAlert(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && (e.Op == "remote error" || e.Op == "local error")
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// statusReason maps an HTTP status other than 200 to a Reason.
func statusReason(code int) Reason {
	switch {
	case code == http.StatusUnauthorized:
		return ReasonUnauthorized
	case code == http.StatusPaymentRequired:
		return ReasonPaymentRequired
	case code == http.StatusForbidden:
		return ReasonForbidden
	case code == http.StatusNotFound:
		return ReasonNotFound
	case code == http.StatusTooManyRequests:
		return ReasonRateLimited
	case code >= 500 && code <= 599:
		return ReasonServerError
	case code == http.StatusMovedPermanently, code == http.StatusFound, code == http.StatusSeeOther,
		code == http.StatusTemporaryRedirect, code == http.StatusPermanentRedirect:
		return ReasonRedirect
	default:
		return ReasonUnexpectedStatus
	}
}
