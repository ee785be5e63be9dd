package guest

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
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

// Changing reads the certificates, and again whenever the files have other contents: the function that it returns
// gives the configuration as the files are now. Files that cannot be read at some time leave the configuration as it
// was. It is nil for a nil TLS.
func (t *TLS) Changing() (func() (*tls.Config, error), error) {
	latest, err := t.Config()
	if t == nil || err != nil {
		return nil, err
	}
	var mu sync.Mutex
	contents := t.Contents()
	return func() (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		now := t.Contents()
		if now == contents {
			return latest, nil
		}
		changed, err := t.Config()
		if err != nil {
			caddy.Log().Named("sms_2fa.tls").Error("changed certificates cannot be read, the earlier ones stay in use",
				zap.Error(err))
			return latest, nil
		}
		latest, contents = changed, now
		return latest, nil
	}, nil
}

// Contents is a hash of what the files hold.
func (t *TLS) Contents() string {
	if t == nil {
		return ""
	}
	h := sha256.New()
	for _, file := range []string{t.CA, t.Certificate, t.Key} {
		content, err := os.ReadFile(file)
		fmt.Fprintf(h, "%t %d\n", file != "" && err == nil, len(content))
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil))
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
