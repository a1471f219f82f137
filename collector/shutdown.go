package collector

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

const (
	// shutdownTimeout is the time from the first signal to the end of the process, whatever hangs.
	shutdownTimeout = 24 * time.Second
	// lastWords is the time that a line of the log may take when the process ends by force.
	lastWords = 100 * time.Millisecond
)

// EndOnSignal returns a context that the first of the signals cancels. At a second signal, or when the
// process has not ended within shutdownTimeout, exit is called with code 1. Nothing that hangs in the
// process can prevent that, the logger included. It stops watching when ctx is done.
func EndOnSignal(ctx context.Context, signals <-chan os.Signal, logger log.Logger, exit func(code int)) context.Context {
	serving, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case received := <-signals:
			cancel(fmt.Errorf("%s signal received", received))
		case <-ctx.Done():
			return
		}
		reason := "timeout"
		select {
		case received := <-signals:
			reason = "another " + received.String() + " signal received"
		case <-time.After(shutdownTimeout):
		case <-ctx.Done():
			return
		}
		logBriefly(level.Error(logger), "ending before everything was stopped", reason)
		exit(1)
	}()
	return serving
}

// logBriefly logs a message, but waits no longer than lastWords until that is done.
func logBriefly(logger log.Logger, msg, reason string) {
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		logger.Log("msg", msg, "reason", reason)
	}()
	select {
	case <-logged:
	case <-time.After(lastWords):
	}
}
