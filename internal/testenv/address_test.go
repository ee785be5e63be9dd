package testenv

import (
	"net"
	"testing"
)

// An address that was given away is given to nobody else, neither by FreeAddr nor by the system.
func TestFreeAddr(t *testing.T) {
	t.Parallel()
	given := make(map[string]bool)
	for range 200 {
		addr := FreeAddr(t)
		if given[addr] {
			t.Fatalf("%s was given twice", addr)
		}
		given[addr] = true
	}
	for range 500 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if given[l.Addr().String()] {
			t.Fatalf("the system gave %s to somebody else", l.Addr())
		}
	}
}
