package collector

import (
	"io"
	"log/slog"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
)

// NewLogger returns the logger that all others stand on. It drops what is less severe than a level; the
// format is logfmt or json.
func NewLogger(w io.Writer, severity, format string) log.Logger {
	w = log.NewSyncWriter(w)
	base := log.NewLogfmtLogger(w)
	if format == "json" {
		base = log.NewJSONLogger(w)
	}
	return level.NewFilter(base, level.Allow(level.ParseDefault(severity, level.InfoValue())))
}

// slogOver bridges to the logger that the web server wants. It adds its own time and caller, so it
// stands on the base logger; its key time gets the name that our own lines use.
func slogOver(base log.Logger) *slog.Logger {
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
