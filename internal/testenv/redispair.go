package testenv

import (
	"net"
	"strings"
	"testing"
)

// StartRedisPair starts a master, and a replica that is in step with it.
func StartRedisPair(t testing.TB) (master, replica *Redis) {
	t.Helper()
	master, replica = StartRedis(t, "--repl-diskless-sync-delay", "0"), StartRedis(t)
	host, port, err := net.SplitHostPort(master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	replica.Do("REPLICAOF", host, port)
	Await(t, "the replica is in step", func() bool {
		said, _ := master.Do("INFO", "replication").(string)
		return strings.Contains(said, "state=online")
	})
	Await(t, "the replica confirms what is written", func() bool {
		master.Do("SET", "warm", "x", "PX", 1)
		have, _ := master.Do("WAIT", 1, 1000).(int64)
		return have == 1
	})
	return master, replica
}
