package guest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// serves starts a TLS server with a certificate of its own, and returns the certificate as a PEM file holds it.
func serves(t *testing.T) (addr string, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	return l.Addr().String(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Certificates are read again when the files hold something else, whatever they are called; what cannot be read leaves
// those that were read before.
func TestCertificatesThatChange(t *testing.T) {
	t.Parallel()
	first, firstCA := serves(t)
	second, secondCA := serves(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	write := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(firstCA)
	changing, err := (&TLS{CA: file}).Changing()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name             string
		change           func()
		firstOK, againOK bool
	}{
		{"as it was", func() {}, true, false},
		{"rotated", func() { write(secondCA) }, false, true},
		{"half written", func() { write(firstCA[:20]) }, false, true},
		{"gone", func() { _ = os.Remove(file) }, false, true},
		{"back", func() { write(firstCA) }, true, false},
		{"both", func() { write(append(firstCA, secondCA...)) }, true, true},
	} {
		tt.change()
		config, err := changing()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		for addr, want := range map[string]bool{first: tt.firstOK, second: tt.againOK} {
			c, err := tls.Dial("tcp", addr, config)
			if err == nil {
				_ = c.Close()
			}
			if (err == nil) != want {
				t.Errorf("%s: %v, want trusted: %t", tt.name, err, want)
			}
		}
	}
	if _, err := (&TLS{CA: filepath.Join(t.TempDir(), "none")}).Changing(); err == nil {
		t.Error("a missing file is no error at the start")
	}
	if changing, err := (*TLS)(nil).Changing(); changing != nil || err != nil {
		t.Errorf("without TLS: %v", err)
	}
}
