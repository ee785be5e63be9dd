package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
)

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := session.NewCache[int]()
	c.Put("kept", 1)
	for i := range 20000 {
		c.Put(strings.Repeat("x", 8)+time.Duration(i).String(), i)
		if _, ok := c.Get("kept"); !ok {
			t.Fatalf("what is in use was forgotten after %d others", i)
		}
	}
	if _, ok := c.Get(strings.Repeat("x", 8) + time.Duration(0).String()); !ok {
		t.Error("an entry was forgotten before two generations were full")
	}
	for i := range 40000 {
		c.Put("y"+time.Duration(i).String(), i)
	}
	if _, ok := c.Get(strings.Repeat("x", 8) + time.Duration(0).String()); ok {
		t.Error("an entry nobody uses was kept for ever")
	}
	c.Clear()
	if _, ok := c.Get("kept"); ok {
		t.Error("Clear left something")
	}
}
