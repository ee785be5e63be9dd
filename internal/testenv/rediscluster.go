package testenv

import (
	"net"
	"strings"
	"testing"
)

// StartRedisCluster starts a cluster of some masters, among which the slots are divided, and waits until each of them
// knows all. args are options of each server.
func StartRedisCluster(t testing.TB, masters int, args ...string) []*Redis {
	t.Helper()
	const slots = 16384
	nodes := make([]*Redis, masters)
	for i := range nodes {
		nodes[i] = StartRedis(t, append([]string{"--cluster-enabled", "yes"}, args...)...)
		nodes[i].Do("CLUSTER", "ADDSLOTSRANGE", i*slots/masters, (i+1)*slots/masters-1)
		nodes[i].Do("CLUSTER", "SET-CONFIG-EPOCH", i+1) // without one of its own, each would claim the slots of others
		if i > 0 {
			host, port, err := net.SplitHostPort(nodes[0].Addr)
			if err != nil {
				t.Fatal(err)
			}
			nodes[i].Do("CLUSTER", "MEET", host, port)
		}
	}
	for _, node := range nodes {
		Await(t, "the cluster is up", func() bool {
			slots, _ := node.Do("CLUSTER", "SLOTS").([]any)
			state, _ := node.Do("CLUSTER", "INFO").(string)
			return strings.Contains(state, "cluster_state:ok") && len(slots) == masters
		})
	}
	return nodes
}
