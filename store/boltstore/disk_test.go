package boltstore

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// A call returns when its context ends, also while the disk hangs.
func TestSlowWriteDoesNotHoldUpTheCaller(t *testing.T) {
	t.Parallel()
	s := New(filepath.Join(t.TempDir(), "store.db"), time.Now)
	t.Cleanup(func() { s.Close() })
	disk := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := s.write(ctx, "writing", func(*bbolt.Tx) error { <-disk; return nil })
	if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || took > time.Second {
		t.Errorf("%v after %s", err, took)
	}
	close(disk)
	if ok, err := s.Swap(t.Context(), "k", nil, []byte("v"), time.Now().Add(time.Hour)); !ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
}
