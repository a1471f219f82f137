package docspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"syscall"
	"unicode"

	"github.com/prometheus/common/config"
)

// maxKeyFile is the maximum size of a file that holds a key, a user name, a password or a header, in bytes.
const maxKeyFile = 64 << 10

// KeyFromFile returns a configuration that authenticates by the API key in a file. The file is read at
// each request, so that a rotated key is used without a restart.
func KeyFromFile(path string) config.HTTPClientConfig {
	return keyConfig(&config.Authorization{Type: "Bearer", CredentialsFile: path})
}

// KeyFromValue returns a configuration that authenticates by an API key. White space around the key and
// a byte order mark are removed; Config.Validate checks the rest.
func KeyFromValue(key string) config.HTTPClientConfig {
	return keyConfig(&config.Authorization{Type: "Bearer", Credentials: config.Secret(trimKey(key))})
}

func keyConfig(auth *config.Authorization) config.HTTPClientConfig {
	cfg := config.DefaultHTTPClientConfig
	cfg.FollowRedirects = false
	cfg.Authorization = auth
	cfg.ProxyFromEnvironment = true
	return cfg
}

// keyError marks an error as errKey and keeps its text.
type keyError struct{ error }

// Is reports whether target is errKey.
func (keyError) Is(target error) bool { return target == errKey }

// Unwrap returns the cause.
func (e keyError) Unwrap() error { return e.error }

// ReadKeyFile returns the API key in a file, which must be a regular file or a link to one. It never
// blocks on a FIFO. The error is one sentence without the file's content.
func ReadKeyFile(path string) (string, error) {
	source := "API key file " + path
	content, err := readRegular(path, maxKeyFile)
	if err != nil {
		return "", credentialError("API key file", err)
	}
	return parseKey(source, string(content))
}

// credentialError names the file that err is about. A lack of file descriptors or memory is no problem
// of the file, so it is not errKey.
func credentialError(file string, err error) error {
	named := fmt.Errorf("%s %w", file, err)
	for _, lacking := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, lacking) {
			return named
		}
	}
	return keyError{named}
}

// checkInlineKey checks a key that the configuration itself holds. It is sent as it is.
func checkInlineKey(auth *config.Authorization) error {
	if auth == nil || auth.CredentialsFile != "" {
		return nil
	}
	const source = "API key"
	key, err := parseKey(source, string(auth.Credentials))
	if err == nil && key != string(auth.Credentials) {
		return keyError{errors.New(source + " starts or ends with white space: remove it")}
	}
	return err
}

const byteOrderMark = "\ufeff"

func trimKey(content string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(content), byteOrderMark))
}

var (
	// assignment is a line of an environment file. A key may end with = itself, as base64 does.
	assignment = regexp.MustCompile(`^(export\s+)?[A-Za-z_]\w*\s*=\s*[^=\s]`)
	// scheme is the beginning of an Authorization header.
	scheme = regexp.MustCompile(`(?i)^(authorization:|(bearer|basic)(\s|$))`)
)

const quotes = "\"'`“”„‘’‚«»"

// parseKey returns the key that content holds, without white space around it. source begins the error,
// which never repeats any of the content.
func parseKey(source, content string) (string, error) {
	var problem string
	switch key := trimKey(content); {
	case key == "":
		problem = "is empty"
	case strings.HasPrefix(key, "\xff\xfe"), strings.HasPrefix(key, "\xfe\xff"):
		problem = "is UTF-16 text: save it as UTF-8"
	case assignment.MatchString(key):
		problem = "has the form NAME=key: it must hold the key alone"
	case scheme.MatchString(key):
		problem = "begins like an Authorization header (Bearer, Basic): it must hold the key alone"
	case strings.Trim(key, quotes) != key:
		problem = "has quotes around the key: remove them"
	case strings.ContainsFunc(key, unicode.IsSpace):
		problem = "contains white space: it must hold the key alone"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		problem = "contains a control character or a non-ASCII character"
	default:
		return key, nil
	}
	return "", keyError{errors.New(source + " " + problem)}
}

// fileError reports why a file can't be read, without the operation that failed.
type fileError struct {
	path, separator string
	problem         error
}

// Error names the path and the problem.
func (e *fileError) Error() string { return e.path + e.separator + e.problem.Error() }

// Unwrap returns an *os.PathError.
func (e *fileError) Unwrap() error {
	return &os.PathError{Op: "read", Path: e.path, Err: e.problem}
}

func fileErrorOf(path string, err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		err = e.Err
	}
	return &fileError{path: path, separator: ": ", problem: err}
}

// readRegular returns the content of a regular file of at most limit bytes.
func readRegular(path string, limit int64) ([]byte, error) {
	// To open a device can have side effects, and a socket can't be opened.
	if err := statRegular(path); err != nil {
		return nil, err
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fileErrorOf(path, err)
	}
	if int64(len(content)) > limit {
		return nil, &fileError{path, " ", fmt.Errorf("is larger than %d KiB", limit>>10)}
	}
	return content, nil
}

// openRegular opens a file that may be a FIFO by now, which would block until there is a writer.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the file is the operator's
	if err != nil {
		return nil, fileErrorOf(path, err)
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(path, info)
	} else {
		err = fileErrorOf(path, err)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return nil, err
	}
	return f, nil
}

// statRegular fails unless the path is that of a regular file, or of a link to one.
func statRegular(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fileErrorOf(path, err)
	}
	return regular(path, info)
}

func regular(path string, info fs.FileInfo) error {
	kind := "a special file"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a FIFO"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	}
	return &fileError{path, " ", fmt.Errorf("is %s, not a regular file", kind)}
}
