package redisstore_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// withReplicas is a cluster of three masters, each with a replica that takes over within seconds.
func withReplicas(t *testing.T) (masters, replicas []*testenv.Redis) {
	t.Helper()
	quick := []string{"--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"}
	masters = testenv.StartRedisCluster(t, 3, quick...)
	for range masters {
		replica := testenv.StartRedis(t, append([]string{"--cluster-enabled", "yes"}, quick...)...)
		for _, master := range masters {
			host, port, _ := net.SplitHostPort(master.Addr)
			replica.Do("CLUSTER", "MEET", host, port)
		}
		replicas = append(replicas, replica)
	}
	for i, master := range masters {
		id := master.Do("CLUSTER", "MYID").(string)
		until(t, "the replica knows its master", func() bool { return tellsOfNode(replicas[i], id) })
		replicas[i].Do("CLUSTER", "REPLICATE", id)
	}
	for _, master := range masters {
		until(t, "the replica is in step", func() bool { return tells(master, "replication", "state=online") })
	}
	return masters, replicas
}

func tellsOfNode(r *testenv.Redis, id string) bool {
	nodes, _ := r.Do("CLUSTER", "NODES").(string)
	return len(id) > 0 && len(nodes) > 0 && strings.Contains(nodes, id)
}

// ownerOf is which of three masters has a key.
func ownerOf(r *testenv.Redis, key string) int {
	return int(r.Do("CLUSTER", "KEYSLOT", key).(int64)) * 3 / 16384
}

// When a master of a cluster is gone, or hangs, calls for its keys work again within two seconds of the moment at
// which its replica has taken over.
func TestClusterMasterIsGone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testenv.Redis){
		"stopped": (*testenv.Redis).Stop,
		"hangs":   (*testenv.Redis).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			masters, replicas := withReplicas(t)
			addresses := []string{masters[0].Addr, masters[1].Addr, masters[2].Addr}
			s := open(t, redisstore.Options{Addresses: addresses, Cluster: true})
			keep(t, s)
			gone := ownerOf(masters[0], "kept")
			masters[gone].Do("WAIT", 1, 5000)
			if name == "hangs" {
				t.Cleanup(masters[gone].Resume)
			}
			end(masters[gone])
			until(t, "the replica has taken over", func() bool {
				_, _ = s.Get(t.Context(), "kept")
				return tells(replicas[gone], "replication", "role:master")
			})
			healed := time.Now()
			recovers(t, s)
			if took := time.Since(healed); took > 2*time.Second {
				t.Errorf("calls work %v after the replica has taken over", took)
			}
		})
	}
}
