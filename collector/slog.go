package collector

import (
	"log/slog"

	"github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"
)

// SlogOver bridges to the logger that the web server wants. It adds its own time and caller, so it
// stands on the base logger; its key time gets the name that our own lines use.
func SlogOver(base log.Logger) *slog.Logger {
	renamed := log.LoggerFunc(func(keyvals ...any) error {
		for i := 0; i < len(keyvals); i += 2 {
			if keyvals[i] == slog.TimeKey {
				keyvals[i] = "ts"
			}
		}
		return base.Log(keyvals...)
	})
	return slog.New(sloggokit.NewGoKitHandler(renamed, slog.LevelDebug))
}
