package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

var recordCases = []testCase{
	{"a missing record is no error and tells the time", missingRecord},
	{"a record is made, replaced and removed", recordLife},
	{"a swap of what is not there any more is refused", staleSwap},
	{"a record expires, and can then be made anew", expiry},
	{"an expiry that has passed removes the record", pastExpiry},
	{"a record without an expiry is kept", endless},
	{"any bytes come back as they were", anyBytes},
	{"an empty record is a record", emptyRecord},
	{"no change is lost among many writers", manyWriters},
}

func missingRecord(t *testing.T, ctx context.Context, h Harness) {
	before := h.get(t, ctx, "nobody")
	if before.Data != nil || before.Now.IsZero() {
		t.Errorf("Get = %q at %v, expected nothing at some time", before.Data, before.Now)
	}
	h.Advance(20 * time.Millisecond)
	if passed := h.now(t, ctx).Sub(before.Now); passed < 20*time.Millisecond {
		t.Errorf("the store's clock went on by %v, expected 20ms or more", passed)
	}
}

func recordLife(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	for _, step := range []struct{ old, next []byte }{
		{nil, []byte("a")}, {[]byte("a"), []byte("b")}, {[]byte("b"), nil}, {nil, nil}, {nil, []byte("c")},
	} {
		if !h.swap(t, ctx, "k", step.old, step.next, soon) {
			t.Errorf("swapping %q for %q was refused", step.old, step.next)
		}
		for name, s := range map[string]store.Store{"first": h.Store, "second": h.Second} {
			if r, err := s.Get(ctx, "k"); err != nil || !same(r.Data, step.next) {
				t.Errorf("the %s client reads %q, %v, expected %q", name, r.Data, err, step.next)
			}
		}
	}
	if r := h.get(t, ctx, "other"); r.Data != nil {
		t.Errorf("another key holds %q, expected nothing", r.Data)
	}
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func staleSwap(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	h.swap(t, ctx, "k", nil, []byte("a"), soon)
	for _, c := range []struct {
		name      string
		old, next []byte
	}{
		{"none is expected", nil, []byte("b")},
		{"another is expected", []byte("b"), []byte("c")},
		{"a longer one is expected", []byte("a "), []byte("c")},
		{"an empty one is expected", []byte{}, []byte("c")},
		{"removing another", []byte("b"), nil},
		{"removing none", nil, nil},
	} {
		if h.swap(t, ctx, "k", c.old, c.next, soon) {
			t.Errorf("%s: the swap was done, expected it to be refused", c.name)
		}
	}
	if h.swap(t, ctx, "missing", []byte("a"), []byte("b"), soon) {
		t.Error("a record was replaced that does not exist")
	}
	if r := h.get(t, ctx, "k"); string(r.Data) != "a" {
		t.Errorf("after refused swaps the record is %q, expected %q", r.Data, "a")
	}
}

func expiry(t *testing.T, ctx context.Context, h Harness) {
	const life = 300 * time.Millisecond
	if !h.swap(t, ctx, "k", nil, []byte("a"), h.now(t, ctx).Add(life)) {
		t.Fatal("making the record was refused")
	}
	h.Advance(life + 5*time.Millisecond)
	if r := h.get(t, ctx, "k"); r.Data != nil {
		t.Errorf("after its expiry the record is %q, expected none", r.Data)
	}
	if h.swap(t, ctx, "k", []byte("a"), []byte("b"), h.soon(t, ctx)) {
		t.Error("an expired record was replaced")
	}
	if !h.swap(t, ctx, "k", nil, []byte("c"), h.soon(t, ctx)) {
		t.Error("an expired record stands in the way of a new one")
	}
}

func pastExpiry(t *testing.T, ctx context.Context, h Harness) {
	h.swap(t, ctx, "k", nil, []byte("a"), h.soon(t, ctx))
	if !h.swap(t, ctx, "k", []byte("a"), []byte("b"), h.now(t, ctx).Add(-time.Second)) {
		t.Error("the swap was refused")
	}
	if r := h.get(t, ctx, "k"); r.Data != nil {
		t.Errorf("the record is %q, expected none", r.Data)
	}
	if !h.swap(t, ctx, "k", nil, []byte("c"), time.UnixMilli(0)) {
		t.Error("a swap for a record that is over at once was refused")
	}
}

func endless(t *testing.T, ctx context.Context, h Harness) {
	const life = 200 * time.Millisecond
	never := time.Time{}
	h.swap(t, ctx, "kept", nil, []byte("a"), never)
	h.swap(t, ctx, "kept after all", nil, []byte("a"), h.now(t, ctx).Add(life))
	h.swap(t, ctx, "kept after all", []byte("a"), []byte("b"), never)
	h.swap(t, ctx, "over after all", nil, []byte("a"), never)
	h.swap(t, ctx, "over after all", []byte("a"), []byte("b"), h.now(t, ctx).Add(life))
	h.swap(t, ctx, "removed", nil, []byte("a"), never)
	h.swap(t, ctx, "removed", []byte("a"), nil, never)
	h.Advance(life + 5*time.Millisecond)
	for key, expected := range map[string][]byte{
		"kept": []byte("a"), "kept after all": []byte("b"), "over after all": nil, "removed": nil,
	} {
		if r := h.get(t, ctx, key); !same(r.Data, expected) {
			t.Errorf("%s: the record is %q, expected %q", key, r.Data, expected)
		}
	}
}

func anyBytes(t *testing.T, ctx context.Context, h Harness) {
	large := make([]byte, 64<<10)
	_, _ = rand.Read(large)
	soon := h.soon(t, ctx)
	for name, data := range map[string][]byte{
		"NULs": {0, 0, 0}, "line ends": []byte("\r\n$3\r\n"), "not UTF-8": {0xff, 0xfe, 0x80}, "64 KiB": large,
	} {
		if !h.swap(t, ctx, name, nil, data, soon) || !bytes.Equal(h.get(t, ctx, name).Data, data) {
			t.Errorf("%s: the record is not what was written", name)
		}
		if !h.swap(t, ctx, name, data, []byte("next"), soon) {
			t.Errorf("%s: the record is not taken for itself", name)
		}
	}
}

func emptyRecord(t *testing.T, ctx context.Context, h Harness) {
	soon := h.soon(t, ctx)
	if !h.swap(t, ctx, "k", nil, []byte{}, soon) {
		t.Error("making an empty record was refused")
	}
	if r := h.get(t, ctx, "k"); r.Data == nil {
		t.Error("an empty record was read as none")
	}
	if h.swap(t, ctx, "k", nil, []byte("a"), soon) || !h.swap(t, ctx, "k", []byte{}, []byte("a"), soon) {
		t.Error("an empty record was taken for none")
	}
}

func manyWriters(t *testing.T, ctx context.Context, h Harness) {
	const writers = 200
	increment := func(old store.Record) ([]byte, time.Time, error) {
		n, _ := strconv.Atoi(string(old.Data))
		return strconv.AppendInt(nil, int64(n+1), 10), old.Now.Add(time.Hour), nil
	}
	var wg sync.WaitGroup
	for i := range writers {
		s := h.client(i)
		wg.Go(func() {
			if _, err := store.Change(ctx, s, "counter", nil, increment); err != nil {
				t.Errorf("Change: %v", err)
			}
		})
	}
	wg.Wait()
	if r := h.get(t, ctx, "counter"); string(r.Data) != strconv.Itoa(writers) {
		t.Errorf("the counter is %q after %d increments", r.Data, writers)
	}
}

// client is the first client for an even i, and the second for an odd i.
func (h Harness) client(i int) store.Store {
	if i%2 == 0 {
		return h.Store
	}
	return h.Second
}
