package docspace

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/config"
)

// clientFile is a file that an HTTP client reads.
type clientFile struct {
	name, path string
	check      func(name, path string) error
}

// clientFiles lists the files that an HTTP client reads, the API key file excepted: see ReadKeyFile.
func clientFiles(c config.HTTPClientConfig) []clientFile {
	files := tlsFiles(c)
	if c.BasicAuth != nil {
		files = append(files,
			clientFile{"user name file", c.BasicAuth.UsernameFile, checkCredentialFile},
			clientFile{"password file", c.BasicAuth.PasswordFile, checkCredentialFile})
	}
	if c.HTTPHeaders != nil {
		for _, header := range slices.Sorted(maps.Keys(c.HTTPHeaders.Headers)) {
			for _, path := range c.HTTPHeaders.Headers[header].Files {
				files = append(files, clientFile{"file of header " + header, path, checkHeaderFile})
			}
		}
	}
	return files
}

// tlsFiles lists the files that an HTTP client already reads when it is made.
func tlsFiles(c config.HTTPClientConfig) []clientFile {
	return []clientFile{
		{"CA file", c.TLSConfig.CAFile, checkTLSFile},
		{"certificate file", c.TLSConfig.CertFile, checkTLSFile},
		{"certificate key file", c.TLSConfig.KeyFile, checkTLSFile},
	}
}

// checkRegularFiles fails if a file that the HTTP client reads at each request is not a regular file, so
// that no read blocks. It reads all but the TLS files, which the client reports on itself, and leaves
// out the API key file, which ReadKeyFile reads.
func checkRegularFiles(c config.HTTPClientConfig) error { return checkFiles(clientFiles(c)) }

func checkFiles(files []clientFile) error {
	for _, f := range files {
		if f.path == "" {
			continue
		}
		if err := f.check(f.name, f.path); err != nil {
			return err
		}
	}
	return nil
}

// checkKeyFile checks the API key file, if the key is in one.
func checkKeyFile(auth *config.Authorization) error {
	if auth == nil || auth.CredentialsFile == "" {
		return nil
	}
	_, err := ReadKeyFile(auth.CredentialsFile)
	return err
}

func checkTLSFile(name, path string) error {
	if err := statRegular(path); err != nil {
		return fmt.Errorf("%s %w", name, err)
	}
	return nil
}

func checkCredentialFile(name, path string) error {
	if _, err := readRegular(path, maxKeyFile); err != nil {
		return credentialError(name, err)
	}
	return nil
}

func checkHeaderFile(name, path string) error {
	content, err := readRegular(path, maxKeyFile)
	if err != nil {
		return credentialError(name, err)
	}
	if !validHeaderValue(strings.TrimSpace(string(content))) { // the client trims it, too
		return keyError{errors.New(name + " " + path + " " + controlCharacter)}
	}
	return nil
}

const controlCharacter = "contains a line break or another control character"

// validHeaderValue reports whether HTTP allows s as the value of a header.
func validHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// headerName is a token of HTTP, as names of headers and authentication schemes are.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// nameMarks are the characters of a header's name that are neither letters nor digits.
const nameMarks = "!#$%&'*+-.^_`|~"

// checkAllFiles checks every file that an HTTP client reads, the API key file first.
func checkAllFiles(c config.HTTPClientConfig) error {
	return cmp.Or(checkKeyFile(c.Authorization), checkRegularFiles(c))
}
