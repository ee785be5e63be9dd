package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// The ports of FreeAddr lie below those that a system gives to connections and to whoever listens on port 0. The nodes
// of a Redis Cluster also listen 10,000 ports above their own.
const (
	firstPort = 10000
	lastPort  = 19999
)

// FreeAddr is a loopback address that nobody listens on. It stays free, but for the test that has it, until the test
// ends: no connection and no other server of a test gets its port, also while a server is stopped and starts again.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		claim, err := net.Listen("unix", fmt.Sprintf("@gate-test-%d", port)) // names no file, and ends with the process
		if err != nil {
			continue // a test has the port, perhaps one of another package
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			_ = claim.Close()
			continue
		}
		_ = l.Close()
		t.Cleanup(func() { _ = claim.Close() })
		return addr
	}
}
