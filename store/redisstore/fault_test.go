package redisstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// patient is a timeout that a busy machine does not exceed. Tests of timeouts use a shorter one.
const patient = 10 * time.Second

var limit = []store.Limit{{Max: 3, Per: time.Hour}}

// writes are the calls that write.
var writes = map[string]func(ctx context.Context, s store.Store) error{
	"Append": func(ctx context.Context, s store.Store) error {
		_, err := s.Append(ctx, []byte("e"), time.Now().Add(time.Hour))
		return err
	},
	"Swap": func(ctx context.Context, s store.Store) error {
		_, err := s.Swap(ctx, "written", nil, []byte("a"), time.Now().Add(time.Hour))
		return err
	},
	"Take": func(ctx context.Context, s store.Store) error {
		_, err := s.Take(ctx, "limit", "id", limit)
		return err
	},
}

// reads are the calls that only read.
var reads = map[string]func(ctx context.Context, s store.Store) error{
	"Get":   func(ctx context.Context, s store.Store) error { _, err := s.Get(ctx, "kept"); return err },
	"Holds": func(ctx context.Context, s store.Store) error { _, err := s.Holds(ctx, "1-0"); return err },
	"Scan":  func(ctx context.Context, s store.Store) error { _, _, err := s.Scan(ctx, "none", ""); return err },
	"Follow": func(ctx context.Context, s store.Store) error {
		_, _, err := s.Follow(ctx, "", time.Millisecond)
		return err
	},
}

// keep writes the record "kept".
func keep(t testing.TB, s store.Store) {
	t.Helper()
	swapped, err := s.Swap(t.Context(), "kept", nil, []byte("safe"), time.Now().Add(time.Hour))
	if err != nil || !swapped {
		t.Fatalf("Swap = %v, %v", swapped, err)
	}
}

func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		command []any
		says    string
	}{
		{"out of memory", []any{"CONFIG", "SET", "maxmemory", "1"}, "OOM"},
		{"read-only replica", []any{"REPLICAOF", "127.0.0.1", "1"}, "READONLY"},
		{"too few replicas", []any{"CONFIG", "SET", "min-replicas-to-write", "1"}, "NOREPLICAS"},
		{"no permission to write", []any{"ACL", "SETUSER", "default", "-@write"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := testenv.StartRedis(t, "--maxmemory-policy", "noeviction")
			s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: patient})
			keep(t, s)
			r.Do(c.command...)
			for name, write := range writes {
				err := write(t.Context(), s)
				if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %v, expected it refused with %s", name, err, c.says)
				}
			}
			if got, err := s.Get(t.Context(), "kept"); err != nil || string(got.Data) != "safe" {
				t.Errorf("Get = %q, %v, expected reading to work", got.Data, err)
			}
			if got, err := s.Get(t.Context(), "written"); err != nil || got.Data != nil {
				t.Errorf("Get = %q, %v, expected that nothing was written", got.Data, err)
			}
			if _, _, err := s.Follow(t.Context(), "", time.Millisecond); err != nil {
				t.Errorf("Follow: %v, expected reading to work", err)
			}
		})
	}
}

func TestRefusedAccess(t *testing.T) {
	t.Parallel()
	const secret, wrong = "right-password", "wrong-password"
	r := testenv.StartRedis(t, "--requirepass", secret)
	open1 := testenv.StartRedis(t)
	for _, c := range []struct {
		name    string
		options redisstore.Options
		says    string
	}{
		{"wrong password", redisstore.Options{Addresses: []string{r.Addr}, Password: wrong}, "check these options"},
		{
			"wrong user",
			redisstore.Options{Addresses: []string{r.Addr}, Username: "bob", Password: secret},
			"check these options",
		},
		{"no password", redisstore.Options{Addresses: []string{r.Addr}}, "set the option password"},
		{"no such database", redisstore.Options{Addresses: []string{open1.Addr}, DB: 99}, "lack the database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.options.Timeout = patient
			s := open(t, c.options)
			_, err := s.Get(t.Context(), "secret-key")
			if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("Get: %v, expected it refused, and the advice %q", err, c.says)
			}
			for _, leak := range []string{secret, wrong, "secret-key"} {
				if strings.Contains(err.Error(), leak) {
					t.Errorf("the error tells %q: %v", leak, err)
				}
			}
		})
	}
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Password: secret, DB: 3, Timeout: patient})
	keep(t, s)
}

// rights are the rights of an ACL user that the doc of Options lists.
const rights = "~gate:* +eval +evalsha +time +get +set +del +zadd +zrem +zscore +zcount +zrange +zremrangebyscore " +
	"+pexpire +pexpireat +pttl +xadd +xread +xrange +xdel +scan"

func TestNarrowACL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more string
		server     *testenv.Redis
		cluster    bool
	}{
		{"standalone", "", testenv.StartRedis(t), false},
		{"cluster", "+cluster|slots", startCluster(t), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := []any{"ACL", "SETUSER", "gate", "on", ">secret", "resetchannels"}
			for _, right := range strings.Fields(rights + " " + c.more) {
				command = append(command, right)
			}
			c.server.Do(command...)
			s := open(t, redisstore.Options{
				Addresses: []string{c.server.Addr}, Cluster: c.cluster, Username: "gate", Password: "secret",
				KeyPrefix: "gate:", Timeout: patient,
			})
			keep(t, s)
			if _, _, err := s.Scan(t.Context(), "kept", ""); err != nil {
				t.Errorf("looking through records: %v", err)
			}
			if _, err := s.Swap(t.Context(), "kept", []byte("safe"), nil, time.Time{}); err != nil {
				t.Errorf("removing a record: %v", err)
			}
			if _, err := s.Append(t.Context(), []byte("over"), time.Now().Add(-time.Hour)); err != nil {
				t.Errorf("appending what is over: %v", err)
			}
			for name, call := range allCalls() {
				if err := call(t.Context(), s); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			denied := c.server.Do("ACL", "LOG")
			if entries, _ := denied.([]any); len(entries) > 0 {
				t.Errorf("Redis denied: %v", denied)
			}
		})
	}
}

func TestWrongType(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	r.Do("LPUSH", "kept", "x")
	s := open(t, redisstore.Options{Addresses: []string{r.Addr}, Timeout: patient})
	if _, err := s.Get(t.Context(), "kept"); !errors.Is(err, store.ErrRefused) ||
		!strings.Contains(err.Error(), "key_prefix") {
		t.Errorf("Get: %v, expected it refused with advice", err)
	}
}
