package docspace

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Texts of HttpRequestException and TaskCanceledException, as .NET on Linux and Windows writes them.
func TestFailuresAreClassifiedByTheTextsOfDotNet(t *testing.T) {
	t.Parallel()
	for want, texts := range map[FailureReason][]string{
		FailureTimeout: {
			"The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
			"Connection timed out (hooks.example:443)",
			"A connection attempt failed because the connected party did not properly respond after a period of time, " +
				"or established connection failed because connected host has failed to respond. (hooks.example:443)",
			"Unable to read data from the transport connection: Connection timed out.",
		},
		FailureDNS: {
			"Name or service not known (hooks.example:443)",
			"No such host is known. (hooks.example:443)",
			"Resource temporarily unavailable (hooks.example:443)",
			"Temporary failure in name resolution (hooks.example:443)",
			"nodename nor servname provided, or not known (hooks.example:443)",
			"This is usually a temporary error during hostname resolution and means that the local server did not " +
				"receive a response from an authoritative server. (hooks.example:443)",
			"The requested name is valid, but no data of the requested type was found. (hooks.example:443)",
		},
		FailureTLS: {
			"The SSL connection could not be established, see inner exception.",
			"The remote certificate is invalid according to the validation procedure: RemoteCertificateNameMismatch",
			"The remote certificate is invalid because of errors in the certificate chain: NotTimeValid",
			"Authentication failed, see inner exception.",
			"Authentication failed because the remote party sent a TLS alert: 'HandshakeFailure'.",
			"Received a TLS alert from the peer.",
		},
		FailureConnection: {
			"Connection refused (hooks.example:443)",
			"No connection could be made because the target machine actively refused it. (hooks.example:443)",
			"Connection reset by peer (hooks.example:443)",
			"Unable to read data from the transport connection: Connection reset by peer.",
			"Unable to read data from the transport connection: Operation canceled.",
			"An existing connection was forcibly closed by the remote host. (hooks.example:443)",
			"Unable to write data to the transport connection: Broken pipe.",
			"No route to host (10.0.0.9:443)",
			"Network is unreachable (hooks.example:443)",
			"A socket operation was attempted to an unreachable network. (hooks.example:443)",
			"The response ended prematurely. (ResponseEnded)",
			"An error occurred while sending the request.",
			"Error while copying content to a stream.",
			"Received an invalid status line: 'SSH-2.0-OpenSSH_9.6'.",
		},
		FailureOther: {
			"",
			"A task was canceled.",
			"The operation was canceled.",
			"Invalid URI: The hostname could not be parsed.",
			"Object reference not set to an instance of an object.",
			"connection refused", // the texts are known to the letter
			"503",
		},
	} {
		for _, text := range texts {
			if got := ClassifyFailure(text); got != want {
				t.Errorf("%q is %s, want %s", text, got, want)
			}
		}
	}
}

func TestFailuresAreClassifiedByTheReceiversStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]FailureReason{
		0: FailureOther, 100: FailureOther, 200: FailureOther, 299: FailureOther,
		300: FailureRedirect, 302: FailureRedirect, 399: FailureRedirect,
		400: FailureClientError, 402: FailureClientError, 404: FailureClientError, 410: FailureClientError,
		428: FailureClientError, 430: FailureClientError, 499: FailureClientError,
		401: FailureUnauthorized, 403: FailureUnauthorized, 429: FailureRateLimited,
		500: FailureServerError, 503: FailureServerError, 599: FailureServerError, 600: FailureOther, 999: FailureOther,
	} {
		for _, text := range []string{
			fmt.Sprintf("Response status code does not indicate success: %d (Service Unavailable).", code),
			fmt.Sprintf("Response status code does not indicate success: %d.", code), // without a reason phrase
			fmt.Sprintf("Response status code does not indicate success: %d", code),  // cut by the column's 200 characters
			fmt.Sprintf("Response status code does not indicate success: %d (", code),
		} {
			if got := ClassifyFailure(text); got != want {
				t.Errorf("%q is %s, want %s", text, got, want)
			}
		}
	}
	for _, text := range []string{
		"Response status code does not indicate success: ",
		"Response status code does not indicate success: five (Connection refused).",
		"Response status code does not indicate success",
		" Response status code does not indicate success: 503 (Service Unavailable).",
		"Response status code does not indicate success: 99999999999999999999 (OK).",
	} {
		if got := ClassifyFailure(text); got != FailureOther {
			t.Errorf("%q is %s, want %s", text, got, FailureOther)
		}
	}
}

// What a receiver chooses, its host name, its reason phrase or its first line, must not choose the
// class.
func TestReceiversDoNotChooseTheClass(t *testing.T) {
	t.Parallel()
	for _, f := range failureTexts {
		for text, want := range map[string]FailureReason{
			"Connection refused (%s:443)":                                       FailureConnection,
			"Name or service not known (%s)":                                    FailureDNS,
			"Something new happened (%s:443)":                                   FailureOther,
			"Something new happened (a:1) (%s:443)":                             FailureOther,
			"Response status code does not indicate success: 404 (%s).":         FailureClientError,
			"Received an invalid status line: '%s'.":                            FailureConnection,
			"Received an invalid status line: 'HTTP/9 (%s)'.":                   FailureConnection,
			"Received an invalid status line: 'x': '%s'.":                       FailureConnection,
			"Response status code does not indicate success: 503 (nothing) %s.": FailureServerError,
		} {
			text = strings.ReplaceAll(text, "%s", f.phrase)
			if got := ClassifyFailure(text); got != want {
				t.Errorf("%q is %s, want %s", text, got, want)
			}
		}
	}
}

func TestFirstPhraseOfTheTableWins(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]FailureReason{
		"Connection timed out during name resolution":                           FailureTimeout,
		"Temporary failure in name resolution, Connection refused":              FailureDNS,
		"The SSL connection could not be established: Connection reset by peer": FailureTLS,
	} {
		if got := ClassifyFailure(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestEveryPhraseIsReachable(t *testing.T) {
	t.Parallel()
	for _, f := range failureTexts {
		if got := ClassifyFailure(f.phrase); got != f.reason {
			t.Errorf("%q alone is %s, want %s", f.phrase, got, f.reason)
		}
	}
}

func TestFailureReasonsAreTheLabelsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	got := []FailureReason{
		FailureRedirect, FailureUnauthorized, FailureRateLimited, FailureClientError, FailureServerError,
		FailureTimeout, FailureDNS, FailureConnection, FailureTLS, FailureOther,
	}
	want := []FailureReason{
		"redirect", "unauthorized", "rate_limited", "client_error", "server_error", "timeout", "dns", "connection", "tls", "other",
	}
	if !slices.Equal(got, want) {
		t.Errorf("reasons %q, want %q", got, want)
	}
}
