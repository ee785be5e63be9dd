package redisstore_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// until waits until a condition on the servers is true.
func until(t *testing.T, expected string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the servers do not come so far: %s", expected)
		}
	}
}

// tells reports whether the answer of the server to INFO with a subject holds text.
func tells(r *testenv.Redis, subject, text string) bool {
	return strings.Contains(r.Do("INFO", subject).(string), text)
}

// startCluster starts a cluster of one node.
func startCluster(t *testing.T, args ...string) *testenv.Redis {
	t.Helper()
	r := testenv.StartRedis(t, append([]string{"--cluster-enabled", "yes"}, args...)...)
	r.Do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	until(t, "the cluster is up", func() bool {
		return strings.Contains(r.Do("CLUSTER", "INFO").(string), "cluster_state:ok")
	})
	return r
}

func TestClusterConformance(t *testing.T) {
	t.Parallel()
	r := startCluster(t)
	conform(t, redisstore.Options{Addresses: []string{r.Addr}, Cluster: true})
}

func TestClusterOfSeveralConformance(t *testing.T) {
	t.Parallel()
	nodes := testenv.StartRedisCluster(t, 3)
	conform(t, redisstore.Options{Addresses: []string{nodes[0].Addr, nodes[1].Addr}, Cluster: true})
}

// A cursor of a cluster whose masters have changed must not pass over records.
func TestScanOfChangedCluster(t *testing.T) {
	t.Parallel()
	nodes := testenv.StartRedisCluster(t, 3)
	s := open(t, redisstore.Options{Addresses: []string{nodes[0].Addr}, Cluster: true, Timeout: patient})
	for i := range 30 {
		keepFor(t, s, fmt.Sprint("u:", i), time.Hour)
	}
	_, cursor, err := s.Scan(t.Context(), "u:", "")
	if err != nil || cursor == "" {
		t.Fatalf("Scan = cursor %q, %v, expected one at the next master", cursor, err)
	}
	gone := strings.ReplaceAll(cursor, nodes[1].Addr, "127.0.0.1:1")
	if _, _, err := s.Scan(t.Context(), "u:", gone); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Scan with the cursor of other masters: %v, expected %v", err, store.ErrUnavailable)
	}
}

// startSentinel starts a Sentinel that watches the master under the name main.
func startSentinel(t *testing.T, master *testenv.Redis) *testenv.Redis {
	t.Helper()
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "sentinel.conf")
	lines := fmt.Sprintf("sentinel monitor main %s %s 1\nsentinel down-after-milliseconds main 500\n", host, port)
	if err := os.WriteFile(conf, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return testenv.StartRedis(t, conf, "--sentinel")
}

func TestSentinelConformance(t *testing.T) {
	t.Parallel()
	r := testenv.StartRedis(t)
	// Here a busy machine must not look like a dead one.
	sentinel := startSentinel(t, r)
	sentinel.Do("SENTINEL", "SET", "main", "down-after-milliseconds", 60000)
	conform(t, redisstore.Options{Addresses: []string{sentinel.Addr}, MasterName: "main"})
}

func TestFailover(t *testing.T) {
	t.Parallel()
	master, replica := testenv.StartRedisPair(t)
	sentinel := startSentinelWith(t, master, replica)
	s := open(t, redisstore.Options{Addresses: []string{sentinel.Addr}, MasterName: "main"})
	keep(t, s)
	master.Do("WAIT", 1, 5000)
	master.Stop()
	if r := recovers(t, s); string(r.Data) != "safe" {
		t.Errorf("after the failover the record is %q, expected %q", r.Data, "safe")
	}
	for name, call := range allCalls() {
		if err := call(t.Context(), s); err != nil {
			t.Errorf("%s after the failover: %v", name, err)
		}
	}
}

// startSentinelWith starts a Sentinel, and waits until it knows the replica too.
func startSentinelWith(t *testing.T, master, replica *testenv.Redis) *testenv.Redis {
	t.Helper()
	_, port, _ := net.SplitHostPort(replica.Addr)
	until(t, "the master knows the replica", func() bool { return tells(master, "replication", "port="+port) })
	sentinel := startSentinel(t, master)
	until(t, "Sentinel knows the replica", func() bool { return tells(sentinel, "sentinel", "slaves=1") })
	return sentinel
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "redis") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	testenv.StartRedis(t, "--unixsocket", socket)
	keep(t, open(t, redisstore.Options{Addresses: []string{socket}, Timeout: patient}))
}

// A write whose answer is lost must not be sent again: the second would find the first in its way, and report that
// another writer was faster.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, cluster := range []bool{false, true} {
		t.Run(fmt.Sprintf("cluster %v", cluster), func(t *testing.T) {
			t.Parallel()
			p := startProxy(t)
			s := open(t, redisstore.Options{Addresses: []string{p.addr}, Cluster: cluster, Timeout: patient})
			if cluster {
				host, port, _ := net.SplitHostPort(p.addr)
				p.target.Store(startCluster(t, "--cluster-announce-ip", host, "--cluster-announce-port", port).Addr)
			} else {
				p.target.Store(testenv.StartRedis(t).Addr)
			}
			keep(t, s)
			p.cut.Store(true)
			swapped, err := s.Swap(t.Context(), "k", nil, []byte("a"), time.Now().Add(time.Hour))
			if swapped || !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Swap = %v, %v, expected false, %v", swapped, err, store.ErrUnavailable)
			}
			if r := recovers(t, s); string(r.Data) != "safe" {
				t.Errorf("the record is %q, expected %q", r.Data, "safe")
			}
			if r, err := s.Get(t.Context(), "k"); err != nil || string(r.Data) != "a" {
				t.Errorf("Get = %q, %v, expected what was written", r.Data, err)
			}
		})
	}
}
