package collector

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// troubles logs each trouble when it starts, when its reason changes and when it is over, however
// many scrapes see it.
type troubles struct {
	logger log.Logger
	clock  func() time.Time

	mu      sync.Mutex
	current map[string]trouble
}

type trouble struct {
	cause string
	since time.Time
}

func newTroubles(logger log.Logger, clock func() time.Time) *troubles {
	return &troubles{logger: logger, clock: clock, current: map[string]trouble{}}
}

// report tells of a trouble, or by a nil error that there is none. A scrape that everybody has left
// says nothing about the portal.
func (t *troubles) report(msg string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	before, troubled := t.current[msg]
	if err == nil {
		if troubled {
			delete(t.current, msg)
			level.Info(t.logger).Log("msg", "trouble is over", "trouble", msg, "after", t.clock().Sub(before.since).Round(time.Second))
		}
		return
	}
	cause, keyvals := causeOf(err)
	if troubled && before.cause == cause {
		return
	}
	if !troubled {
		before.since = t.clock()
	}
	t.current[msg] = trouble{cause: cause, since: before.since}
	level.Warn(t.logger).Log(append([]any{"msg", msg}, keyvals...)...)
}

// listError is one error for any number of elements of a list, short enough for a log line.
type listError struct {
	number int
	first  error
}

// summary returns a listError, nil for no errors.
func summary(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return &listError{number: len(errs), first: errs[0]}
}

func (e *listError) Error() string {
	if e.number == 1 {
		return e.first.Error()
	}
	return fmt.Sprintf("%d of them, the first: %v", e.number, e.first)
}

// Unwrap returns the first error.
func (e *listError) Unwrap() error { return e.first }

// causeOf is what tells one trouble from the next, and what is logged of it. Two failed requests are
// the same trouble when they have the same reason, and two lists when as many elements are amiss:
// which is the first changes from scrape to scrape, because portals list in any order.
func causeOf(err error) (cause string, keyvals []any) {
	if _, ok := errors.AsType[*docspace.Error](err); ok {
		reason := string(docspace.ReasonOf(err))
		return reason, []any{"reason", reason, "err", err}
	}
	if e, ok := errors.AsType[*listError](err); ok {
		return strconv.Itoa(e.number), []any{"err", err}
	}
	return err.Error(), []any{"err", err}
}
