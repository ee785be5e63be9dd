package caddymodule

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// RedisStore keeps the state in Redis, so that several machines share it. Redis must not evict keys (`maxmemory-policy
// noeviction`). The names of the options are those of Caddy's Redis storage plugin.
type RedisStore struct {
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

// CaddyModule returns the Caddy module information.
func (*RedisStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: storeNamespace + ".redis", New: func() caddy.Module { return new(RedisStore) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (s *RedisStore) Provision(caddy.Context) error {
	o, err := s.resolve(caddy.NewReplacer())
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
	s.options = o
	s.key, err = s.poolKey(o)
	return err
}

func (s *RedisStore) resolve(repl *caddy.Replacer) (redisstore.Options, error) {
	o := redisstore.Options{Timeout: first(time.Duration(s.Timeout), 500*time.Millisecond)}
	for _, a := range s.Address {
		address, err := repl.ReplaceOrErr(a, true, true)
		if err != nil {
			return o, fmt.Errorf("address: %w", err)
		}
		o.Addresses = append(o.Addresses, address)
	}
	if len(o.Addresses) == 0 {
		o.Addresses = []string{"127.0.0.1:6379"}
	}
	var db string
	for _, f := range []struct {
		name, value string
		into        *string
	}{
		{"username", s.Username, &o.Username},
		{"password", s.Password, &o.Password},
		{"db", s.DB, &db},
		{"key_prefix", first(s.KeyPrefix, "sms2fa"), &o.KeyPrefix},
		{"master_name", s.MasterName, &o.MasterName},
		{"sentinel_username", s.SentinelUsername, &o.SentinelUsername},
		{"sentinel_password", s.SentinelPassword, &o.SentinelPassword},
	} {
		value, err := repl.ReplaceOrErr(f.value, true, true)
		if err != nil {
			return o, fmt.Errorf("%s: %w", f.name, err)
		}
		*f.into = value
	}
	o.KeyPrefix += ":"
	return s.resolveRest(o, db)
}

func (s *RedisStore) resolveRest(o redisstore.Options, db string) (redisstore.Options, error) {
	var err error
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

// poolKey is a hash of all that the client depends on, secrets as they were resolved.
func (s *RedisStore) poolKey(o redisstore.Options) (string, error) {
	o.TLS = nil
	all, err := json.Marshal(struct {
		Options redisstore.Options
		TLS     *RedisTLS
	}{o, s.TLS})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(all)
	return "redis:" + hex.EncodeToString(sum[:]), nil
}

// StoreKey names the client.
func (s *RedisStore) StoreKey() string { return s.key }

// OpenStore returns the store; it connects when it is first used.
func (s *RedisStore) OpenStore() (store.Store, error) { return redisstore.New(s.options), nil }

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
func (s *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume store name
	if d.NextArg() {
		if s.Mode = d.Val(); s.Mode != "cluster" && s.Mode != "failover" {
			return d.Errf("store redis: %q is neither cluster nor failover", s.Mode)
		}
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	return options(d, s.unmarshalOption(d))
}

func (s *RedisStore) unmarshalOption(d *caddyfile.Dispenser) func(string) error {
	texts := map[string]*string{
		"username": &s.Username, "password": &s.Password, "db": &s.DB, "key_prefix": &s.KeyPrefix, "master_name": &s.MasterName,
		"sentinel_username": &s.SentinelUsername, "sentinel_password": &s.SentinelPassword,
	}
	return func(option string) error {
		if text, ok := texts[option]; ok {
			return oneText(d, text)
		}
		switch option {
		case "address":
			if s.Address = d.RemainingArgs(); len(s.Address) == 0 {
				return d.Err("address: expected host:port, or the path of a socket")
			}
			return nil
		case "timeout":
			return plainDuration(d, &s.Timeout)
		case "tls":
			s.TLS = new(RedisTLS)
			return s.TLS.unmarshal(d)
		}
		return d.Errf("store redis: there is no option %q", option)
	}
}

func (t *RedisTLS) unmarshal(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		return d.ArgErr()
	}
	texts := map[string]*string{"ca": &t.CA, "server_name": &t.ServerName, "certificate": &t.Certificate, "key": &t.Key}
	return options(d, func(option string) error {
		if text, ok := texts[option]; ok {
			return oneText(d, text)
		}
		if option == "insecure_skip_verify" && !d.NextArg() {
			t.InsecureSkipVerify = true
			return nil
		}
		return d.Errf("tls: there is no option %q", option)
	})
}

var (
	_ StoreModule       = (*RedisStore)(nil)
	_ caddy.Provisioner = (*RedisStore)(nil)
)
