package register_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// million is how many users a large register has.
const million = 1_000_000

// BenchmarkMillion measures a register of a million numbers in each kind of store: how long it takes to enter them, to
// look one up, to walk through all, and to open the store, and how large it is. One round is enough: -benchtime 1x.
func BenchmarkMillion(b *testing.B) {
	b.Run("redis", func(b *testing.B) {
		server := testenv.StartRedis(b)
		options := redisstore.Options{Addresses: []string{server.Addr}}
		measure(b, func() store.Store { return openRedis(b, options) }, func() float64 {
			return memoryOf(b, server)
		})
	})
	b.Run("embedded", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "sms_2fa.db")
		measure(b, func() store.Store { return openedBolt(b, file) }, func() float64 {
			info, err := os.Stat(file)
			if err != nil {
				b.Fatal(err)
			}
			return float64(info.Size())
		})
	})
}

func openedBolt(b *testing.B, file string) store.Store {
	s := boltstore.New(file, time.Now)
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// memoryOf is the memory that a Redis uses, in bytes.
func memoryOf(b *testing.B, server *testenv.Redis) float64 {
	for line := range strings.Lines(fmt.Sprint(server.Do("INFO", "memory"))) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Fatal("INFO has no used_memory")
	return 0
}

func measure(b *testing.B, open func() store.Store, size func() float64) {
	ctx, s := context.Background(), open()
	r := opened(b, s)
	before := size()
	b.ReportMetric(took(func() { fill(b, r) }), "s/enter-all")
	b.ReportMetric((size()-before)/million, "B/number")
	b.ReportMetric(took(func() { lookUp(b, r) })*1e6/lookups, "µs/look-up")
	b.ReportMetric(took(func() {
		n := 0
		for _, err := range r.All(ctx) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n < million {
			b.Fatalf("%d entries", n)
		}
	}), "s/walk")
	if c, ok := s.(interface{ Close() error }); ok {
		_ = c.Close()
	}
	b.ReportMetric(took(func() { opened(b, open()) }), "s/open")
}

func opened(b *testing.B, s store.Store) *register.Register {
	r, err := register.Open(context.Background(), s, []register.SealKey{key("1")}, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// took is the time that something takes, in seconds.
func took(do func()) float64 {
	begun := time.Now()
	do()
	return time.Since(begun).Seconds()
}

func nthUser(i int) string         { return fmt.Sprintf("user%07d@example.com", i) }
func nthNumber(i int) phone.Number { return phone.Number(fmt.Sprintf("+1202%07d", i)) }

// fill enters the million, as an import does, many users at once.
func fill(b *testing.B, r *register.Register) {
	const writers = 256
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < million; i += writers {
				n := register.Number{Phone: nthNumber(i), How: register.HowOperator}
				if o, err := r.Put(context.Background(), nthUser(i), n, false); err != nil || o != register.Done {
					b.Errorf("%d: %s, %v", i, o, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

const lookups = 10_000

func lookUp(b *testing.B, r *register.Register) {
	for i := range lookups {
		if _, found, err := r.Find(context.Background(), nthUser(i*97%million)); err != nil || !found {
			b.Fatalf("%v, %v", found, err)
		}
	}
}
