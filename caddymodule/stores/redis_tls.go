package stores

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

// RedisTLS says how Redis is known to be the right one.
type RedisTLS struct {
	// A PEM file of certificate authorities. Default: the system's.
	CA string `json:"ca,omitempty"`

	// The name in Redis' certificate. Default: the host of the address.
	ServerName string `json:"server_name,omitempty"`

	// The certificate to show to Redis, and its key: PEM files. Default: none.
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`

	// Accepts any certificate. For tests only. Default: off.
	InsecureSkipVerify bool `json:"insecure_skip_verify,omitempty"`
}

func (t *RedisTLS) config() (*tls.Config, error) {
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

func (t *RedisTLS) unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	texts := guest.Settings{
		guest.Literal("ca", &t.CA), guest.Literal("server_name", &t.ServerName),
		guest.Literal("certificate", &t.Certificate), guest.Literal("key", &t.Key),
	}
	return guest.InnerBlock(d, func(option string) error {
		if known, err := texts.Read(d); known {
			return err
		}
		if option == "insecure_skip_verify" {
			return guest.Flag(d, &t.InsecureSkipVerify)
		}
		return d.Errf("tls: there is no option %q", option)
	})
}
