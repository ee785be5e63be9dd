package redisstore_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func TestReplicasConformance(t *testing.T) {
	t.Parallel()
	master, _ := testenv.StartRedisPair(t)
	conform(t, redisstore.Options{Addresses: []string{master.Addr}, Replicas: 1})
}

// What a replica does not have does not count, and the answer comes in time; what changes nothing asks no replica.
func TestWritesThatNoReplicaHas(t *testing.T) {
	t.Parallel()
	const timeout = 500 * time.Millisecond
	master, replica := testenv.StartRedisPair(t)
	keep(t, open(t, redisstore.Options{Addresses: []string{master.Addr}, Replicas: 1, Timeout: patient}))
	s := open(t, redisstore.Options{Addresses: []string{master.Addr}, Replicas: 1, Timeout: timeout})
	replica.Pause()
	for name, write := range writes {
		if name == "Give" || name == "Clear" {
			continue
		}
		began := time.Now()
		err := write(t.Context(), s)
		if took := time.Since(began); !errors.Is(err, store.ErrUnavailable) || took > timeout+slack {
			t.Errorf("%s: %v after %v, expected %v within %v", name, err, took, store.ErrUnavailable, timeout)
		}
	}
	if r, err := s.Get(t.Context(), "kept"); err != nil || string(r.Data) != "safe" {
		t.Errorf("reading without the replica: %q, %v", r.Data, err)
	}
	replica.Resume()
	until(t, "writes count again", func() bool {
		_, err := s.Append(t.Context(), []byte("x"), time.Now().Add(time.Hour))
		return err == nil
	})
}

// A failover that is planned, with nothing broken, loses nothing that counted.
func TestPlannedFailoverLosesNothing(t *testing.T) {
	t.Parallel()
	master, replica := testenv.StartRedisPair(t)
	host, port, _ := net.SplitHostPort(replica.Addr)
	sentinel := startSentinelWith(t, master, replica)
	o := redisstore.Options{Addresses: []string{sentinel.Addr}, MasterName: "main", Replicas: 1, Timeout: 2 * time.Second}
	s := open(t, o)
	keep(t, s)
	failing := time.AfterFunc(300*time.Millisecond, func() { sentinel.Do("SENTINEL", "FAILOVER", "main") })
	defer failing.Stop()
	var counted []string // positions of entries that counted
	for began := time.Now(); time.Since(began) < 8*time.Second; {
		position, err := s.Append(t.Context(), []byte("x"), time.Now().Add(time.Hour))
		if err == nil {
			counted = append(counted, position)
		}
	}
	until(t, "the replica is the master", func() bool { return tells(replica, "replication", "role:master") })
	after := open(t, redisstore.Options{Addresses: []string{net.JoinHostPort(host, port)}, Timeout: patient})
	lost := 0
	for _, position := range counted {
		if held, err := after.Holds(t.Context(), position); err != nil || !held {
			lost++
		}
	}
	t.Logf("%d entries counted, %d are lost", len(counted), lost)
	if lost > 0 || len(counted) < 100 {
		t.Errorf("%d of %d entries are lost", lost, len(counted))
	}
}
