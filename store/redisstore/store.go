// Package redisstore keeps records in Redis: standalone, behind Sentinel, or a cluster. Gateways on many machines share it.
//
// Each method is one round trip, one script and one key, so that it is atomic and works on a cluster. Time is Redis' own,
// read inside the script, so gateways whose clocks differ cannot stretch a limit. Every key expires.
package redisstore

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/caddy-sms-2fa/gateway/store"
)

// DefaultTimeout is how long one question to Redis may take.
const DefaultTimeout = 500 * time.Millisecond

// Options say where Redis is, and how it is spoken to.
type Options struct {
	Addresses        []string // host:port, or the path of a Unix socket; Sentinels or cluster nodes when there are such
	Username         string
	Password         string
	SentinelUsername string
	SentinelPassword string
	DB               int
	KeyPrefix        string
	MasterName       string // set: the addresses are Sentinels, and this is what they watch
	Cluster          bool   // set: the addresses are nodes of a cluster
	TLS              *tls.Config
	Timeout          time.Duration // 0 is DefaultTimeout
}

// Store is a store in Redis.
type Store struct {
	client redis.UniversalClient
	prefix string
}

var _ store.Store = (*Store)(nil)

// New returns a store. It connects when it is first used, and again whenever it has to.
func New(o Options) *Store {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	u := &redis.UniversalOptions{
		Addrs: o.Addresses, DB: o.DB, Username: o.Username, Password: o.Password,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword, MasterName: o.MasterName,
		TLSConfig: o.TLS, IsClusterMode: o.Cluster,
		DialTimeout: o.Timeout, ReadTimeout: o.Timeout, WriteTimeout: o.Timeout, PoolTimeout: o.Timeout,
		// A deadline of ours must end the wait, and a script must not run twice behind our back.
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		// Users of old servers, proxies and narrow ACLs have neither of these commands.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	return &Store{client: newClient(u), prefix: o.KeyPrefix}
}

func newClient(u *redis.UniversalOptions) redis.UniversalClient {
	switch {
	case u.MasterName != "":
		return redis.NewFailoverClient(u.Failover())
	case u.IsClusterMode:
		return redis.NewClusterClient(u.Cluster())
	}
	simple := u.Simple()
	if strings.HasPrefix(simple.Addr, "/") {
		simple.Network = "unix"
	}
	return redis.NewClient(simple)
}

// Close closes all connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("closing store: %w", err)
	}
	return nil
}

func (s *Store) key(name string) []string { return []string{s.prefix + name} }
