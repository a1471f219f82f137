package collector_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docspace-exporter/docspace_exporter/docspace"
	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// What must be seen nowhere.
const (
	plantedKey  = "sk-planted00000000000000000000000000000000000000000000000000000000"
	plantedURL  = "planted-in-a-webhook-url"
	plantedText = "planted-in-an-answer"
	personal    = "grace.hopper@corp.example" // in every payload of the simulated portal
)

func TestPlantedSecretsAreFoundNowhere(t *testing.T) {
	t.Parallel()
	overEach(t, lookForSecrets)
}

func lookForSecrets(t *testing.T, k transport) {
	t.Helper()
	elsewhere := newDecoy(t)
	r := newRig(t, rigOptions{
		transport: k,
		maxSize:   1 << 20, client: docspace.KeyFromValue(plantedKey),
		simulator: simulator.Options{
			Version: simulator.V30, Key: plantedKey, // 3.0 leaks the secrets of webhooks
			Webhooks: []simulator.Webhook{{
				ID: 1, Name: "crm", URL: "https://user:" + plantedURL + "@a.example/?t=" + plantedURL,
				LastFailureContent: plantedText, LastFailureOn: now,
			}},
			Deliveries: []simulator.Delivery{
				of(1, accepted(waiting(2), 0)), of(1, failed(waiting(1), 500, plantedText)), of(1, waiting(3)),
			},
		},
	})
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"response":[{"configs":{"id":"`+r.Header.Get("Authorization")+plantedText+`"}}]}`)
	})
	all := append(faults(elsewhere.URL, r.clock.Now),
		fault{name: "an answer that repeats the key", handler: echo, reason: "decode"},
		fault{name: "a redirect that repeats it", handler: simulator.Redirect("https://a.example/" + plantedKey), reason: "redirect"})
	var seen strings.Builder
	for _, f := range all {
		f.meet(t, r)
		for _, path := range []string{"/", "/metrics", "/status", "/-/healthy", "/-/ready", "/none"} {
			seen.WriteString(r.get(t, path, nil).body)
		}
	}
	seen.WriteString(r.logs.String())
	for _, secret := range []string{plantedKey, plantedURL, plantedText, personal, "secretKey"} {
		if at := strings.Index(seen.String(), secret); at >= 0 {
			t.Errorf("%s was shown: …%s", secret, seen.String()[max(0, at-200):at])
		}
	}
	if header := r.portal.LastHeader(); header.Get("Authorization") != "Bearer "+plantedKey {
		t.Error("the key was never sent, so this test shows nothing")
	}
}

func TestARotatedKeyIsUsedWithoutARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key")
	write := func(key string) {
		if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(simulator.DefaultKey)
	r := newRig(t, rigOptions{client: docspace.KeyFromFile(file), simulator: simulator.Options{Version: simulator.V37}})
	for _, step := range []struct {
		name   string
		change func()
		reason string
	}{
		{"right", func() {}, ""},
		{"revoked", func() { write(plantedKey) }, "unauthorized"},
		{"rotated", func() { write(simulator.DefaultKey) }, ""},
		{"file is gone", func() { _ = os.Remove(file) }, "unauthorized"},
		{"file is back", func() { write(simulator.DefaultKey) }, ""},
		{"file holds two lines", func() { write(plantedKey + "\n" + plantedKey) }, "unauthorized"},
		{"file is empty", func() { write("") }, "unauthorized"},
	} {
		step.change()
		if got := r.scrape(t).failure(t, "webhooks"); got != step.reason {
			t.Errorf("%s: %q, want %q", step.name, got, step.reason)
		}
	}
	if strings.Contains(r.logs.String(), plantedKey) || !strings.Contains(r.logs.String(), file) {
		t.Errorf("logged:\n%s", r.logs)
	}
}
