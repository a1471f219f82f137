package deploy_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// browser is a tab of a headless Chromium.
type browser struct {
	tab context.Context //nolint:containedctx // what the library calls a tab is a context

	mu         sync.Mutex
	complaints []string // of the console
}

// newBrowser starts a browser for one test.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("the status page is tested in a browser: install the package chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU)
	for _, off := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(off, true))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience) // it looks at many pages
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{tab: ctx}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	return b
}

// hear notes what the console complains about.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, e.Entry.Text)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "a script wrote to the console")
	}
}

// look opens a page in a window of some width, with a color scheme, and keeps a picture of it.
func (b *browser) look(t *testing.T, url string, width int64, scheme string) view {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.tab, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(b.tab, chromedp.EmulateViewport(width, 800), chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	v, err := chromedp.Run(b.tab, chromedp.Evaluate[view](`({
		text: document.body.innerText,
		background: getComputedStyle(document.body).backgroundColor,
		color: getComputedStyle(document.body).color,
		overflow: document.documentElement.scrollWidth - window.innerWidth,
		foreign: [...document.querySelectorAll("script, img, iframe, object, b")].map(e => e.outerHTML).join(),
	})`))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := chromedp.Run(b.tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s-%s-%d.png", strings.TrimPrefix(url, "http://127.0.0.1:"), scheme, width)
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), strings.ReplaceAll(name, "/", "-")), picture, 0o600); err != nil {
		t.Fatal(err)
	}
	return v
}

// view is what can be seen of a page.
type view struct {
	Text       string `json:"text"`
	Background string `json:"background"`
	Color      string `json:"color"`
	Overflow   int    `json:"overflow"` // by how much the page is wider than the window
	Foreign    string `json:"foreign"`  // elements that the page does not have
}

// The status page in a real browser. Run with -artifacts to keep the pictures.
func TestStatusPageInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>`
	text := hostile + " Response status code does not indicate success"
	failing := simulator.Webhook{
		ID: 1, Name: `"><b>` + strings.Repeat("verylong", 10) + hostile, URL: "https://hooks.example/s3cret", Enabled: true,
		LastSuccessOn: time.Now().Add(-58 * time.Hour), LastFailureOn: time.Now(), LastFailureContent: text,
	}
	server := httptest.NewServer(simulator.New(simulator.Options{Version: simulator.V37, Alias: hostile, Webhooks: []simulator.Webhook{failing}}))
	t.Cleanup(server.Close)
	hostilePortal := start(t, []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+server.URL)
	demo := start(t, nil, "--demo")

	backgrounds := map[string]string{}
	for _, width := range []int64{360, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			v := b.look(t, demo.url+"/status", width, scheme)
			for _, want := range []string{"crm-sync", "never delivered", "Start the receiver"} {
				if !strings.Contains(v.Text, want) {
					t.Errorf("%d px, %s: no %q in\n%s", width, scheme, want, v.Text)
				}
			}
			backgrounds[scheme] = v.Background
			for _, v := range []view{v, b.look(t, hostilePortal.url+"/status", width, scheme)} {
				if v.Overflow > 0 || v.Foreign != "" || v.Background == v.Color {
					t.Errorf("%d px, %s: %d px too wide, foreign elements %q, color %s on %s", width, scheme, v.Overflow, v.Foreign, v.Color, v.Background)
				}
			}
		}
	}
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("light and dark are the same: %s", backgrounds["dark"])
	}
	v := b.look(t, hostilePortal.url+"/status", 1280, "light")
	for _, want := range []string{failing.Name, "alias " + hostile, "other: " + text} {
		if !strings.Contains(v.Text, want) {
			t.Errorf("%q is not shown as text in\n%s", want, v.Text)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.complaints) > 0 {
		t.Errorf("the console complains: %q", b.complaints)
	}
	hostilePortal.stop(t)
	demo.stop(t)
}
