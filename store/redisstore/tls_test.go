package redisstore_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	addr, authority := startTLS(t)
	for _, c := range []struct {
		name   string
		config *tls.Config
		fault  error
	}{
		{"known authority", &tls.Config{RootCAs: authority}, nil},
		{"unknown authority", &tls.Config{RootCAs: x509.NewCertPool()}, store.ErrUnavailable},
		{"another name", &tls.Config{RootCAs: authority, ServerName: "redis.test"}, store.ErrUnavailable},
		{"no TLS", nil, store.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := redisstore.Options{Addresses: []string{addr}, Timeout: patient}
			if c.config != nil {
				o.TLS = func() (*tls.Config, error) { return c.config, nil }
			}
			s := open(t, o)
			if _, err := s.Get(t.Context(), "k"); !errors.Is(err, c.fault) {
				t.Errorf("Get: %v, expected %v", err, c.fault)
			}
		})
	}
}

// Each new connection asks for the configuration, which may have changed, and a configuration that cannot be had is a
// store that does not answer.
func TestTLSThatChanges(t *testing.T) {
	t.Parallel()
	addr, authority := startTLS(t)
	fault := errors.New("no certificate")
	answers := []func() (*tls.Config, error){
		func() (*tls.Config, error) { return &tls.Config{RootCAs: x509.NewCertPool()}, nil },
		func() (*tls.Config, error) { return nil, fault },
		func() (*tls.Config, error) { return &tls.Config{RootCAs: authority}, nil },
	}
	var asked atomic.Int32
	s := open(t, redisstore.Options{Addresses: []string{addr}, Timeout: patient, TLS: func() (*tls.Config, error) {
		return answers[asked.Load()]()
	}})
	for i, want := range []error{store.ErrUnavailable, fault, nil} {
		asked.Store(int32(i))
		if _, err := s.Get(t.Context(), "k"); !errors.Is(err, want) {
			t.Errorf("%d: %v, expected %v", i, err, want)
		}
	}
}

// startTLS starts a server that speaks TLS, with the certificate that net/http/httptest brings.
func startTLS(t *testing.T) (addr string, authority *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pair := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := writePEM(t, "CERTIFICATE", pair.Certificate[0]), writePEM(t, "PRIVATE KEY", key)

	addr = testenv.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	testenv.StartRedis(t, "--tls-port", port, "--tls-cert-file", certFile, "--tls-key-file", keyFile,
		"--tls-auth-clients", "no")
	authority = x509.NewCertPool()
	authority.AddCert(web.Certificate())
	return addr, authority
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
