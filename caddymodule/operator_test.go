package caddymodule_test

import (
	"os/exec"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// caddySays is all that a command of Caddy prints.
func caddySays(t *testing.T, args ...string) string {
	t.Helper()
	out, _ := exec.Command(testenv.Binary(t), args...).CombinedOutput()
	return string(out)
}
