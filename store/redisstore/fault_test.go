package redisstore_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"os"
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

// The rights of ACL users, as the documentation lists them, with the key prefix of the test.
const (
	rights = "resetchannels ~gate:* +eval +evalsha +time +get +set +del +zadd +zrem +zscore +zcount +zrange " +
		"+zremrangebyscore +pexpire +pexpireat +pttl +xadd +xread +xrange +xdel +scan +info +config|get"
	sentinelRights = "allchannels +ping +subscribe +sentinel|get-master-addr-by-name +sentinel|sentinels " +
		"+sentinel|replicas"
)

// grant makes the user gate on a server.
func grant(server *testenv.Redis, rights string) {
	command := []any{"ACL", "SETUSER", "gate", "on", ">secret"}
	for _, right := range strings.Fields(rights) {
		command = append(command, right)
	}
	server.Do(command...)
}

// The rights that the documentation lists are enough, and it does list them.
func TestNarrowACL(t *testing.T) {
	t.Parallel()
	master := testenv.StartRedis(t)
	sentinel := startSentinel(t, master)
	documented, err := os.ReadFile("../../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, more string
		server     *testenv.Redis
		options    redisstore.Options
	}{
		{"standalone", "", testenv.StartRedis(t), redisstore.Options{}},
		{"a database", "+select", testenv.StartRedis(t), redisstore.Options{DB: 3}},
		{"cluster", "+cluster|slots", startCluster(t), redisstore.Options{Cluster: true}},
		{"replicas", "+wait", pairMaster(t), redisstore.Options{Replicas: 1}},
		{"failover", "", master, redisstore.Options{
			MasterName: "main", Addresses: []string{sentinel.Addr}, SentinelUsername: "gate", SentinelPassword: "secret",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			grant(c.server, rights+" "+c.more)
			if c.options.MasterName != "" {
				grant(sentinel, sentinelRights)
			}
			for _, line := range []string{rights, sentinelRights, c.more} {
				line = strings.ReplaceAll(strings.ReplaceAll(line, "gate:", "sms2fa:"), " ", "")
				if !strings.Contains(strings.Join(strings.Fields(string(documented)), ""), line) {
					t.Errorf("docs/stores.md does not list %s", line)
				}
			}
			o := c.options
			o.Username, o.Password, o.KeyPrefix, o.Timeout = "gate", "secret", "gate:", patient
			if o.Addresses == nil {
				o.Addresses = []string{c.server.Addr}
			}
			useAll(t, open(t, o))
			servers := []*testenv.Redis{c.server}
			if o.MasterName != "" {
				servers = append(servers, sentinel)
			}
			for _, server := range servers {
				denied := server.Do("ACL", "LOG")
				if entries, _ := denied.([]any); len(entries) > 0 {
					t.Errorf("Redis denied: %v", denied)
				}
			}
		})
	}
}

func pairMaster(t *testing.T) *testenv.Redis {
	master, _ := testenv.StartRedisPair(t)
	return master
}

// useAll calls all methods of a store.
func useAll(t *testing.T, s *redisstore.Store) {
	t.Helper()
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
	if found, err := s.Conditions(t.Context()); err != nil || len(found) == 0 {
		t.Errorf("conditions: %v, %v", found, err)
	}
}

// A command that the ACL forbids is named.
func TestDeniedCommand(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	grant(r, rights+" -xrange -xread")
	s := open(t, redisstore.Options{
		Addresses: []string{r.Addr}, Username: "gate", Password: "secret", KeyPrefix: "gate:", Timeout: patient,
	})
	_, _, err := s.Follow(t.Context(), "", time.Millisecond)
	if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "does not let this user run x") {
		t.Errorf("Follow: %v, expected it refused, with the command", err)
	}
}

// What is at the addresses in the place of what the options say has a sentence of its own.
func TestMisunderstandings(t *testing.T) {
	t.Parallel()
	master := testenv.StartRedis(t)
	sentinel, locked := startSentinel(t, master), startSentinel(t, master)
	locked.Do("ACL", "SETUSER", "default", "resetpass", ">x")
	encrypted, _ := startTLS(t)
	speaksTLS := func() (*tls.Config, error) { return &tls.Config{ServerName: "redis.test"}, nil }
	for _, c := range []struct {
		name    string
		options redisstore.Options
		says    string
	}{
		{
			"unknown master",
			redisstore.Options{Addresses: []string{sentinel.Addr}, MasterName: "nobody"},
			"check master_name",
		},
		{
			"Sentinel wants a password",
			redisstore.Options{Addresses: []string{locked.Addr}, MasterName: "main"},
			"set sentinel_password",
		},
		{
			"wrong password of a Sentinel",
			redisstore.Options{Addresses: []string{locked.Addr}, MasterName: "main", SentinelPassword: "y"},
			"check these options",
		},
		{
			"no Sentinel",
			redisstore.Options{Addresses: []string{master.Addr}, MasterName: "main"},
			"what answers is no Sentinel",
		},
		{"no cluster", redisstore.Options{Addresses: []string{master.Addr}, Cluster: true}, "what answers is no cluster"},
		{
			"a node of a cluster",
			redisstore.Options{Addresses: []string{testenv.StartRedisCluster(t, 3)[2].Addr}},
			"write: store redis cluster",
		},
		{"TLS unexpected", redisstore.Options{Addresses: []string{encrypted}}, "where it speaks TLS, set the option tls"},
		{
			"no TLS",
			redisstore.Options{Addresses: []string{master.Addr}, TLS: speaksTLS, Timeout: time.Second},
			"may have none at this port",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.options.Timeout = cmp.Or(c.options.Timeout, patient)
			s := open(t, c.options)
			said := ""
			for _, key := range []string{"a", "b", "c", "d", "e"} { // some are on another node
				if _, err := s.Get(t.Context(), key); err != nil {
					said = err.Error()
				}
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("said %q, expected %q", said, c.says)
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
