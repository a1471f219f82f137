package collector

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/go-kit/log/level"

	"github.com/docspace-exporter/docspace_exporter/docspace"
)

// errPanic stands for a panic, which is logged with its stack.
var errPanic = errors.New("the exporter failed to process the response, see its log")

// protect runs f and turns a panic of it into an error.
func (p *Portal) protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.logPanic(v)
			err = errPanic
		}
	}()
	return f()
}

// logPanic logs a panic. Its value is shown only when it is the runtime's: any other could hold a portal's words.
func (p *Portal) logPanic(value any) {
	stack := debug.Stack()
	if inner, ok := value.(*docspace.Panic); ok {
		value, stack = inner.Value, inner.Stack
	}
	shown := fmt.Sprintf("%T", value)
	if err, ok := value.(interface {
		error
		RuntimeError()
	}); ok {
		shown = err.Error()
	}
	level.Error(p.logger).Log("msg", "panic while reading the portal", "panic", shown, "stack", string(stack))
}
