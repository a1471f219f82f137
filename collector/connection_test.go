package collector_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

func TestAnUnknownHost(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{url: "https://portal.invalid"})
	if got := r.scrape(t).failure(t, "webhooks"); got != "dns" {
		t.Errorf("reason %q\n%s", got, r.logs)
	}
}

func TestAPortalThatIsDownAtStart(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, rigOptions{url: "http://" + address, simulator: simulator.Options{Version: simulator.V37}})
	if got := r.scrape(t).failure(t, "webhooks"); got != "connection" {
		t.Errorf("reason %q\n%s", got, r.logs)
	}
	listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skip("the port was taken meanwhile")
	}
	portal := &httptest.Server{Listener: listener, Config: &http.Server{Handler: r.portal, ReadHeaderTimeout: time.Minute}}
	portal.Start()
	t.Cleanup(portal.Close)
	if got := r.scrape(t).failure(t, "webhooks"); got != "" {
		t.Errorf("not recovered: %q\n%s", got, r.logs)
	}
}

func TestABadCertificate(t *testing.T) {
	t.Parallel()
	var good atomic.Bool
	bad := selfSigned(t)
	portal := httptest.NewUnstartedServer(simulator.New(simulator.Options{Version: simulator.V37, Clock: func() time.Time { return now }}))
	portal.Config.ErrorLog = nil
	portal.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	portal.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		cfg := portal.TLS.Clone()
		cfg.GetConfigForClient = nil
		if !good.Load() {
			cfg.Certificates = []tls.Certificate{bad}
		}
		return cfg, nil
	}
	portal.StartTLS()
	t.Cleanup(portal.Close)

	client := docspace.KeyFromValue(simulator.DefaultKey)
	client.TLSConfig.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: portal.Certificate().Raw}))
	r := newRig(t, rigOptions{url: portal.URL, client: client})
	if got := r.scrape(t).failure(t, "webhooks"); got != "tls" {
		t.Errorf("reason %q\n%s", got, r.logs)
	}
	good.Store(true)
	if got := r.scrape(t).failure(t, "webhooks"); got != "" {
		t.Errorf("not recovered: %q\n%s", got, r.logs)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestAPortalThatSpeaksPlainHTTPOnTheTLSPort(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	r := newRig(t, rigOptions{url: "https://" + plain.Listener.Addr().String()})
	if got := r.scrape(t).failure(t, "webhooks"); got != "tls" {
		t.Errorf("reason %q\n%s", got, r.logs)
	}
}

// A connection that the portal closed while it was idle is no failure.
func TestABrokenIdleConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	portal := simulator.New(simulator.Options{Version: simulator.V37, Clock: func() time.Time { return now }})
	server := httptest.NewServer(portal)
	t.Cleanup(server.Close)
	r := newRig(t, rigOptions{url: server.URL})
	for range 20 {
		if got := r.scrape(t).failure(t, "webhooks"); got != "" {
			t.Fatalf("reason %q\n%s", got, r.logs)
		}
		server.CloseClientConnections()
	}
}

func TestConnectionsAreKeptFromScrapeToScrape(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	portal := simulator.New(simulator.Options{Version: simulator.V37, Clock: func() time.Time { return now }})
	server := httptest.NewUnstartedServer(portal)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r := newRig(t, rigOptions{url: server.URL})
	const atOnce = 6 // settings, webhooks, triggers, log, key, user
	for _, fault := range []http.Handler{nil, simulator.Status(http.StatusUnauthorized), simulator.BadGateway(), simulator.PortalRefuses()} {
		portal.Fail(fault)
		for range 20 {
			r.scrape(t)
		}
		if n := opened.Load(); n > atOnce {
			t.Fatalf("%d connections for scrapes that send %d requests at once", n, atOnce)
		}
	}
}
