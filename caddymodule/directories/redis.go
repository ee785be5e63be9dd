package directories

import (
	"cmp"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(Redis)) }

// Redis finds phone numbers in Redis: in a hash with a field for each user, or in a string for each user. The value is
// a number, or a JSON list of numbers. In names, `{user}` is the user's canonical name, `{user.given}` the name as the
// first factor wrote it, and `{user.login}` the canonical name without a domain.
type Redis struct {
	guest.RedisConnection
	guest.DirectoryOptions

	// The name of a hash. `hash` or `key` is required.
	Hash string `json:"hash,omitempty"`

	// The field of the hash. Default: `{user}`.
	Field string `json:"field,omitempty"`

	// The name of a string, like `phone:{user}`.
	Key string `json:"key,omitempty"`

	lease
}

// CaddyModule returns the Caddy module information.
func (*Redis) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".redis", New: func() caddy.Module { return new(Redis) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (r *Redis) Provision(caddy.Context) error {
	connection, err := r.Options(cmp.Or(time.Duration(r.Timeout), directory.DefaultTimeout))
	if err != nil {
		return err
	}
	o := directory.RedisOptions{
		Connection: connection, Hash: r.Hash, Field: r.Field, Key: r.Key, Resolve: resolve,
	}
	open := func() (client, error) { return directory.NewRedis(o) }
	return r.enter("redis", open, r.ConnectionKey(connection), resolved(r.Hash), resolved(r.Field), resolved(r.Key))
}

// UnmarshalCaddyfile reads
//
//	directory redis [cluster|failover] {
//		hash    <name>
//		field   <name>
//		key     <name>
//		timeout <duration>
//		cache   <duration>|off
//		<options of a connection to Redis>
//	}
func (r *Redis) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	settings := guest.Settings{
		guest.Literal("hash", &r.Hash), guest.Literal("field", &r.Field), guest.Literal("key", &r.Key),
	}
	return r.Read(d, "directory", func(d *caddyfile.Dispenser) (bool, error) {
		if known, err := settings.Read(d); known {
			return true, err
		}
		return r.ReadOption(d)
	})
}

var (
	_ guest.Directory    = (*Redis)(nil)
	_ caddy.Provisioner  = (*Redis)(nil)
	_ caddy.CleanerUpper = (*Redis)(nil)
)
