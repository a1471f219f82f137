package collector_test

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"

	"github.com/docspace-exporter/docspace_exporter/collector"
)

func TestEndOnSignal_EndsTheProcess(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		second time.Duration // after the first signal; 0 for none
		hangs  bool          // the log cannot be written
		want   time.Duration // after the first signal
	}{
		{"nothing ends it", 0, false, 24 * time.Second},
		{"a second signal", 3 * time.Second, false, 3 * time.Second},
		{"the log cannot be written", 0, true, 24*time.Second + time.Second/10},
		{"a second signal, and the log cannot be written", time.Second, true, time.Second + time.Second/10},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				released := make(chan struct{})
				defer close(released)
				logger := log.LoggerFunc(func(...any) error {
					if tc.hangs {
						<-released
					}
					return nil
				})
				signals, exited := make(chan os.Signal, 2), make(chan int)
				serving := collector.EndOnSignal(ctx, signals, logger, func(code int) { exited <- code })
				synctest.Wait()
				if serving.Err() != nil {
					t.Error("ended without a signal")
				}
				signals <- syscall.SIGTERM
				start := time.Now()
				<-serving.Done()
				if cause := context.Cause(serving); cause.Error() != "terminated signal received" {
					t.Errorf("cause %v", cause)
				}
				if tc.second > 0 {
					<-time.After(tc.second)
					signals <- syscall.SIGINT
				}
				if code := <-exited; code != 1 || time.Since(start) != tc.want {
					t.Errorf("exit code %d after %s, want 1 after %s", code, time.Since(start), tc.want)
				}
			})
		})
	}
}

func TestEndOnSignal_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		signals := make(chan os.Signal, 1)
		collector.EndOnSignal(ctx, signals, log.NewNopLogger(), func(int) { t.Error("exited") })
		signals <- syscall.SIGTERM
		synctest.Wait()
		cancel()
		<-time.After(time.Hour)
	})
}
