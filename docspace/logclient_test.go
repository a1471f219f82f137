package docspace

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// logOf asks a portal that answers with h for a page of its log.
func logOf(t *testing.T, h http.HandlerFunc, q LogQuery) (LogPage, error) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return logClient(t, s.URL).Log(t.Context(), q)
}

// logClient takes answers of up to 1 MiB. Its clock stands still.
func logClient(t *testing.T, address string) *Client {
	t.Helper()
	valid, err := Config{
		URL: address, HTTPClientConfig: KeyFromValue("sk-5EC12E7"), MaxResponseSize: 1 << 20,
		Clock: func() time.Time { return time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC) },
	}.Validate()
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(valid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// answerLog answers with JSON, at a time that is 90 s ahead of the client's.
func answerLog(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Date", "Thu, 15 Jan 2026 10:01:30 GMT")
		_, _ = io.WriteString(w, body)
	}
}

func TestQueryOfTheLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		q    LogQuery
		want url.Values
	}{
		{LogQuery{Count: 100}, url.Values{"count": {"100"}}},
		{LogQuery{Count: 1}, url.Values{"count": {"1"}}},
		{LogQuery{Start: 4900, Count: 100}, url.Values{"count": {"100"}, "startIndex": {"4900"}}},
		{LogQuery{RowID: 1<<63 - 1, Count: 1}, url.Values{"count": {"1"}, "eventId": {"9223372036854775807"}}},
		{LogQuery{RowID: 902, ConfigID: 7, Count: 1}, url.Values{"count": {"1"}, "eventId": {"902"}, "configId": {"7"}}},
		{LogQuery{ConfigID: 7, Start: 100, Count: 50}, url.Values{"count": {"50"}, "startIndex": {"100"}, "configId": {"7"}}},
	} {
		var asked *url.URL
		page, err := logOf(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL
			answerLog(`{"response":[{"id":7}],"count":1,"total":902}`)(w, r)
		}, tt.q)
		if err != nil || page.Len() != 1 || page.Total != 902 {
			t.Fatalf("got %+v, %v", page, err)
		}
		query := asked.Query()
		fields := query["fields"]
		query.Del("fields")
		if asked.Path != "/api/2.0/settings/webhooks/log" || query.Encode() != tt.want.Encode() {
			t.Errorf("%+v asks for %s with %s, want %s", tt.q, asked.Path, query.Encode(), tt.want.Encode())
		}
		if len(fields) != 1 {
			t.Fatalf("fields %q, want one list", fields)
		}
		checkFields(t, strings.Split(fields[0], ","))
	}
}

// checkFields wants the leaves that are read, and no whole object, which could kill a server, nor what
// nobody needs: the receiver's headers.
func checkFields(t *testing.T, got []string) {
	t.Helper()
	want := strings.Fields("attempts configName creationTime delivery id nextAttemptOn requestHeaders requestPayload responsePayload status trigger")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

func TestPageOfTheLogTellsThePortalsClock(t *testing.T) {
	t.Parallel()
	page, err := logOf(t, answerLog(fixture(t, "log_3.7.json")), anyPage())
	if err != nil || page.Len() != 7 {
		t.Fatalf("%d rows, error %v; want 7", page.Len(), err)
	}
	if page.ClockOffset == nil || *page.ClockOffset != 90*time.Second {
		t.Errorf("clock offset %v, want 90 s", page.ClockOffset)
	}
	page, err = logOf(t, func(w http.ResponseWriter, r *http.Request) {
		answerLog(`[]`)(headerless{w}, r)
	}, anyPage())
	if err != nil || page.ClockOffset != nil {
		t.Errorf("clock offset %v, error %v; want none without a date", page.ClockOffset, err)
	}
}

// headerless leaves the date of an answer out.
type headerless struct{ http.ResponseWriter }

func (h headerless) Write(p []byte) (int, error) {
	h.Header()["Date"] = nil
	return h.ResponseWriter.Write(p)
}

func TestLogThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	const planted = "hunter2"
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, planted, code) }
	}
	cutAfter := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100000")
			answerLog(body)(w, r)
		}
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		reason  Reason
		status  int
	}{
		// A count that a newer server does not like, in the envelope of good answers.
		{"400", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"response":{"title":"hunter2","errors":{"count":["hunter2"]}},"count":1,"status":0,"statusCode":200}`)
		}, ReasonUnexpectedStatus, 400},
		{"401", status(401), ReasonUnauthorized, 401},
		{"402", status(402), ReasonPaymentRequired, 402},
		{"403", status(403), ReasonForbidden, 403},
		{"404", status(404), ReasonNotFound, 404},
		{"429", status(429), ReasonRateLimited, 429},
		{"500", status(500), ReasonServerError, 500},
		{"504, a long query behind nginx", status(504), ReasonServerError, 504},
		{"204", status(204), ReasonUnexpectedStatus, 204},
		{"302", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/hunter2", http.StatusFound) }, ReasonRedirect, 302},
		{"HTML", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<title>hunter2</title>`)
		}, ReasonDecode, 200},
		{"not JSON", answerLog(`hunter2`), ReasonDecode, 200},
		{"no list", answerLog(`{"response":{"hunter2":1}}`), ReasonDecode, 200},
		{"no row that can be read", answerLog(`[{"id":"hunter2"},{"id":7,"status":"hunter2"}]`), ReasonDecode, 200},
		{"cut at once", cutAfter(``), ReasonConnection, 200},
		{"cut between rows", cutAfter(`{"response":[{"id":7},`), ReasonConnection, 200},
		{"cut in a payload", cutAfter(`{"response":[{"id":7},{"id":6,"requestPayload":"{\"hunter2`), ReasonConnection, 200},
		{"cut behind the rows", cutAfter(`{"response":[{"id":7}],"total":902`), ReasonConnection, 200},
		{"reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ReasonConnection, 0},
		{"too large", answerLog(`[{"id":7,"requestPayload":"` + strings.Repeat("x", 1<<20) + `"}]`), ReasonTooLarge, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page, err := logOf(t, tt.handler, anyPage())
			if err == nil {
				t.Fatalf("got %+v, want an error", page)
			}
			if got := ReasonOf(err); got != tt.reason {
				t.Errorf("%v is %s, want %s", err, got, tt.reason)
			}
			if text := err.Error(); !strings.HasPrefix(text, "get log: ") || strings.Contains(text, planted) || strings.Contains(text, "5EC12E7") || strings.Contains(text, "\n") {
				t.Errorf("error %q, want one line that names the endpoint and quotes nothing", text)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Endpoint != EndpointLog || e.Status != tt.status {
				t.Errorf("error %+v, want one of the log with status %d", e, tt.status)
			}
			if !isEmpty(page) {
				t.Errorf("got %+v beside the error", page)
			}
		})
	}
}

func TestLogEndsWithItsContext(t *testing.T) {
	t.Parallel()
	arrived, done := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"response":[{"id":7},`)
		_ = http.NewResponseController(w).Flush()
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	client := logClient(t, s.URL)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer close(done)
		<-arrived
		cancel()
	}()
	_, err := client.Log(ctx, anyPage())
	<-done
	if got := ReasonOf(err); got != ReasonTimeout {
		t.Errorf("%v is %s, want %s", err, cmp.Or(got, "nothing"), ReasonTimeout)
	}
}
