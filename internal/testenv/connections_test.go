package testenv

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// While a server goes on to listen, its probe lasts; when the probe ends, nobody can connect to the server any more.
func TestProbeEndsAfterTheListener(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := server.Listener.Addr().String()
	conn, err := dialIdle(address)
	if err != nil {
		t.Fatal(err)
	}
	all := probes{conn}
	defer all.close()
	const later = 100 * time.Millisecond
	began := time.Now()
	time.AfterFunc(later, func() { _ = server.Config.Shutdown(context.Background()) })
	if err := all.await(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < later {
		t.Errorf("the probe ended after %s, before the server did", took)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("the server still listens")
	}
}

// A server that answers in plain HTTP and keeps no connection cannot be probed.
func TestProbeRefusesAServerThatKeepsNoConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	if conn, err := dialIdle(server.Listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("the connection was taken for a kept one")
	}
}
