package stores

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

func init() { caddy.RegisterModule(new(Embedded)) }

// Embedded keeps the state in a file of this machine. It is the default and needs nothing else. Several machines need
// the store `redis`.
type Embedded struct {
	// The file. One running Caddy at a time can use it. Default: `sms_2fa/store.db` in Caddy's data directory.
	Path string `json:"path,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Embedded) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Stores + ".embedded", New: func() caddy.Module { return new(Embedded) }}
}

// Provision finds the file's path.
func (s *Embedded) Provision(caddy.Context) error {
	path, err := caddy.NewReplacer().ReplaceOrErr(s.Path, true, true)
	if err != nil {
		return fmt.Errorf("path: %w", err)
	}
	if path == "" {
		path = filepath.Join(caddy.AppDataDir(), "sms_2fa", "store.db")
	}
	s.Path = filepath.Clean(path)
	return nil
}

// StoreKey names the file.
func (s *Embedded) StoreKey() string { return "embedded:" + s.Path }

// OpenStore returns the store; the file is opened when it is first used.
func (s *Embedded) OpenStore() (store.Store, error) { return boltstore.New(s.Path, time.Now), nil }

// UnmarshalCaddyfile reads
//
//	store embedded {
//		path <file>
//	}
func (s *Embedded) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return guest.Block(d, func(option string) error {
		if option == "path" {
			return guest.Text(d, &s.Path)
		}
		return d.Errf("store embedded: there is no option %q, expected path", option)
	})
}

var (
	_ guest.Store       = (*Embedded)(nil)
	_ caddy.Provisioner = (*Embedded)(nil)
)
