package sms

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Log is a sender for development: it prints texts with their codes, and sends nothing.
type Log struct {
	mu sync.Mutex
	w  io.Writer
}

var _ Sender = (*Log)(nil)

// NewLog returns a sender that prints to w.
func NewLog(w io.Writer) *Log { return &Log{w: w} }

// Name is "log".
func (*Log) Name() string { return "log" }

// Send prints a text.
func (l *Log) Send(_ context.Context, m Message) (Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const frame = "\n======== DEVELOPMENT ONLY: this text is printed, not sent ========\nto %s\n\n%s\n" +
		"==================================================================\n\n"
	if _, err := fmt.Fprintf(l.w, frame, m.To.Masked(), m.Text); err != nil {
		return Receipt{}, &Error{Class: Temporary, Err: err}
	}
	return Receipt{}, nil
}
