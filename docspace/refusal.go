package docspace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

// Refusal tells the kinds of HTTP 403 apart by the form of their body, which is all that the portal
// lets know of its reason. The set is closed.
type Refusal string

// The kinds of HTTP 403.
const (
	RefusalBlank   Refusal = "blank"   // no body, or a problem report: the key lacks the scope, or the portal is busy
	RefusalRole    Refusal = "role"    // the JSON error "Access denied": the key's user may not
	RefusalAddress Refusal = "address" // one plain sentence: the caller's IP address is not let in
	RefusalOther   Refusal = "other"   // another error, or the page of something in front of the portal
)

// deniedMessage is what the API says to a user whose role does not allow something.
const deniedMessage = "Access denied"

// RefusalOf returns the kind of the 403 that caused an error, and nothing for any other error.
func RefusalOf(err error) Refusal {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Refusal
	}
	return ""
}

// readRefusal reads the body of a refusal, so that its connection is kept, unless that takes long, and classifies that of a 403. Nothing
// else is kept. stop must end a read of the body.
func readRefusal(resp *http.Response, stop context.CancelFunc) Refusal {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return "" // its body is the connection
	}
	defer time.AfterFunc(drainTime, stop).Stop()
	var refusal Refusal
	if resp.StatusCode == http.StatusForbidden {
		refusal = refusalOf(resp)
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxDrain) // best effort
	return refusal
}

func refusalOf(resp *http.Response) Refusal {
	body, err := newBody(resp, maxDrain)
	if err != nil {
		return RefusalOther
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return RefusalOther
	}
	return classifyRefusal(resp.Header.Get("Content-Type"), bytes.TrimSpace(text))
}

func classifyRefusal(contentType string, body []byte) Refusal {
	mediaType, _, _ := mime.ParseMediaType(contentType) // one that can't be read is none
	switch {
	case len(body) == 0, mediaType == "application/problem+json":
		return RefusalBlank
	case mediaType == "text/plain", body[0] == '"':
		return RefusalAddress
	}
	var failure struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &failure) == nil && failure.Error.Message == deniedMessage {
		return RefusalRole
	}
	return RefusalOther
}
