package testenv

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// Certificate is a certificate for 127.0.0.1 with its key, both in PEM. The certificate is its own authority.
type Certificate struct {
	Cert, Key []byte
	CA        string // the path of a file with the certificate
	Pool      *x509.CertPool
}

// NewCertificate returns the certificate that net/http/httptest brings.
func NewCertificate(t testing.TB) Certificate {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pair := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c := Certificate{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		CA:   filepath.Join(t.TempDir(), "ca.pem"), Pool: x509.NewCertPool(),
	}
	c.Pool.AddCert(web.Certificate())
	if err := os.WriteFile(c.CA, c.Cert, 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
