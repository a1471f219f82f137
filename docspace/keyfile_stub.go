package docspace

import (
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/common/config"
)

func ReadKeyFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errKey, err)
	}
	k := strings.TrimSpace(string(b))
	if k == "" || strings.ContainsAny(k, " \n") {
		return "", fmt.Errorf("%w: bad", errKey)
	}
	return k, nil
}

func checkRegularFiles(config.HTTPClientConfig) error { return nil }
