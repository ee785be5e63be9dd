package stores

import (
	"cmp"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

func init() { caddy.RegisterModule(new(Redis)) }

// Defaults of the options.
const (
	defaultKeyPrefix = "sms2fa"
	defaultTimeout   = 500 * time.Millisecond
	maxReplicas      = 16
)

// Redis keeps the state in Redis, so that several machines share it. Redis must not evict keys (`maxmemory-policy
// noeviction`). The names of the options are those of Caddy's Redis storage plugin.
type Redis struct {
	guest.RedisConnection

	// What the names of all keys begin with. Default: `sms2fa`.
	KeyPrefix string `json:"key_prefix,omitempty"`

	// How long one question to Redis may take. Default: `500ms`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// How many replicas must have a counted guess, a text or a revocation before the write counts, so that a failover
	// loses none of them; without so many replicas, visitors who need the store get 503. Default: `0`.
	Replicas int `json:"replicas,omitempty"`

	options redisstore.Options
	key     string
}

// CaddyModule returns the Caddy module information.
func (*Redis) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Stores + ".redis", New: func() caddy.Module { return new(Redis) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (s *Redis) Provision(caddy.Context) error {
	o, err := s.Options(cmp.Or(time.Duration(s.Timeout), defaultTimeout))
	if err != nil {
		return err
	}
	if err := s.settings(&o.KeyPrefix).Resolve(); err != nil {
		return err
	}
	if o.Replicas = s.Replicas; o.Replicas < 0 || o.Replicas > maxReplicas {
		return fmt.Errorf("replicas: %d is not between 0 and %d", s.Replicas, maxReplicas)
	}
	o.KeyPrefix = cmp.Or(o.KeyPrefix, defaultKeyPrefix) + ":"
	s.options, s.key = o, s.ConnectionKey(o)
	return nil
}

func (s *Redis) settings(keyPrefix *string) guest.Settings {
	return guest.Settings{guest.Expanded("key_prefix", &s.KeyPrefix, keyPrefix)}
}

// StoreKey names the client.
func (s *Redis) StoreKey() string { return s.key }

// OpenStore returns the store; it connects when it is first used.
func (s *Redis) OpenStore() (store.Store, error) { return redisstore.New(s.options), nil }

// UnmarshalCaddyfile reads
//
//	store redis [cluster|failover] {
//		key_prefix <prefix>
//		timeout    <duration>
//		replicas   <number>
//		<options of a connection to Redis>
//	}
func (s *Redis) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	settings := s.settings(new(string))
	return s.Read(d, "store", func(d *caddyfile.Dispenser) (bool, error) {
		switch d.Val() {
		case "timeout":
			return true, guest.PositiveDuration(d, &s.Timeout)
		case "replicas":
			return true, guest.Number(d, &s.Replicas)
		}
		return settings.Read(d)
	})
}

var (
	_ guest.Store       = (*Redis)(nil)
	_ caddy.Provisioner = (*Redis)(nil)
)
