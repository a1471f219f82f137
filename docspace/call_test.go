package docspace

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestDo_ReturnsAtTheDeadlineWhateverHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCalls()
		release := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := do(ctx, c, func() int {
			<-release // which no context ends
			return 1
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second+settleTime {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(release)
		c.wait()
	})
}

func TestDo_ReportsWhatIsKnownAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got, err := do(ctx, newCalls(), func() string {
			<-ctx.Done()
			<-time.After(settleTime / 2)
			return "why"
		})
		if got != "why" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestDo_BoundsWhatHangsForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCalls()
		release := make(chan struct{})
		var running atomic.Int32
		for range maxCalls + 10 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := do(ctx, c, func() int {
				running.Add(1)
				<-release
				return 1
			})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if n := running.Load(); n != maxCalls {
			t.Errorf("%d calls hang", n)
		}
		close(release)
		synctest.Wait()
		if got, err := do(t.Context(), c, func() int { return 1 }); got != 1 || err != nil {
			t.Errorf("afterwards: %d, %v", got, err)
		}
	})
}

func TestDo_PanicsInTheCaller(t *testing.T) {
	t.Parallel()
	defer func() {
		p, ok := recover().(*Panic)
		if !ok || p.Value != "boom" || !strings.Contains(string(p.Stack), "call_test.go") {
			t.Errorf("panicked with %v", p)
		}
	}()
	_, _ = do(t.Context(), newCalls(), func() int { panic("boom") })
}

func TestCalls_WaitEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCalls()
		release := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _ = do(ctx, c, func() int {
			<-release
			return 1
		})
		start := time.Now()
		c.wait()
		if waited := time.Since(start); waited != closeTime {
			t.Errorf("waited %s", waited)
		}
		close(release)
	})
}
