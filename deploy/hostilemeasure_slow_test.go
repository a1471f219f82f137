//go:build slow

package deploy_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	scrapeTimeout = 10 * time.Second
	// scrapeMargin is for a machine that is busy.
	scrapeMargin = 5 * time.Second
	// stopTimeout is how long a scrape that does not end is measured.
	stopTimeout = 30 * time.Second
	// drainLimit is how long the exporter may take to end after SIGTERM.
	drainLimit = 25 * time.Second
	// memoryGuard ends an exporter before it takes the machine's memory.
	memoryGuard = 4 << 30
	// prometheusAccept is the Accept header of a Prometheus that reads text.
	prometheusAccept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6," +
		"application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3"
)

// scrapeResult is what one scrape was answered with.
type scrapeResult struct {
	// text is "up" or "down" with the failures of the collectors, or why there was no response.
	text     string
	duration time.Duration
	size     int64 // of the exposition, without compression
	ended    bool
}

var failureSeries = regexp.MustCompile(`^docspace_scrape_collector_failure\{collector="(\w+)",reason="(\w+)"\} 1(\.0)?$`)

// isCut reports whether the exporter closed the connection, as it does when the time of a scrape is up.
func isCut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// hostileScrape requests the metrics as Prometheus does.
func hostileScrape(ctx context.Context, url string) scrapeResult {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	begin := time.Now()
	text, size, err := readMetrics(ctx, url)
	if err != nil {
		text = "no response: " + cmp.Or(context.Cause(ctx), err).Error()
	}
	return scrapeResult{text: text, duration: time.Since(begin), size: size, ended: err == nil || isCut(err)}
}

func readMetrics(ctx context.Context, url string) (text string, size int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Accept", prometheusAccept)
	req.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", strconv.Itoa(int(scrapeTimeout/time.Second)))
	client := &http.Client{Transport: &http.Transport{}} // a connection of its own
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	counted := &countingReader{r: resp.Body}
	words := []string{"down"}
	lines := bufio.NewReader(counted)
	for begins := true; ; {
		line, prefix, err := lines.ReadLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", counted.n, err
		}
		if !begins || !strings.HasPrefix(string(line), "docspace_") {
			begins = !prefix
			continue
		}
		begins = !prefix
		if found := failureSeries.FindSubmatch(line); found != nil {
			words = append(words, fmt.Sprintf("%s %s", found[1], found[2]))
		} else if strings.HasPrefix(string(line), "docspace_up 1") {
			words[0] = "up"
		}
	}
	if resp.StatusCode != http.StatusOK {
		return resp.Status, counted.n, nil
	}
	return strings.Join(words, ", "), counted.n, nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// measurement is a row of the table.
type measurement struct {
	shape, scrapes string
	results        map[string]int
	duration       time.Duration // of the longest scrape
	size           int64         // of the largest exposition
	peak           int64         // resident memory in bytes
	cpu            time.Duration
	healthy        time.Duration // of the slowest response of /-/healthy
	unhealthy      error
	killed, ended  bool
}

func (m *measurement) row() string {
	texts := make([]string, 0, len(m.results))
	for _, text := range slices.Sorted(maps.Keys(m.results)) {
		if len(m.results) > 1 {
			text = fmt.Sprintf("%d× %s", m.results[text], text)
		}
		texts = append(texts, text)
	}
	if m.killed {
		texts = append(texts, fmt.Sprintf("killed at %d GiB", memoryGuard>>30))
	}
	return fmt.Sprintf("| %s | %s | %s | %.1f s | %.1f MB | %.0f MB | %.1f s | %d ms |\n", m.shape, m.scrapes, strings.Join(texts, "; "),
		m.duration.Seconds(), float64(m.size)/1e6, float64(m.peak)/1e6, m.cpu.Seconds(), m.healthy.Milliseconds())
}

// measure scrapes all URLs at once and returns what that cost the exporter.
func (p *process) measure(t *testing.T, urls []string) *measurement {
	t.Helper()
	p.resetPeak(t)
	m := &measurement{results: map[string]int{}, ended: true}
	cpu := p.cpu()
	ctx, cancel := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	watch.Go(func() { p.watchHealth(ctx, m) })
	watch.Go(func() { p.watchMemory(ctx, m) })
	results := make([]scrapeResult, len(urls))
	var scrapes sync.WaitGroup
	for i, url := range urls {
		scrapes.Go(func() { results[i] = hostileScrape(ctx, url) })
	}
	scrapes.Wait()
	cancel()
	watch.Wait()
	m.peak, m.cpu = max(m.peak, p.memory("VmHWM")), p.cpu()-cpu
	for _, r := range results {
		m.results[r.text]++
		m.duration, m.size, m.ended = max(m.duration, r.duration), max(m.size, r.size), m.ended && r.ended
	}
	return m
}

// watchHealth requests /-/healthy until ctx is done.
func (p *process) watchHealth(ctx context.Context, m *measurement) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	client := &http.Client{Timeout: scrapeTimeout, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/-/healthy", http.NoBody)
		if err != nil {
			panic(err)
		}
		begin := time.Now()
		resp, err := client.Do(req)
		if ctx.Err() != nil {
			return
		}
		m.healthy = max(m.healthy, time.Since(begin))
		if err != nil {
			m.unhealthy = err
		} else {
			_, _ = io.Copy(io.Discard, resp.Body) // the status is what counts
			resp.Body.Close()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// watchMemory ends the exporter when it takes more than memoryGuard.
func (p *process) watchMemory(ctx context.Context, m *measurement) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if now := p.memory("VmRSS"); now > memoryGuard {
			m.peak, m.killed = now, true
			_ = p.cmd.Process.Kill()
			return
		}
	}
}

// memory is a field of /proc/PID/status in bytes, 0 when the process has ended.
func (p *process) memory(field string) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, found := strings.Cut(string(text), "\n"+field+":")
	if !found {
		return 0
	}
	n, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		panic(err)
	}
	return n * kib
}

// resetPeak sets VmHWM back to what is resident now.
func (p *process) resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Error(err)
	}
}

// cpu is the processor time that the exporter has used, 0 when it has ended.
func (p *process) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			panic(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// terminate sends SIGTERM and reports an exporter that does not end in time, which it kills.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // one that was killed for its memory is reported already
	select {
	case err := <-p.done: // nil also once it was received before
		if err != nil {
			t.Logf("ended with %v", err)
		}
	case <-time.After(drainLimit):
		t.Errorf("still there %s after SIGTERM", drainLimit)
		_ = p.cmd.Process.Kill()
		for range p.done {
		}
	}
}

// costTable collects measurements, logs them and appends them to the file that HOSTILE_TABLE names.
type costTable struct {
	mu   sync.Mutex
	rows []string
}

func newCostTable(t *testing.T) *costTable {
	t.Helper()
	tab := &costTable{}
	t.Cleanup(func() {
		slices.Sort(tab.rows) // parallel tests add in any order
		text := "\n## " + t.Name() + "\n\n| shape | scrapes | result | longest scrape | exposition | peak RSS | CPU | slowest /-/healthy |\n" +
			"|---|---|---|---|---|---|---|---|\n" + strings.Join(tab.rows, "")
		t.Log(text)
		if path := os.Getenv("HOSTILE_TABLE"); path != "" {
			file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			_, err = file.WriteString(text)
			if err := errors.Join(err, file.Close()); err != nil {
				t.Error(err)
			}
		}
	})
	return tab
}

// add adds a row and checks what holds for each.
func (tab *costTable) add(t *testing.T, m *measurement, limit int64) {
	t.Helper()
	tab.mu.Lock()
	tab.rows = append(tab.rows, m.row())
	tab.mu.Unlock()
	if m.peak >= limit {
		t.Errorf("%s: peak of %d MB, want below %d MB", m.scrapes, m.peak/1e6, int(limit/1e6))
	}
	if !m.ended || m.duration > scrapeTimeout+scrapeMargin {
		t.Errorf("%s: a scrape took %s, want %s at most; %v", m.scrapes, m.duration, scrapeTimeout, m.results)
	}
	if m.unhealthy != nil {
		t.Errorf("%s: /-/healthy: %v", m.scrapes, m.unhealthy)
	}
}
