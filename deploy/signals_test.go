package deploy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docspace-exporter/docspace_exporter/docspace/simulator"
)

// heldPortal is a portal that responds only once release is called.
type heldPortal struct {
	url       string
	requested chan struct{}
	release   func()
}

func newHeldPortal(t *testing.T) *heldPortal {
	t.Helper()
	portal := simulator.New(simulator.Options{Version: simulator.V37})
	requested, released := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requested <- struct{}{}
		select {
		case <-released:
			portal.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	return &heldPortal{url: server.URL, requested: requested, release: func() { close(released) }}
}

// startHeld starts an exporter of a held portal, with a scrape in flight whose page is sent to the channel; it is
// empty when the scrape was cut off.
func startHeld(t *testing.T) (*process, *heldPortal, <-chan string) {
	t.Helper()
	portal := newHeldPortal(t)
	p := start(t, []string{"DOCSPACE_API_KEY=" + simulator.DefaultKey}, "--docspace.url="+portal.url, "--docspace.timeout=2m")
	page := make(chan string, 1)
	go func() {
		defer close(page)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/metrics", http.NoBody)
		if err != nil {
			return
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err == nil {
			page <- string(body)
		}
	}()
	<-portal.requested
	return p, portal, page
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// drains sends SIGTERM and waits until the exporter accepts no more connections.
func (p *process) drains(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	p.until(t, "connections are refused", func() bool {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
}

// until waits for what happens in the exporter.
func (p *process) until(t *testing.T, what string, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !happened() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("never happened: %s\n%s", what, p.logged())
		}
	}
}

// ends waits for the end of the process, which must have an exit code and log some words.
func (p *process) ends(t *testing.T, code int, words string) {
	t.Helper()
	select {
	case err := <-p.done:
		if got := p.cmd.ProcessState.ExitCode(); got != code || !strings.Contains(p.logged(), words) {
			t.Errorf("%v, want exit code %d; logged without %q:\n%s", err, code, words, p.logged())
		}
	case <-time.After(patience):
		t.Fatalf("does not end:\n%s", p.logged())
	}
}

func TestSignals_AHangUpWhileDrainingChangesNothing(t *testing.T) {
	t.Parallel()
	p, portal, page := startHeld(t)
	p.drains(t)
	p.signal(t, syscall.SIGHUP)
	p.signal(t, syscall.SIGHUP)
	portal.release()
	if body := <-page; !strings.Contains(body, "\ndocspace_up 1\n") {
		t.Errorf("the scrape was cut off: %.500s", body)
	}
	p.ends(t, 0, "msg=stopped")
}

func TestSignals_ASecondOneEndsTheProcessAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p, _, page := startHeld(t)
		p.drains(t)
		p.signal(t, second)
		p.ends(t, 1, `reason="another `+second.String()+` signal received"`)
		if body := <-page; body != "" {
			t.Errorf("the scrape was served: %.500s", body)
		}
	}
}

// It takes as long as a drain takes at most.
func TestSignals_AScrapeThatHangsDoesNotKeepTheProcess(t *testing.T) {
	t.Parallel()
	p, _, _ := startHeld(t)
	p.signal(t, syscall.SIGTERM)
	p.ends(t, 0, "closing connections with requests in flight")
}

// A file that hangs keeps the reload, and that keeps all that waits for it. It takes as long as the end of the
// process takes at most.
func TestSignals_AReloadThatHangsDoesNotKeepTheProcess(t *testing.T) {
	t.Parallel()
	path := portalsFile(t, 1, "")
	p := start(t, nil, "--config.file="+path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	fifo, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY, 0) // waits until the exporter has opened it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fifo.Close() })
	p.signal(t, syscall.SIGTERM)
	p.ends(t, 1, `msg="ending before everything was stopped" reason=timeout`)
}

// listens returns the addresses on this machine on which the process listens.
func (p *process) listens(t *testing.T) []string {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Skip("no /proc on this system")
	}
	own := map[string]bool{}
	for _, file := range files {
		if link, err := os.Readlink(proc + "fd/" + file.Name()); err == nil {
			own[link] = true
		}
	}
	var addresses []string
	for line := range strings.Lines(read(t, proc+"net/tcp")) {
		const localhost, listen = "0100007F:", "0A"
		fields := strings.Fields(line)
		port, ok := strings.CutPrefix(fields[1], localhost)
		if !ok || fields[3] != listen || !own["socket:["+fields[9]+"]"] {
			continue
		}
		n, err := strconv.ParseUint(port, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, fmt.Sprintf("127.0.0.1:%d", n))
	}
	return addresses
}

func TestSignals_TheSimulatedPortalGoesOnUntilRequestsAreDrained(t *testing.T) {
	t.Parallel()
	p := start(t, nil, "--demo", "--web.enable-pprof")
	portal := slices.DeleteFunc(p.listens(t), func(address string) bool { return "http://"+address == p.url })
	if len(portal) != 1 {
		t.Fatalf("listens on %v, too", portal)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // a request that lasts until it is cancelled
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/debug/pprof/heap?seconds=300", http.NoBody)
		if err != nil {
			return
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	p.until(t, "the request is in flight", func() bool {
		_, goroutines := p.get(t, "/debug/pprof/goroutine?debug=2")
		return strings.Contains(goroutines, "serveDeltaProfile")
	})
	p.drains(t)
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", portal[0])
	if err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	cancel()
	p.ends(t, 0, "msg=stopped")
}

func TestSignals_EndACheck(t *testing.T) {
	t.Parallel()
	portal := newHeldPortal(t)
	cmd := command(t, []string{"DOCSPACE_API_KEY=sk-1"}, "check", "--docspace.url="+portal.url, "--docspace.timeout=2m")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-portal.requested
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if _, ok := errors.AsType[*exec.ExitError](err); !ok {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Error("does not end")
	}
}
