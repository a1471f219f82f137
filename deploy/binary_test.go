// Package deploy_test runs the exporter as an operator does: the built binary, from outside.
package deploy_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// binary is the path of the exporter; TestMain builds it, as a release is built.
var binary string

// stamped is its version.
const stamped = "1.2.3-test"

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "docspace_exporter")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system clears its temporary files, too
	binary = filepath.Join(dir, "docspace_exporter")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary,
		"-ldflags", "-X github.com/prometheus/common/version.Version="+stamped, "..")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	return m.Run()
}

// command is the exporter with an environment of its own.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append([]string{"COLUMNS=500"}, env...)
	cmd.Dir = t.TempDir()
	return cmd
}

// process is a program that serves.
type process struct {
	cmd  *exec.Cmd
	url  string
	done chan error

	mu  sync.Mutex
	log bytes.Buffer
}

var listening = regexp.MustCompile(`address"?[=:]"?(127\.0\.0\.1:\d+)`)

// start runs the exporter on a free port and waits until it listens.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launch(t, command(t, env, append(args, "--web.listen-address=127.0.0.1:0")...))
}

// launch runs a program that says where it listens, as everything does that uses exporter-toolkit.
func launch(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	address := make(chan string, 1)
	p := run(t, cmd, func(line string) {
		if found := listening.FindStringSubmatch(line); found != nil && strings.Contains(line, "Listening on") {
			address <- found[1]
		}
	})
	select {
	case a := <-address:
		p.url = "http://" + a
	case err := <-p.done:
		t.Fatalf("ended with %v:\n%s", err, p.logged())
	case <-time.After(patience):
		t.Fatalf("does not listen:\n%s", p.logged())
	}
	return p
}

// run starts a program, which SIGTERM ends after the test, and calls read with each line of its log.
func run(t *testing.T, cmd *exec.Cmd, read func(line string)) *process {
	t.Helper()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan error, 1)}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			read(lines.Text())
		}
		p.done <- cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { // after a test that failed, too, nothing is left behind
		for range p.done {
		}
	})
	return p
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// stop sends SIGTERM and waits for the end.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-p.done:
		if err != nil {
			t.Errorf("ended with %v:\n%s", err, p.logged())
		}
	case <-time.After(patience):
		t.Fatalf("does not end:\n%s", p.logged())
	}
}

// get returns the status and the body of a page.
func (p *process) get(t *testing.T, path string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// fails runs the exporter to its end, which must be exit code 1, and returns what it printed.
func fails(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := command(t, env, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || stdout.Len() > 0 {
		t.Errorf("%v: ended with %v, printed %q", args, err, stdout.String())
	}
	return stderr.String()
}
