package sms_test

import (
	"bytes"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// quiet drops the error log of the test servers.
var quiet = log.New(io.Discard, "", 0)

func TestLogPrintsLoudly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if _, err := sms.NewLog(&b).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DEVELOPMENT ONLY", message.Text, "••••••••06"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "5005550006") {
		t.Error("the number is printed")
	}
}
