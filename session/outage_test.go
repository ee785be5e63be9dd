package session

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// An outage is told of when it begins, when its reason changes, once a minute while it lasts, and when it ends.
func TestOutageIsTold(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	refused, full := errors.New("refused"), errors.New("out of memory")
	var o outage
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		after time.Duration
		err   error
		want  string // in the line, "" for no line
	}{
		{"all is well", 0, nil, ""},
		{"begins", time.Second, refused, "error=refused"},
		{"goes on", time.Second, refused, ""},
		{"another reason too soon", time.Second, full, ""},
		{"another reason", 5 * time.Second, full, "out of memory"},
		{"the same", 50 * time.Second, full, ""},
		{"the same for a minute", 10 * time.Second, full, "for=1m7s"},
		{"ends", time.Second, nil, "answers again"},
		{"all is well again", time.Second, nil, ""},
		{"begins again", time.Second, full, "does not answer as it should"},
	} {
		said.Reset()
		now = now.Add(tt.after)
		o.tell(log, tt.err, now)
		if got := said.String(); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: said %q, want %q", tt.name, got, tt.want)
		}
	}
}
