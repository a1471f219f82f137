package docspace

import (
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A 403 tells by the form of its body who refuses. Of the body itself nothing is kept.
func TestRefusalsAreToldApart(t *testing.T) {
	t.Parallel()
	const (
		json    = "application/json; charset=utf-8"
		denied  = `{"error":{"message":"Access denied","type":"System.Security.SecurityException","stack":"hunter2"},"status":1,"statusCode":403}`
		problem = "application/problem+json; charset=utf-8"
	)
	for _, tc := range []struct {
		name, contentType, body string
		status                  int // 0 for 403
		want                    Refusal
	}{
		{name: "empty", want: RefusalBlank},
		{name: "white space", contentType: json, body: " \r\n", want: RefusalBlank},
		{name: "problem", contentType: problem, body: `{"title":"Forbidden","status":403,"traceId":"hunter2"}`, want: RefusalBlank},
		{name: "role", contentType: json, body: denied, want: RefusalRole},
		{name: "role with a long stack", contentType: json, body: strings.Replace(denied, "hunter2", strings.Repeat("hunter2", 1000), 1), want: RefusalRole},
		{name: "another error", contentType: json, body: strings.Replace(denied, "Access denied", "hunter2", 1), want: RefusalOther},
		{name: "address as JSON", contentType: json, body: `"hunter2 is not let in"`, want: RefusalAddress},
		{name: "address as text", contentType: "text/plain; charset=utf-8", body: "hunter2 is not let in", want: RefusalAddress},
		{name: "a page", contentType: "text/html", body: "<html>hunter2</html>", want: RefusalOther},
		{name: "no type", contentType: "text/", body: "hunter2", want: RefusalOther},
		{name: "a list", contentType: json, body: `["hunter2"]`, want: RefusalOther},
		{name: "cut", contentType: json, body: denied[:30], want: RefusalOther},
		{name: "a flood", contentType: "text/plain", body: strings.Repeat("hunter2", maxDrain), want: RefusalOther},
		{name: "no 403", contentType: json, body: denied, status: http.StatusUnauthorized, want: ""},
	} {
		for _, zipped := range []bool{false, true} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				err := refuse(t, func(w http.ResponseWriter) {
					w.Header().Set("Content-Type", tc.contentType)
					if zipped {
						w.Header().Set("Content-Encoding", "gzip")
					}
					status := http.StatusForbidden
					if tc.status != 0 {
						status = tc.status
					}
					w.WriteHeader(status)
					if !zipped {
						_, _ = w.Write([]byte(tc.body))
						return
					}
					zw := gzip.NewWriter(w)
					_, _ = zw.Write([]byte(tc.body))
					_ = zw.Close()
				})
				if got := RefusalOf(err); got != tc.want || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%q, want %q; %v", got, tc.want, err)
				}
			})
		}
	}
	bad := refuse(t, func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("no gzip"))
	})
	if got := RefusalOf(bad); got != RefusalOther {
		t.Errorf("bad gzip is %q", got)
	}
	if got := RefusalOf(errors.New("something else")); got != "" {
		t.Errorf("any error is %q", got)
	}
}

// refuse returns what the client makes of an answer.
func refuse(t *testing.T, answer func(http.ResponseWriter)) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	defer server.Close()
	valid, err := Config{URL: server.URL, HTTPClientConfig: KeyFromValue("sk-1")}.Validate()
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(valid)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = client.Webhooks(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	return err
}
