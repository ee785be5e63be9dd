package otp

import (
	"testing"
	"time"
)

func TestRecordExpires(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	if got, want := s.a.expires(s.now, s.p), s.now.Add(24*time.Hour); !got.Equal(want) {
		t.Errorf("after a text: expires %s, want with the longest limit, %s", got, want)
	}
	s.try(b, mark{1}, false)
	if got, want := s.a.expires(s.now, s.p), s.now.Add(memory); !got.Equal(want) {
		t.Errorf("after a wrong code: expires %s, want %s", got, want)
	}
	var none account
	if data, err := none.encode(); data != nil || err != nil {
		t.Errorf("the empty account is written as %q, %v", data, err)
	}
}
