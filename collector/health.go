package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// healthTimeout is what the local server has to answer.
const healthTimeout = 3 * time.Second

// CheckHealth asks the exporter that serves with the same flags on this machine whether it does, on
// each of its addresses. Other than 200 it accepts only what the web configuration causes: the demand for
// a user or for a certificate of the client, and the rate limit.
func CheckHealth(ctx context.Context, flags *web.FlagConfig) error {
	if *flags.WebSystemdSocket {
		return errors.New("the address of a systemd socket is not known, ask it for " + healthPath)
	}
	c, err := readWebConfig(*flags.WebConfigFile)
	if err != nil {
		return fmt.Errorf("web configuration: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	for _, address := range *flags.WebListenAddresses {
		if err := askHealth(ctx, address, c); err != nil {
			return fmt.Errorf("%s: %w", address, err)
		}
	}
	return nil
}

// readWebConfig reads what the web server is configured with. Mistakes in it are the server's to find.
func readWebConfig(path string) (*web.Config, error) {
	c := &web.Config{}
	if path == "" {
		return c, nil
	}
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	if err := yaml.Unmarshal(content, c); err != nil {
		return nil, err
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	return c, nil
}

// askHealth asks the server on one address. To the dialer, an address without a host or with a
// wildcard for one is this machine's.
func askHealth(ctx context.Context, address string, c *web.Config) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	scheme := "http"
	var shown atomic.Bool // the certificate of the configuration
	if c.TLSConfig.IsEnabled() {
		scheme = "https"
		var err error
		if transport.TLSClientConfig, err = pinned(&c.TLSConfig, &shown); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://localhost"+healthPath, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := transport.RoundTrip(req) // unlike a client it follows no redirect
	if err != nil {
		if shown.Load() && strings.HasPrefix(c.TLSConfig.ClientAuth, "Require") && ctx.Err() == nil { // refused at once
			return nil
		}
		return err
	}
	defer resp.Body.Close()
	if !signOfLife(resp.StatusCode, c) {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return nil
}

// signOfLife reports whether a server with a web configuration responds with a status to a request
// without credentials while it is healthy.
func signOfLife(status int, c *web.Config) bool {
	switch status {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return len(c.Users) > 0
	case http.StatusTooManyRequests:
		return c.RateLimiterConfig.Interval != 0
	default:
		return false
	}
}

// pinned accepts the very certificate that the configuration names and notes that it was shown. Names,
// authorities and dates are for those who come from afar: an expired certificate is a trouble, but
// none that a restart would heal.
func pinned(c *web.TLSConfig, shown *atomic.Bool) (*tls.Config, error) {
	server, err := web.ConfigToTLSConfig(c)
	if err != nil {
		return nil, err
	}
	own, err := server.GetCertificate(nil)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection accepts one certificate only
		VerifyConnection: func(state tls.ConnectionState) error {
			if !bytes.Equal(state.PeerCertificates[0].Raw, own.Certificate[0]) {
				return errors.New("another certificate is shown than the one of the web configuration")
			}
			shown.Store(true)
			return nil
		},
	}, nil
}
