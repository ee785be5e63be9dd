package redisstore

import (
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// DefaultTimeout is how long one question to Redis may take.
const DefaultTimeout = 500 * time.Millisecond

// Options say where Redis is, and how it is spoken to. Redis 6.2 or later is needed. It must not evict keys
// (maxmemory-policy noeviction): one that does forgets who is blocked.
type Options struct {
	// Addresses are host:port, or the path of a Unix socket. With MasterName they are Sentinels, with Cluster some of the
	// nodes. Default: 127.0.0.1:6379.
	Addresses []string

	// Username and Password are those of Redis. Default: none. An ACL user needs no more than
	//
	//	~<KeyPrefix>* +eval +evalsha +time +get +set +del +zadd +zrem +zscore +zcount +zrange +zremrangebyscore
	//	+pexpire +pexpireat +pttl +xadd +xread +xrange +xdel
	//
	// and in a cluster +cluster|slots too.
	Username, Password string

	// SentinelUsername and SentinelPassword are those of the Sentinels. Default: none.
	SentinelUsername, SentinelPassword string

	// DB is the number of the database. A cluster has only 0, the default.
	DB int

	// KeyPrefix is what the names of all keys begin with. Gateways that share it share their state. Default: nothing.
	KeyPrefix string

	// MasterName is the name of the master that the Sentinels watch. Default: none, there are no Sentinels.
	MasterName string

	// Cluster says that the addresses are nodes of a cluster. Default: false.
	Cluster bool

	// TLS, if it is set, says how to speak TLS. Default: plain TCP.
	TLS *tls.Config

	// Timeout is how long one call may take, connecting included. Default: DefaultTimeout.
	Timeout time.Duration
}

// client returns a client that has not connected yet.
func (o Options) client() redis.UniversalClient {
	u := &redis.UniversalOptions{
		Addrs: o.Addresses, DB: o.DB, Username: o.Username, Password: o.Password, TLSConfig: o.TLS,
		MasterName: o.MasterName, SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
		DialTimeout: o.Timeout, ReadTimeout: o.Timeout, WriteTimeout: o.Timeout, PoolTimeout: o.Timeout,
		// A deadline of ours must end the wait, and a script must not run twice behind our back.
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		// Old servers, proxies and narrow ACLs have neither of these commands.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	switch {
	case o.MasterName != "":
		return redis.NewFailoverClient(u.Failover())
	case o.Cluster:
		c := u.Cluster()
		c.DisableRoutingPolicies = true // every command of ours names its one key; no need to ask for a list of commands
		return redis.NewClusterClient(c)
	}
	return redis.NewClient(u.Simple()) // which takes an address that begins with a slash for a Unix socket
}
