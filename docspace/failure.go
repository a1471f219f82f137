package docspace

import (
	"net/http"
	"strconv"
	"strings"
)

// FailureReason is the class of a failed delivery from the portal to a receiver. The set is
// closed, so it is safe as a label.
type FailureReason string

// The reasons why a delivery failed.
const (
	FailureRedirect     FailureReason = "redirect"     // the receiver answered 3xx
	FailureUnauthorized FailureReason = "unauthorized" // 401 or 403
	FailureRateLimited  FailureReason = "rate_limited" // 429
	FailureClientError  FailureReason = "client_error" // another 4xx
	FailureServerError  FailureReason = "server_error" // 5xx that the receiver answered
	FailureTimeout      FailureReason = "timeout"      // no answer in time
	FailureDNS          FailureReason = "dns"          // the receiver's name has no address
	FailureConnection   FailureReason = "connection"   // refused, reset, unreachable or cut
	FailureTLS          FailureReason = "tls"          // handshake or certificate
	FailureOther        FailureReason = "other"
)

// FailureReasons returns every FailureReason, in the order of the documentation.
func FailureReasons() []FailureReason {
	return []FailureReason{
		FailureRedirect, FailureUnauthorized, FailureRateLimited, FailureClientError, FailureServerError,
		FailureTimeout, FailureDNS, FailureConnection, FailureTLS, FailureOther,
	}
}

// statusPrefix begins the text of a failure for which the receiver's answer is to blame; the status
// code follows.
const statusPrefix = "Response status code does not indicate success: "

// failureTexts are phrases of .NET's own English texts on Linux and Windows. The order matters:
// the first that occurs wins.
var failureTexts = []struct {
	phrase string
	reason FailureReason
}{
	{"HttpClient.Timeout", FailureTimeout},
	{"Connection timed out", FailureTimeout},
	{"did not properly respond after a period of time", FailureTimeout},
	{"Name or service not known", FailureDNS},
	{"No such host is known", FailureDNS},
	{"nodename nor servname provided", FailureDNS},
	{"name resolution", FailureDNS},
	{"Resource temporarily unavailable", FailureDNS}, // how .NET on Linux spells EAI_AGAIN
	{"no data of the requested type was found", FailureDNS},
	{"SSL connection could not be established", FailureTLS},
	{"remote certificate", FailureTLS},
	{"Authentication failed", FailureTLS},
	{"TLS alert", FailureTLS},
	{"Connection refused", FailureConnection},
	{"actively refused", FailureConnection},
	{"Connection reset", FailureConnection},
	{"forcibly closed", FailureConnection},
	{"Broken pipe", FailureConnection},
	{"No route to host", FailureConnection},
	{"unreachable", FailureConnection},
	{"response ended prematurely", FailureConnection},
	{"An error occurred while sending the request", FailureConnection},
	{"Error while copying content", FailureConnection},
	{"invalid status line", FailureConnection},
	{"Unable to read data from the transport connection", FailureConnection},
}

// ClassifyFailure returns the class of lastFailureContent or of a failed row's responsePayload.
func ClassifyFailure(text string) FailureReason {
	if rest, ok := strings.CutPrefix(text, statusPrefix); ok {
		digits, _, _ := strings.Cut(rest, " ")
		code, err := strconv.Atoi(strings.TrimRight(digits, "."))
		if err != nil {
			return FailureOther
		}
		return classifyFailureStatus(code)
	}
	text, _, _ = strings.Cut(text, " (")  // what follows is the receiver's host and port
	text, _, _ = strings.Cut(text, ": '") // what follows is what the receiver sent
	for _, f := range failureTexts {
		if strings.Contains(text, f.phrase) {
			return f.reason
		}
	}
	return FailureOther
}

func classifyFailureStatus(code int) FailureReason {
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return FailureUnauthorized
	case code == http.StatusTooManyRequests:
		return FailureRateLimited
	case code >= 300 && code <= 399:
		return FailureRedirect
	case code >= 400 && code <= 499:
		return FailureClientError
	case code >= 500 && code <= 599:
		return FailureServerError
	default:
		return FailureOther
	}
}
