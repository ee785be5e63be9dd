package stores

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func init() { caddy.RegisterModule(new(Redis)) }

// Defaults of the options.
const (
	defaultAddress   = "127.0.0.1:6379"
	defaultKeyPrefix = "sms2fa"
	defaultTimeout   = 500 * time.Millisecond
)

// Redis keeps the state in Redis, so that several machines share it. Redis must not evict keys (`maxmemory-policy
// noeviction`). The names of the options are those of Caddy's Redis storage plugin.
type Redis struct {
	// `standalone`, `failover` (Sentinel) or `cluster`. Default: `standalone`.
	Mode string `json:"mode,omitempty"`

	// Where Redis is: `host:port`, or the path of a Unix socket. With `failover` these are the Sentinels, with `cluster`
	// some of the nodes. Default: `127.0.0.1:6379`.
	Address []string `json:"address,omitempty"`

	// The ACL user. Default: none.
	Username string `json:"username,omitempty"`

	// The password. Default: none.
	Password string `json:"password,omitempty"`

	// The number of the database. Default: `0`.
	DB string `json:"db,omitempty"`

	// What the names of all keys begin with. Default: `sms2fa`.
	KeyPrefix string `json:"key_prefix,omitempty"`

	// The name of the master that the Sentinels watch. Required with `failover`.
	MasterName string `json:"master_name,omitempty"`

	// The ACL user and the password of the Sentinels. Default: none.
	SentinelUsername string `json:"sentinel_username,omitempty"`
	SentinelPassword string `json:"sentinel_password,omitempty"`

	// Speaks TLS. Default: off.
	TLS *RedisTLS `json:"tls,omitempty"`

	// How long one question to Redis may take. Default: `500ms`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	options redisstore.Options
	key     string
}

// CaddyModule returns the Caddy module information.
func (*Redis) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Stores + ".redis", New: func() caddy.Module { return new(Redis) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (s *Redis) Provision(caddy.Context) error {
	redisstore.LogTo(logLine)
	o, err := s.resolve()
	if err != nil {
		return err
	}
	switch s.Mode {
	case "", "standalone":
		if len(o.Addresses) > 1 {
			return fmt.Errorf("address: one is expected; for several write: store redis cluster, or: store redis failover")
		}
	case "cluster":
		o.Cluster = true
	case "failover":
		if o.MasterName == "" {
			return fmt.Errorf("master_name: it is missing, failover needs it")
		}
	default:
		return fmt.Errorf("mode: %q is not standalone, cluster or failover", s.Mode)
	}
	s.options, s.key = o, s.poolKey(o)
	return nil
}

// logLine logs a line of the Redis client library where Caddy logs by default at that moment.
func logLine(line string) {
	caddy.Log().Named("sms_2fa.redis").Debug("said by the Redis client library", zap.String("line", line))
}

// settings are the options with one text; db is where the number of the database goes.
func (s *Redis) settings(o *redisstore.Options, db *string) guest.Settings {
	return guest.Settings{
		guest.Expanded("username", &s.Username, &o.Username),
		guest.Expanded("password", &s.Password, &o.Password),
		guest.Expanded("db", &s.DB, db),
		guest.Expanded("key_prefix", &s.KeyPrefix, &o.KeyPrefix),
		guest.Expanded("master_name", &s.MasterName, &o.MasterName),
		guest.Expanded("sentinel_username", &s.SentinelUsername, &o.SentinelUsername),
		guest.Expanded("sentinel_password", &s.SentinelPassword, &o.SentinelPassword),
	}
}

// resolve reads the options for the client, placeholders replaced.
func (s *Redis) resolve() (redisstore.Options, error) {
	var db string
	o := redisstore.Options{Timeout: cmp.Or(time.Duration(s.Timeout), defaultTimeout)}
	if err := s.settings(&o, &db).Resolve(); err != nil {
		return o, err
	}
	o.KeyPrefix = cmp.Or(o.KeyPrefix, defaultKeyPrefix) + ":"
	var err error
	if o.Addresses, err = s.addresses(); err != nil {
		return o, err
	}
	if db != "" {
		if o.DB, err = strconv.Atoi(db); err != nil || o.DB < 0 {
			return o, fmt.Errorf("db: %q is not the number of a database", db)
		}
	}
	if s.TLS != nil {
		o.TLS, err = s.TLS.config()
	}
	return o, err
}

func (s *Redis) addresses() ([]string, error) {
	repl := caddy.NewReplacer()
	var addresses []string
	for _, a := range s.Address {
		address, err := repl.ReplaceOrErr(a, true, true)
		if err != nil {
			return nil, fmt.Errorf("address: %w", err)
		}
		if err := judgeAddress(address); err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	if len(addresses) == 0 {
		addresses = []string{defaultAddress}
	}
	return addresses, nil
}

// poolKey is a hash of all that the client depends on, secrets as they were resolved.
func (s *Redis) poolKey(o redisstore.Options) string {
	var t RedisTLS
	if s.TLS != nil {
		t = *s.TLS
	}
	o.TLS = nil // t says all that it was made of
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v %t %#v", o, s.TLS != nil, t))
	return "redis:" + hex.EncodeToString(sum[:])
}

// StoreKey names the client.
func (s *Redis) StoreKey() string { return s.key }

// OpenStore returns the store; it connects when it is first used.
func (s *Redis) OpenStore() (store.Store, error) { return redisstore.New(s.options), nil }

// UnmarshalCaddyfile reads
//
//	store redis [cluster|failover] {
//		address           <host:port>...
//		username          <name>
//		password          <password>
//		db                <number>
//		key_prefix        <prefix>
//		master_name       <name>
//		sentinel_username <name>
//		sentinel_password <password>
//		timeout           <duration>
//		tls {
//			ca          <file>
//			server_name <name>
//			certificate <file>
//			key         <file>
//			insecure_skip_verify
//		}
//	}
func (s *Redis) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume store name
	if d.NextArg() {
		if s.Mode = d.Val(); s.Mode != "cluster" && s.Mode != "failover" {
			return d.Errf("store redis: %q is neither cluster nor failover", s.Mode)
		}
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	return guest.InnerBlock(d, s.unmarshalOption(d))
}

func (s *Redis) unmarshalOption(d *caddyfile.Dispenser) func(string) error {
	settings := s.settings(new(redisstore.Options), new(string))
	return func(option string) error {
		if known, err := settings.Read(d); known {
			return err
		}
		switch option {
		case "address":
			if s.Address = d.RemainingArgs(); len(s.Address) == 0 {
				return d.Err("address: expected host:port, or the path of a socket")
			}
			return judgeWritten(d, s.Address)
		case "timeout":
			return guest.PositiveDuration(d, &s.Timeout)
		case "tls":
			s.TLS = new(RedisTLS)
			return s.TLS.unmarshal(d)
		}
		return d.Errf("store redis: there is no option %q", option)
	}
}

var (
	_ guest.Store       = (*Redis)(nil)
	_ caddy.Provisioner = (*Redis)(nil)
)
