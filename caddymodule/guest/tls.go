package guest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TLS says how a server is known to be the right one, and how the gateway shows who it is.
type TLS struct {
	// A PEM file of certificate authorities. Default: the system's.
	CA string `json:"ca,omitempty"`

	// The name in the server's certificate. Default: the host of the address.
	ServerName string `json:"server_name,omitempty"`

	// The certificate to show to the server, and its key: PEM files. Default: none.
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`

	// Accepts any certificate. For tests only. Default: off.
	InsecureSkipVerify bool `json:"insecure_skip_verify,omitempty"`
}

// Config reads the certificates. It is nil for a nil TLS.
func (t *TLS) Config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls ca: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Certificate != "" || t.Key != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// ReadTLS reads the option "tls { … }".
func ReadTLS(d *caddyfile.Dispenser, into **TLS) error {
	*into = new(TLS)
	return (*into).unmarshal(d)
}

func (t *TLS) unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	texts := Settings{
		Literal("ca", &t.CA), Literal("server_name", &t.ServerName),
		Literal("certificate", &t.Certificate), Literal("key", &t.Key),
	}
	return InnerBlock(d, func(option string) error {
		if known, err := texts.Read(d); known {
			return err
		}
		if option == "insecure_skip_verify" {
			return Flag(d, &t.InsecureSkipVerify)
		}
		return d.Errf("tls: there is no option %q", option)
	})
}
