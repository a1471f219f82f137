package deploy_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHealthcheckOfTheBinary(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{"plain": "", "users": webConfig(t), "TLS": tlsConfig(t), "rate limit": rateLimit(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := make([]string, 0, 1)
			if config != "" {
				args = []string{"--web.config.file=" + config}
			}
			p := start(t, []string{"DOCSPACE_API_KEY=sk-1"}, append(args, "--docspace.url=https://portal.invalid")...)
			address := strings.TrimPrefix(p.url, "http://")
			code, stdout, stderr := exits(t, []string{"DOCSPACE_EXPORTER_WEB_LISTEN_ADDRESS=" + address}, append(args, "healthcheck")...)
			if code != 0 || stdout != "healthy\n" || stderr != "" {
				t.Errorf("exit code %d, printed %q and %q", code, stdout, stderr)
			}
			p.stop(t)
			code, stdout, stderr = exits(t, nil, append(args, "healthcheck", "--web.listen-address="+address)...)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "docspace_exporter: error: unhealthy: "+address+": ") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d after the end, printed %q and %q", code, stdout, stderr)
			}
		})
	}
}

// rateLimit is a web configuration that lets no request in.
func rateLimit(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, path, "rate_limit: {interval: 1h, burst: 0}\n")
	return path
}

// tlsConfig is a web configuration with the certificate that test servers have.
func tlsConfig(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"web.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		"web.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"web.yml": []byte("tls_server_config: {cert_file: web.crt, key_file: web.key}\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "web.yml")
}
