package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/storetest"
)

// A file that grows while many calls look at it is not taken for one that has become shorter.
func TestGrowingFileIsWhole(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store.db"), time.Now)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 16 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.Get(t.Context(), "k"); err != nil {
					t.Errorf("Get: %v", err)
					return
				}
			}
		})
	}
	for w := range 4 {
		writers.Go(func() {
			for i := range 20 {
				key, value := fmt.Sprint(w, "-", i), make([]byte, 200<<10)
				if _, err := s.Swap(t.Context(), key, nil, value, time.Time{}); err != nil {
					t.Errorf("Swap: %v", err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}

func put(t testing.TB, s store.Store, key, value string, expires time.Time) {
	t.Helper()
	swapped, err := s.Swap(t.Context(), key, nil, []byte(value), expires)
	if err != nil || !swapped {
		t.Fatalf("Swap = %v, %v", swapped, err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path, c, limit := filepath.Join(t.TempDir(), "store.db"), newClock(), []store.Limit{{Max: 1, Per: time.Hour}}
	s := boltstore.New(path, c.now)
	put(t, s, "k", "a", c.now().Add(time.Hour))
	if _, err := s.Take(t.Context(), "k", "one", limit); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), []byte("first"), c.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, cursor, err := s.Follow(t.Context(), "", 0)
	if err := errors.Join(err, s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}

	s = open(t, path, c.now)
	if r, err := s.Get(t.Context(), "k"); err != nil || string(r.Data) != "a" {
		t.Errorf("Get = %q, %v, expected what was written", r.Data, err)
	}
	if wait, err := s.Take(t.Context(), "k", "two", limit); err != nil || wait != time.Hour {
		t.Errorf("Take = %v, %v, expected to wait 1h", wait, err)
	}
	if _, err := s.Append(t.Context(), []byte("second"), c.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if entries, _, err := s.Follow(t.Context(), cursor, 0); err != nil || len(entries) != 1 ||
		string(entries[0]) != "second" {
		t.Errorf("Follow = %q, %v, expected what is new", entries, err)
	}
}

func TestFileInUse(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "store.db")
	holder := boltstore.New(path, time.Now)
	put(t, holder, "k", "a", time.Now().Add(time.Hour))

	s := open(t, path, time.Now)
	var wg sync.WaitGroup
	start := time.Now()
	for range 20 {
		wg.Go(func() {
			_, err := s.Get(t.Context(), "k")
			if !errors.Is(err, store.ErrUnavailable) ||
				!strings.Contains(err.Error(), path+" is in use by another process") {
				t.Errorf("Get: %v, expected %v and who has the file", err, store.ErrUnavailable)
			}
		})
	}
	wg.Wait()
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("20 calls took %v, expected them to wait together for half a second", took)
	}

	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Get(t.Context(), "k"); err != nil || string(r.Data) != "a" {
		t.Errorf("when the file is free, Get = %q, %v, expected it to work", r.Data, err)
	}
}

func TestFileMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sms_2fa", "store.db")
	s := open(t, path, time.Now)
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New touched the disk: %v", err)
	}
	put(t, s, "k", "a", time.Now().Add(time.Hour))
	for file, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v, expected %v", file, info.Mode(), err, mode)
		}
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, bytes.Repeat([]byte("garbage "), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"the directory is a file": filepath.Join(garbage, "store.db"), "the file is a directory": t.TempDir(),
		"the file is garbage": garbage,
	} {
		s := open(t, path, time.Now)
		if _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: Get: %v, expected %v", name, err, store.ErrUnavailable)
		}
	}
}

func TestDamagedValue(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	edit(t, path, func(tx *bbolt.Tx) error {
		keys := map[string]string{"records": "k", "limits": "\x01kone", "log": "\x00\x00\x00\x00\x00\x00\x00\x01"}
		for bucket, key := range keys {
			b, err := tx.CreateBucketIfNotExists([]byte(bucket))
			if err := errors.Join(err, b.Put([]byte(key), []byte("short"))); err != nil {
				return err
			}
		}
		return nil
	})
	s := open(t, path, time.Now)
	_, getErr := s.Get(t.Context(), "k")
	_, swapErr := s.Swap(t.Context(), "k", nil, []byte("a"), time.Now().Add(time.Hour))
	_, takeErr := s.Take(t.Context(), "k", "two", []store.Limit{{Max: 1, Per: time.Hour}})
	_, _, followErr := s.Follow(t.Context(), "", 0)
	for name, err := range map[string]error{"Get": getErr, "Swap": swapErr, "Take": takeErr, "Follow": followErr} {
		if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s of a damaged value: %v, expected it to be refused", name, err)
		}
	}
}

// edit changes the file of a store that is closed.
func edit(t *testing.T, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestJanitor(t *testing.T) {
	t.Parallel()
	path, c := filepath.Join(t.TempDir(), "store.db"), newClock()
	s := boltstore.New(path, c.now)
	limit := []store.Limit{{Max: 1, Per: time.Minute}}
	for i := range 700 { // more than one batch
		put(t, s, "over"+string(rune('a'+i)), "a", c.now().Add(time.Minute))
	}
	put(t, s, "stays", "a", c.now().Add(time.Hour))
	_, err := s.Take(t.Context(), "k", "one", limit)
	_, overErr := s.Append(t.Context(), []byte("over"), c.now().Add(time.Minute))
	_, staysErr := s.Append(t.Context(), []byte("stays"), c.now().Add(time.Hour))
	err = errors.Join(err, overErr, staysErr)
	if err != nil {
		t.Fatal(err)
	}
	c.advance(2 * time.Minute)
	time.Sleep(2500 * time.Millisecond) // two passes
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(tx *bbolt.Tx) error {
		for bucket, expected := range map[string]int{"records": 1, "limits": 0, "log": 1} {
			if n := tx.Bucket([]byte(bucket)).Stats().KeyN; n != expected {
				t.Errorf("%d entries are left in %s, expected %d", n, bucket, expected)
			}
		}
		return nil
	})
}

func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		s := boltstore.New(filepath.Join(t.TempDir(), "store.db"), time.Now)
		go func() { _, _ = s.Get(context.Background(), "k") }()
		put(t, s, "k", "a", time.Now().Add(time.Hour))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond)
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines run, %d did before", after, before)
	}
}

func Benchmark(b *testing.B) {
	storetest.Bench(b, open(b, filepath.Join(b.TempDir(), "store.db"), time.Now))
}
