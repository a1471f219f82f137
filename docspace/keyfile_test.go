package docspace

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/config"
)

func writeKey(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func makeFIFO(tb testing.TB, path string) {
	tb.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func keyFile(tb testing.TB, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "key")
	writeKey(tb, path, content)
	return path
}

func TestReadKeyFile_ContentThatIsNoKey(t *testing.T) {
	t.Parallel()
	const (
		quotes  = "has quotes around the key: remove them"
		name    = "has the form NAME=key: it must hold the key alone"
		header  = "begins like an Authorization header (Bearer, Basic): it must hold the key alone"
		white   = "contains white space: it must hold the key alone"
		control = "contains a control character or a non-ASCII character"
		utf16   = "is UTF-16 text: save it as UTF-8"
	)
	for _, tt := range []struct{ name, content, want string }{
		{"key", testKey, ""},
		{"first and last character that a key can have", "sk-!~", ""},
		{"key and newline", testKey + "\n", ""},
		{"key in white space", " \t" + testKey + "\r\n\n", ""},
		{"key after a byte order mark", "\ufeff" + testKey + "\r\n", ""},
		{"padding of base64", "aHVudGVyMg==", ""},
		{"an equals sign alone", "hunter2=", ""},
		{"nothing", "", "is empty"},
		{"white space", " \n", "is empty"},
		{"byte order mark alone", "\ufeff\n", "is empty"},
		{"two words", testKey + " hunter2", white},
		{"two lines", testKey + "\nhunter2\n", white},
		{"no-break space", "sk-\u00a0hunter2", white},
		{"double quotes", `"hunter2"` + "\n", quotes},
		{"single quotes", "'hunter2'", quotes},
		{"a quote at one end", "hunter2'", quotes},
		{"typographic quotes", "“hunter2”", quotes},
		{"quotes around two words", `"hunter2 hunter2"`, quotes},
		{"a variable", "DOCSPACE_API_KEY=hunter2\n", name},
		{"a variable with quotes", `DOCSPACE_API_KEY="hunter2"`, name},
		{"an exported variable", "export key=hunter2", name},
		{"a variable with spaces", "api_key = hunter2", name},
		{"Bearer", "Bearer hunter2", header},
		{"Bearer in lower case", "bearer\thunter2", header},
		{"Bearer without a key", "Bearer \n", header},
		{"Basic", "Basic hunter2", header},
		{"a whole header", "Authorization: Bearer hunter2", header},
		{"a key that begins like Bearer", "bearer-hunter2", ""},
		{"control character", "sk-\x00hunter2", control},
		{"delete", "sk-\x7fhunter2", control},
		{"letter that is not ASCII", "hunter2é", control},
		{"invalid UTF-8", "hunter2\xff", control},
		{"UTF-16", "\xff\xfeh\x00u\x00n\x00", utf16},
		{"UTF-16, big endian", "\xfe\xff\x00h\x00u", utf16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := keyFile(t, tt.content)
			key, fromFile := ReadKeyFile(path)
			_, fromValue := Config{URL: "https://portal.example", HTTPClientConfig: KeyFromValue(tt.content)}.Validate()
			if tt.want == "" {
				if want := trimKey(tt.content); fromFile != nil || fromValue != nil || key != want {
					t.Errorf("key %q, errors %v and %v, want %q", key, fromFile, fromValue, want)
				}
				return
			}
			for err, want := range map[error]string{fromFile: "API key file " + path + " " + tt.want, fromValue: "API key " + tt.want} {
				if err == nil || err.Error() != want || !errors.Is(err, errKey) || key != "" {
					t.Errorf("key %q, error %v, want %s", key, err, want)
				}
			}
		})
	}
}

func TestReadKeyFile_FileThatIsNotRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	makeFIFO(t, in("fifo"))
	writeKey(t, in("large"), strings.Repeat("x", maxKeyFile+1))
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	for link, to := range map[string]string{"link-to-fifo": "fifo", "dangling": "none", "circle": "circle"} {
		if err := os.Symlink(to, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		in("fifo"):         " is a FIFO, not a regular file",
		in("link-to-fifo"): " is a FIFO, not a regular file",
		dir:                " is a directory, not a regular file",
		in("socket"):       " is a socket, not a regular file",
		"/dev/null":        " is a device, not a regular file",
		in("large"):        " is larger than 64 KiB",
		in("none"):         ": no such file or directory",
		in("dangling"):     ": no such file or directory",
		in("circle"):       ": too many levels of symbolic links",
		in("large/key"):    ": not a directory",
	} {
		_, err := ReadKeyFile(path)
		if want := "API key file " + path + want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if ReasonOf(err) != ReasonUnauthorized {
			t.Errorf("%v is %s, want %s", err, ReasonOf(err), ReasonUnauthorized)
		}
	}
}

func TestReadKeyFile_FollowsLinks(t *testing.T) {
	t.Parallel()
	path := keyFile(t, testKey+strings.Repeat("\n", maxKeyFile-len(testKey)))
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink("key", link); err != nil {
		t.Fatal(err)
	}
	if key, err := ReadKeyFile(link); err != nil || key != testKey {
		t.Errorf("key %q, error %v", key, err)
	}
}

// A file that became a FIFO after it was looked at must not block, whether it has a writer or not.
func TestReadRegular_OpensWithoutBlocking(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	makeFIFO(t, path)
	opened := make(chan error, 1)
	go func() {
		_, err := openRegular(path)
		opened <- err
	}()
	select {
	case err := <-opened:
		if want := path + " is a FIFO, not a regular file"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	case <-time.After(time.Minute):
		t.Fatal("still blocked")
	}
}

// What the machine lacks is no problem of the key.
func TestCredentialError_LackOfResources(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]bool{
		syscall.EMFILE: false, syscall.ENFILE: false, syscall.ENOMEM: false, syscall.ENOENT: true, syscall.EACCES: true, syscall.EIO: true,
	} {
		err := credentialError("API key file", fileErrorOf("/run/key", &os.PathError{Op: "open", Path: "/run/key", Err: errno}))
		if errors.Is(err, errKey) != want || !errors.Is(err, errno) || !isA[*os.PathError](err) {
			t.Errorf("%v: is an error of the key: %t, want %t", err, !want, want)
		}
		if want := "API key file /run/key: " + errno.Error(); err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// What is wrong with a key file is a problem of each request, and not of the configuration.
func TestValidate_DoesNotReadTheKeyFile(t *testing.T) {
	t.Parallel()
	c := Config{URL: "https://portal.example", HTTPClientConfig: KeyFromFile(filepath.Join(t.TempDir(), "none"))}
	if _, err := c.Validate(); err != nil {
		t.Error(err)
	}
	portals, err := OnePortal("default", c, flagDefaults)
	if err != nil {
		t.Fatal(err)
	}
	want := "API key file " + c.HTTPClientConfig.Authorization.CredentialsFile + ": no such file or directory"
	if err := portals.List()[0].CheckFiles(); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestCheckRegularFiles_EachFileOfTheClient(t *testing.T) {
	t.Parallel()
	good, fifo := keyFile(t, "good\n"), filepath.Join(t.TempDir(), "fifo")
	makeFIFO(t, fifo)
	all := func(file func(name string) string) config.HTTPClientConfig {
		return config.HTTPClientConfig{
			TLSConfig: config.TLSConfig{CAFile: file("CA file"), CertFile: file("certificate file"), KeyFile: file("certificate key file")},
			BasicAuth: &config.BasicAuth{UsernameFile: file("user name file"), PasswordFile: file("password file")},
			HTTPHeaders: &config.Headers{Headers: map[string]config.Header{
				"X-A": {Files: []string{good, file("file of header X-A")}}, "X-B": {Files: []string{file("file of header X-B")}},
			}},
		}
	}
	for _, noun := range []string{"CA file", "certificate file", "certificate key file", "user name file", "password file", "file of header X-A", "file of header X-B"} {
		err := checkRegularFiles(all(func(name string) string {
			if name == noun {
				return fifo
			}
			return good
		}))
		if want := noun + " " + fifo + " is a FIFO, not a regular file"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		reason := ReasonUnauthorized
		if strings.HasPrefix(noun, "C") || strings.HasPrefix(noun, "cert") {
			reason = ReasonTLS
		}
		if ReasonOf(err) != reason {
			t.Errorf("%v is %s, want %s", err, ReasonOf(err), reason)
		}
	}
	for _, c := range []config.HTTPClientConfig{{}, all(func(string) string { return good }), all(func(string) string { return "" })} {
		if err := checkRegularFiles(c); err != nil {
			t.Error(err)
		}
	}
}
