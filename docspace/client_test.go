package docspace

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestClient_SwitchingProtocolsEndsTheRequest(t *testing.T) {
	t.Parallel()
	server := testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // its body has no end
	}))
	client := newTestClient(t, server)
	for range 3 {
		_, err := client.Webhooks(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != ReasonUnexpectedStatus || e.Status != http.StatusSwitchingProtocols {
			t.Errorf("%v", err)
		}
	}
}

// keyFileClient is a client with a key in a file.
func keyFileClient(t *testing.T, server *httptest.Server, path string) *Client {
	t.Helper()
	valid, err := Config{URL: server.URL, HTTPClientConfig: KeyFromFile(path)}.Validate()
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

// No request is sent with a key that is none, whatever the file becomes while the client runs.
func TestClient_KeyFileThatChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	become := func(create func() error) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			if err := errors.Join(os.RemoveAll(path), create()); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(s string) func(*testing.T) {
		return become(func() error { return os.WriteFile(path, []byte(s), 0o600) })
	}
	text("sk-first")(t)
	var requests atomic.Int32
	client := keyFileClient(t, testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if key := r.Header.Get("Authorization"); key != "Bearer sk-first" && key != "Bearer sk-second" {
			t.Errorf("sent %q", key)
		}
		_, _ = io.WriteString(w, emptyList)
	})), path)
	for _, step := range []struct {
		name   string
		become func(*testing.T)
		want   string // of the error, after the path; empty for none
	}{
		{"as it was", text("sk-first\n"), ""},
		{"another key", text("sk-second"), ""},
		{"empty", text(""), " is empty"},
		{"another key again", text("sk-second"), ""},
		{"a FIFO", become(func() error { return syscall.Mkfifo(path, 0o600) }), " is a FIFO"},
		{"a directory", become(func() error { return os.Mkdir(path, 0o700) }), " is a directory"},
		{"a device", become(func() error { return os.Symlink("/dev/zero", path) }), " is a device"},
		{"gone", become(func() error { return nil }), ": no such file"},
		{"quoted", text(`"sk-first"`), "quotes"},
		{"a variable", text("DOCSPACE_API_KEY=sk-first"), "NAME="},
		{"with its scheme", text("Bearer sk-first"), "Bearer"},
		{"right again", text("sk-first"), ""},
	} {
		step.become(t)
		before := requests.Load()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := client.Webhooks(ctx)
		cancel()
		switch sent := requests.Load() - before; {
		case step.want == "":
			if err != nil || sent != 1 {
				t.Errorf("%s: %v, %d requests", step.name, err, sent)
			}
		case sent != 0 || ReasonOf(err) != ReasonUnauthorized || !strings.Contains(err.Error(), step.want) || !strings.Contains(err.Error(), path):
			t.Errorf("%s: %v, want %q, %d requests", step.name, err, step.want, sent)
		case strings.Contains(err.Error(), "sk-first"):
			t.Errorf("%s: the key is shown: %v", step.name, err)
		}
	}
}

func TestClient_CredentialChangesWithTheKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	client := keyFileClient(t, testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, emptyList) })), path)
	seen := map[[32]byte]string{client.Credential(): "none"}
	for _, key := range []string{"sk-first", "sk-second"} {
		if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Webhooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[client.Credential()]; ok {
			t.Errorf("%s is identified as %s", key, other)
		}
		seen[client.Credential()] = key
	}
}

func TestClient_CertificateExpiry(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"http", "https", "http2"} {
		server := testServer(t, transport, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, emptyList) }))
		client := newTestClient(t, server)
		if _, err := client.Webhooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := time.Time{}
		if server.TLS != nil {
			want = server.Certificate().NotAfter
		}
		if got := client.CertificateExpiry(); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", transport, got, want)
		}
	}
}

// The end of a certificate is known although it is refused, as one that has ended is.
func TestClient_CertificateExpiryOfAnUntrustedOne(t *testing.T) {
	t.Parallel()
	server := testServer(t, "https", http.NotFoundHandler())
	valid, err := Config{URL: server.URL, HTTPClientConfig: KeyFromValue("sk-test")}.Validate()
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(valid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	_, err = client.Webhooks(t.Context())
	if ReasonOf(err) != ReasonTLS || !client.CertificateExpiry().Equal(server.Certificate().NotAfter) {
		t.Errorf("%v, certificate until %s", err, client.CertificateExpiry())
	}
}

func TestClient_ProxyThatRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusProxyAuthRequired, http.StatusForbidden, http.StatusBadGateway, http.StatusUnauthorized} {
		proxy := testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		hc := KeyFromValue("sk-test")
		hc.ProxyFromEnvironment = false
		address, err := url.Parse(strings.Replace(proxy.URL, "://", "://user:hunter2@", 1))
		if err != nil {
			t.Fatal(err)
		}
		hc.ProxyURL.URL = address
		valid, err := Config{URL: "https://portal.invalid", HTTPClientConfig: hc}.Validate()
		if err != nil {
			t.Fatal(err)
		}
		client, err := NewClient(valid)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Webhooks(t.Context())
		client.Close()
		if ReasonOf(err) != ReasonConnection || !strings.Contains(err.Error(), proxy.Listener.Addr().String()) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("HTTP %d: %v is %s", status, err, ReasonOf(err))
		}
	}
}

// What a portal says reaches no terminal as it is.
func TestClient_ControlCharactersOfThePortal(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"location": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{"https://evil\u009b2J\u202e.example/"}
			w.WriteHeader(http.StatusFound)
		},
		"malformed response": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "HTTP/1.1 \x1b[2J\u009b oops\r\n\r\n")
				_ = conn.Close()
			}
		},
	} {
		_, err := newTestClient(t, testServer(t, "http", h)).Webhooks(t.Context())
		if err == nil || err.Error() != Printable(err.Error()) || strings.ContainsAny(err.Error(), "\x1b\u009b\u202e") {
			t.Errorf("%s: %q", name, err)
		}
	}
}

func TestClient_BodyThatEndsEarly(t *testing.T) {
	t.Parallel()
	const cut = `{"response":[{"id":1},`
	for _, transport := range []string{"http", "https", "http2"} {
		for name, tc := range map[string]struct {
			h    http.HandlerFunc
			want Reason
		}{
			"whole by its length": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, cut) }, ReasonDecode},
			"whole by its last part": {func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, cut)
				_ = http.NewResponseController(w).Flush()
			}, ReasonDecode},
			"cut by the connection": {func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, cut)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}, ReasonConnection},
		} {
			_, err := newTestClient(t, testServer(t, transport, tc.h)).Webhooks(t.Context())
			if ReasonOf(err) != tc.want {
				t.Errorf("%s over %s: %v is %s, want %s", name, transport, err, ReasonOf(err), tc.want)
			}
		}
	}
}

func TestClient_ClosedFails(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, testServer(t, "http", http.NotFoundHandler()))
	client.Close()
	if _, err := client.Webhooks(t.Context()); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}

func TestKey_Decode(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for body, want := range map[string]struct {
		end time.Time
		bad bool
	}{
		`{"response":{"id":"a","expiresAt":"2027-03-01T10:00:00.0000000+01:00"},"statusCode":200}`:           {end: end},
		`{"id":"a","expiresAt":"2027-03-01T09:00:00.0000000Z"}`:                                              {end: end},
		`{"response":{"id":"a","expiresAt":{"utcTime":"2027-03-01T09:00:00Z","timeZoneOffset":"01:00:00"}}}`: {end: end},
		`{"response":{"id":"a","isActive":true}}`:                                                            {},
		`{"response":{"id":"a","expiresAt":null}}`:                                                           {},
		`{"response":{"ID":"a","EXPIRESAT":"2027-03-01T09:00:00Z"}}`:                                         {end: end},
		`{"response":{"id":"a","expiresAt":"0001-01-01T00:00:00.0000000Z"}}`:                                 {bad: true},
		`{"response":{"id":"a","expiresAt":"soon"}}`:                                                         {bad: true},
		`{"response":{"id":"a","expiresAt":{"a":1}}}`:                                                        {bad: true},
		`{"response":{"id":"a","expiresAt":17}}`:                                                             {bad: true},
		`{"response":{}}`:                                                                                    {bad: true},
		`{"response":[]}`:                                                                                    {bad: true},
		`[]`:                                                                                                 {bad: true},
	} {
		got, err := decodeKey(strings.NewReader(body))
		if (err != nil) != want.bad || !got.ExpiresOn.Equal(want.end) {
			t.Errorf("%s: %s, %v", body, got.ExpiresOn, err)
		}
	}
}

func TestUser_Decode(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct{ all, bad bool }{
		`{"response":{"isAdmin":false,"isOwner":true}}`:  {all: true}, // an owner, from 3.5 on
		`{"response":{"isAdmin":true,"isOwner":false}}`:  {all: true},
		`{"response":{"isAdmin":true,"isOwner":true}}`:   {all: true}, // an owner, before 3.5
		`{"response":{"isAdmin":false,"isOwner":false}}`: {},
		`{"response":{"isAdmin":"true"}}`:                {all: true},
		`{"isadmin":1}`:                                  {all: true},
		`{"response":{"isOwner":0}}`:                     {},
		`{"response":{"isOwner":null}}`:                  {bad: true},
		`{"response":{"isOwner":"maybe"}}`:               {bad: true},
		`{"response":{}}`:                                {bad: true},
		`{"response":"x"}`:                               {bad: true},
	} {
		got, err := decodeUser(strings.NewReader(body))
		if (err != nil) != want.bad || got.SeesAll() != want.all {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

// What HTTP quotes of a portal's words, such as a key that it repeats, is in no error.
func TestClient_QuotationsOfTheTransport(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"trailer": "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
			"d\r\n{\"response\":[\r\n0\r\nBearer sk-test\r\n\r\n",
		"chunk":           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nBearer sk-test\r\n",
		"header":          "HTTP/1.1 200 OK\r\nBearer sk-test\r\n\r\n",
		"status":          "HTTP/1.1 Bearer sk-test\r\n\r\n",
		"redirect's host": "HTTP/1.1 302 Found\r\nLocation: https://SK-TEST.example/\r\nContent-Length: 0\r\n\r\n",
	} {
		client := newTestClient(t, testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_, _ = io.WriteString(conn, response)
				_ = conn.Close()
			}
		})))
		if _, err := client.Webhooks(t.Context()); err == nil || strings.Contains(strings.ToLower(err.Error()), "sk-test") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestClient_PauseOfAnOptionalEndpoint(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path   string
		status int
		paused bool // the rest of the portal
	}{
		{"/api/2.0/keys/@self", http.StatusServiceUnavailable, false},
		{"/api/2.0/people/@self", http.StatusServiceUnavailable, false},
		{"/api/2.0/keys/@self", http.StatusTooManyRequests, true},
		{"/api/2.0/settings", http.StatusServiceUnavailable, true},
	} {
		var refused atomic.Int32
		client := newTestClient(t, testServer(t, "http", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == tc.path {
				refused.Add(1)
				w.Header().Set("Retry-After", "300")
				w.WriteHeader(tc.status)
				return
			}
			_, _ = io.WriteString(w, emptyList)
		})))
		for range 2 {
			_, _ = client.Key(t.Context())
			_, _ = client.User(t.Context())
			_, _ = client.Settings(t.Context())
		}
		if n := refused.Load(); n != 1 {
			t.Errorf("%s: requested %d times", tc.path, n)
		}
		if _, err := client.Webhooks(t.Context()); (err != nil) != tc.paused {
			t.Errorf("%s with HTTP %d: %v", tc.path, tc.status, err)
		}
	}
}

// A server that says of each request that it was not processed gets no flood of them.
func TestClient_NeverProcessedOverHTTP2(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{NextProtos: []string{"h2"}}
	server.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) { refuseStreams(conn, &requests) },
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := newTestClient(t, server)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, err := client.Webhooks(ctx)
	if ReasonOf(err) != ReasonConnection || requests.Load() > 2*maxTries {
		t.Errorf("%v after %d requests", err, requests.Load())
	}
}

// refuseStreams answers each request of HTTP/2 with the error REFUSED_STREAM.
func refuseStreams(conn io.ReadWriter, requests *atomic.Int32) {
	const headers, resetStream, settings, refusedStream = 1, 3, 4, 7
	preface := make([]byte, 24)
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	_, _ = conn.Write([]byte{0, 0, 0, settings, 0, 0, 0, 0, 0})
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			return
		}
		if head[3] == headers {
			requests.Add(1)
			_, _ = conn.Write(append([]byte{0, 0, 4, resetStream, 0, head[5], head[6], head[7], head[8]}, 0, 0, 0, refusedStream))
		}
	}
}
