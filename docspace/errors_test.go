package docspace

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestReasonsAreCompleteAndUnique(t *testing.T) {
	t.Parallel()
	want := strings.Fields(`unauthorized payment_required forbidden not_found rate_limited server_error
		unexpected_status redirect timeout dns connection tls decode too_large`)
	got := make([]string, 0, len(want))
	for _, r := range Reasons() {
		got = append(got, string(r))
	}
	if !slices.Equal(got, want) {
		t.Errorf("reasons %q, want those of the documentation %q", got, want)
	}
}

func TestEndpointsAreCompleteAndUnique(t *testing.T) {
	t.Parallel()
	if got, want := Endpoints(), []Endpoint{"settings", "webhooks", "triggers", "log", "key", "user"}; !slices.Equal(got, want) {
		t.Errorf("endpoints %q, want %q", got, want)
	}
}

func TestStatusesAreClassified(t *testing.T) {
	t.Parallel()
	special := map[int]Reason{
		301: ReasonRedirect, 302: ReasonRedirect, 303: ReasonRedirect, 307: ReasonRedirect, 308: ReasonRedirect,
		401: ReasonUnauthorized, 402: ReasonPaymentRequired, 403: ReasonForbidden, 404: ReasonNotFound, 429: ReasonRateLimited,
	}
	for code := range 1000 {
		want, ok := special[code]
		switch {
		case ok:
		case code/100 == 5:
			want = ReasonServerError
		default:
			want = ReasonUnexpectedStatus
		}
		if got := statusReason(code); got != want {
			t.Errorf("HTTP %d is %s, want %s", code, got, want)
		}
	}
}

func dialError(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 9), Port: 443}, Err: err}
}

func readError(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }

func TestErrorsOfTheTransportAreClassified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want Reason
	}{
		{"deadline of the scrape", context.DeadlineExceeded, ReasonTimeout},
		{"scraper went away", context.Canceled, ReasonTimeout},
		{"deadline while dialing", dialError(context.DeadlineExceeded), ReasonTimeout},
		{"deadline of a connection", readError(os.ErrDeadlineExceeded), ReasonTimeout},
		{"kernel's connect timeout", dialError(os.NewSyscallError("connect", syscall.ETIMEDOUT)), ReasonTimeout},
		{"no such host", dialError(&net.DNSError{Err: "no such host", Name: "portal.example", IsNotFound: true}), ReasonDNS},
		{"resolver timed out", dialError(&net.DNSError{Err: "i/o timeout", Name: "portal.example", IsTimeout: true}), ReasonDNS},
		{"resolver failed", dialError(&net.DNSError{Err: "server misbehaving", Name: "portal.example", IsTemporary: true}), ReasonDNS},
		{"refused", dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), ReasonConnection},
		{"reset", readError(os.NewSyscallError("read", syscall.ECONNRESET)), ReasonConnection},
		{"unreachable", dialError(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), ReasonConnection},
		{"no port left", dialError(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), ReasonConnection},
		{"closed without an answer", io.EOF, ReasonConnection},
		{"cut", io.ErrUnexpectedEOF, ReasonConnection},
		{"cut within gzip", gzipError(io.ErrUnexpectedEOF), ReasonConnection},
		{"anything else", errors.New("malformed HTTP response"), ReasonConnection},
		{"unknown authority", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{Cert: &x509.Certificate{}}}, ReasonTLS},
		{"wrong host name", &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "portal.example"}}, ReasonTLS},
		{"expired", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}}, ReasonTLS},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, ReasonTLS},
		{"plain HTTP", http.ErrSchemeMismatch, ReasonTLS},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, ReasonTLS},
		{"alert of ours", &net.OpError{Op: "local error", Err: tls.AlertError(70)}, ReasonTLS},
		{"not JSON", errDecode, ReasonDecode},
		{"gzip header", gzipError(gzip.ErrHeader), ReasonDecode},
		{"gzip checksum", gzipError(gzip.ErrChecksum), ReasonDecode},
		{"too large", errTooLarge, ReasonTooLarge},
		{"redirect to nowhere", withoutURL(errors.New(`failed to parse Location header "hunter2": no`)), ReasonRedirect},
		{"key file gone", fmt.Errorf("%w: %w", errKey, &os.PathError{Op: "open", Path: "/run/key", Err: syscall.ENOENT}), ReasonUnauthorized},
		{"no file descriptor for the key file", fmt.Errorf("API key file: %w", &os.PathError{Op: "open", Path: "/run/key", Err: syscall.EMFILE}), ReasonConnection},
		{"no file descriptor for a certificate", &os.PathError{Op: "open", Path: "/run/ca", Err: syscall.ENFILE}, ReasonConnection},
		{"no file descriptor for the resolver", dialError(&net.DNSError{Err: "socket", Name: "portal.example", UnwrapErr: syscall.EMFILE}), ReasonConnection},
		{"no memory for a connection", dialError(os.NewSyscallError("socket", syscall.ENOMEM)), ReasonConnection},
		{"proxy that refuses", &proxyError{proxy: "proxy.example:3128", status: 407}, ReasonConnection},
		{"certificate file gone", withoutURL(fmt.Errorf("unable to read CA cert: %w", &os.PathError{Op: "open", Path: "/run/ca", Err: syscall.ENOENT})), ReasonTLS},
		{"the portal's words are not repeated", withoutURL(errors.New(`malformed HTTP response "hunter2"`)), ReasonConnection},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, err := range []error{
				tt.err, fmt.Errorf("wrapped: %w", tt.err),
				withoutURL(&url.Error{Op: "Get", URL: "https://hunter2@portal.example", Err: tt.err}),
			} {
				if got := ReasonOf(err); got != tt.want {
					t.Errorf("%v is %s, want %s", err, got, tt.want)
				}
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the URL is shown: %v", err)
				}
			}
		})
	}
}

func TestClassOfAnErrorIsKeptWhenItIsWrapped(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("%w: cut", io.ErrUnexpectedEOF)
	err := fmt.Errorf("portal: %w", &Error{Endpoint: EndpointWebhooks, Reason: ReasonForbidden, Status: 403, Err: cause})
	if got := ReasonOf(err); got != ReasonForbidden {
		t.Errorf("reason %s, want %s", got, ReasonForbidden)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "portal: get webhooks: unexpected EOF: cut"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

// A decoder's complaint about a body that ends is no decoding error, one about a limit that was
// passed neither.
func TestMostSpecificClassWins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want Reason
	}{
		{errors.Join(errDecode, io.ErrUnexpectedEOF), ReasonConnection},
		{errors.Join(errDecode, errTooLarge, context.DeadlineExceeded), ReasonTooLarge},
		{errors.Join(errKey, context.DeadlineExceeded), ReasonUnauthorized},
		{errors.Join(errDecode, context.DeadlineExceeded), ReasonTimeout},
		{errors.Join(&net.DNSError{IsTimeout: true}, context.DeadlineExceeded), ReasonTimeout},
		{errors.Join(io.ErrUnexpectedEOF, tls.RecordHeaderError{}), ReasonTLS},
	} {
		if got := classify(tt.err); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.err, got, tt.want)
		}
	}
}
