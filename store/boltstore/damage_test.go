package boltstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

// good is a file with records, uses and entries, some of them larger than a page, and some removed again.
var good = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, path, soon := context.Background(), filepath.Join(dir, "store.db"), time.Now().Add(time.Hour)
	s := boltstore.New(path, time.Now)
	for i := range 20 {
		key, value := fmt.Sprint("record", i), bytes.Repeat([]byte{byte(i)}, 100+i*i*i)
		_, err := s.Swap(ctx, key, nil, value, soon)
		if i%3 == 0 {
			_, err = s.Swap(ctx, key, value, nil, soon)
		}
		_, takeErr := s.Take(ctx, "use", fmt.Sprint(i), []store.Limit{{Max: 200, Per: time.Hour}})
		_, appendErr := s.Append(ctx, []byte("entry"), soon)
		if err := errors.Join(err, takeErr, appendErr); err != nil {
			return nil, err
		}
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// goodFile is the content of a good file.
func goodFile(t testing.TB) []byte {
	t.Helper()
	content, err := good()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// fileWith makes a file with that content.
func fileWith(t testing.TB, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// useAll makes every call, and returns their errors.
func useAll(t testing.TB, s store.Store) []error {
	t.Helper()
	ctx, soon := t.Context(), time.Now().Add(time.Hour)
	var errs []error
	for i := range 20 {
		_, getErr := s.Get(ctx, fmt.Sprint("record", i))
		errs = append(errs, getErr)
	}
	_, swapErr := s.Swap(ctx, fmt.Sprint("new", time.Now()), nil, bytes.Repeat([]byte("n"), 5000), soon)
	_, takeErr := s.Take(ctx, "use", fmt.Sprint(time.Now()), []store.Limit{{Max: 500, Per: time.Hour}})
	_, _, followErr := s.Follow(ctx, "", 0)
	_, appendErr := s.Append(ctx, []byte("e"), soon)
	return append(errs, swapErr, takeErr, followErr, appendErr)
}

// working reports whether all calls work.
func working(errs []error) bool { return errors.Join(errs...) == nil }

func TestFileIsCutOff(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{true, false} {
		for name, size := range map[string]func(int64) int64{
			"to nothing": func(int64) int64 { return 0 }, "to half": func(n int64) int64 { return n / 2 },
			"to one page": func(int64) int64 { return 4096 }, "to one byte": func(int64) int64 { return 1 },
		} {
			t.Run(fmt.Sprintf("%s, running %v", name, running), func(t *testing.T) {
				t.Parallel()
				path := fileWith(t, goodFile(t))
				s := open(t, path, time.Now)
				if running && !working(useAll(t, s)) {
					t.Fatal("the file is not good to begin with")
				}
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(path, size(info.Size())); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					for _, err := range useAll(t, s) {
						if err == nil || strings.Contains(err.Error(), "in use by another process") {
							t.Fatalf("a call: %v, want it refused because the file is damaged", err)
						}
					}
				}
				other := open(t, path, time.Now)
				if _, err := other.Get(t.Context(), "k"); err == nil || strings.Contains(err.Error(), "in use") {
					t.Errorf("opened once more: %v", err)
				}
				if err := os.WriteFile(path, goodFile(t), 0o600); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Millisecond) // the time of the change is another
				if errs := useAll(t, s); !working(errs) {
					t.Errorf("after the file was put back: %v", errors.Join(errs...))
				}
			})
		}
	}
}

// Whatever is damaged, the process goes on, and what is not found damaged works.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	good := goodFile(t)
	const page = 4096
	r := rand.New(rand.NewPCG(3, 4))
	damages := map[string]func(b []byte){
		"a page of zeros":     func(b []byte) { clear(b[:page]) },
		"a page of noise":     func(b []byte) { noise(r, b[:page]) },
		"noise in a header":   func(b []byte) { noise(r, b[:16]) },
		"noise in elements":   func(b []byte) { noise(r, b[16:16+r.IntN(200)]) },
		"one byte":            func(b []byte) { b[r.IntN(64)] ^= byte(1 + r.IntN(255)) },
		"a branch to itself":  func(b []byte) { circle(b) },
		"the count of a page": func(b []byte) { binary.NativeEndian.PutUint16(b[10:], uint16(r.IntN(1<<16))) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			refused := 0
			for n := range len(good) / page {
				bad := bytes.Clone(good)
				damage(bad[n*page:])
				s := boltstore.New(fileWith(t, bad), time.Now)
				errs := useAll(t, s)
				if !working(errs) {
					refused++
				}
				for _, err := range errs {
					if err != nil && strings.Contains(err.Error(), "in use") {
						t.Fatalf("page %d: %v", n, err)
					}
				}
				_ = s.Close()
			}
			t.Logf("%d of %d damages were noticed", refused, len(good)/page)
			if refused == 0 && name != "one byte" && name != "noise in elements" {
				t.Error("no damage was noticed")
			}
		})
	}
}

func noise(r *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(r.Uint32())
	}
}

// circle makes a branch of a page, whose only element is the page itself.
func circle(b []byte) {
	binary.NativeEndian.PutUint16(b[8:], 1)
	binary.NativeEndian.PutUint16(b[10:], 1)
	binary.NativeEndian.PutUint32(b[16:], 16)
	binary.NativeEndian.PutUint32(b[20:], 1)
	copy(b[24:32], b[:8])
}

// A file that is damaged while it is in use, page by page, ends neither the process nor, when it is cut off in the
// middle of many calls, any call without an answer.
func TestFileIsDamagedInUse(t *testing.T) {
	t.Parallel()
	for _, cut := range []bool{true, false} {
		path := fileWith(t, goodFile(t))
		s := open(t, path, time.Now)
		if !working(useAll(t, s)) {
			t.Fatal("the file is not good to begin with")
		}
		done := make(chan struct{})
		for range 4 {
			go func() {
				for range 5 {
					useAll(t, s)
				}
				done <- struct{}{}
			}()
		}
		if cut {
			if err := os.Truncate(path, 8192); err != nil {
				t.Fatal(err)
			}
		} else {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			for n := range int64(20) {
				if _, err := f.WriteAt(make([]byte, 4096), (2+n)*4096); err != nil {
					t.Fatal(err)
				}
			}
			f.Close()
		}
		for range 4 {
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("a call has no answer")
			}
		}
		if working(useAll(t, s)) {
			t.Error("the damage was not noticed")
		}
	}
}

// A good file is never taken for a damaged one, whatever was written to it.
func TestGoodFileIsNotRefused(t *testing.T) {
	t.Parallel()
	path, r := filepath.Join(t.TempDir(), "store.db"), rand.New(rand.NewPCG(5, 6))
	values := make(map[string][]byte)
	for range 6 {
		s, soon := boltstore.New(path, time.Now), time.Now().Add(time.Hour)
		for range 12 {
			key, next := fmt.Sprint(r.IntN(60)), bytes.Repeat([]byte{1}, r.IntN(9000))
			if r.IntN(3) == 0 {
				next = nil
			}
			if ok, err := s.Swap(t.Context(), key, values[key], next, soon); err != nil || !ok {
				t.Fatalf("Swap = %v, %v", ok, err)
			}
			values[key] = next
			if _, err := s.Append(t.Context(), next, soon, "1", "2"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
