package redisstore

import (
	"crypto/tls"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// DefaultTimeout is how long one call may take if Options.Timeout is not set.
const DefaultTimeout = 500 * time.Millisecond

// Options say where Redis is, and how to speak to it. Redis 6.2 or later is needed. Its maxmemory-policy must be
// noeviction: a Redis that evicts keys forgets which accounts are blocked.
type Options struct {
	// Addresses are host:port, or the path of a Unix socket. With MasterName they are the addresses of Sentinels, with
	// Cluster those of some nodes of the cluster. Default: 127.0.0.1:6379.
	Addresses []string

	// Username and Password are the credentials for Redis. Default: none. An ACL user needs no more than
	//
	//	~<KeyPrefix>* +eval +evalsha +time +get +set +del +zadd +zrem +zscore +zcount +zrange +zremrangebyscore
	//	+pexpire +pexpireat +pttl +xadd +xread +xrange +xdel +scan
	//
	// and besides +cluster|slots in a cluster, +select with a DB other than 0, and +info +config|get for Conditions.
	Username, Password string

	// SentinelUsername and SentinelPassword are the credentials for the Sentinels. Default: none.
	SentinelUsername, SentinelPassword string

	// DB is the number of the database. Default: 0, the only one that a cluster has.
	DB int

	// KeyPrefix stands before every key. Gateways with the same prefix share their state. Default: "".
	KeyPrefix string

	// MasterName is the name of the master that the Sentinels watch. Default: "", there are no Sentinels.
	MasterName string

	// Cluster says that the addresses are nodes of a cluster. Default: false.
	Cluster bool

	// TLS, if it is set, says how to speak TLS. Each new connection asks it, so that certificates may change while the
	// store is open. Default: plain TCP.
	TLS func() (*tls.Config, error)

	// Replicas is how many replicas must have a record, a use or an entry of the log before the write counts, so that a
	// failover loses none of them. A write that they do not get within Timeout fails with store.ErrUnavailable. An ACL
	// user needs +wait for this. Default: 0, the master alone decides.
	Replicas int

	// Timeout is how long one call may take, connecting included. Default: DefaultTimeout.
	Timeout time.Duration
}

// client returns a client that has not connected yet.
func (o Options) client(n *network) redis.UniversalClient {
	u := &redis.UniversalOptions{
		Addrs: o.Addresses, DB: o.DB, Username: o.Username, Password: o.Password,
		MasterName: o.MasterName, SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
		DialTimeout: o.Timeout, ReadTimeout: o.Timeout, WriteTimeout: o.Timeout, PoolTimeout: o.Timeout,
		// The deadline of a call must end its wait, and the library must not run a script a second time on its own.
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		Dialer: n.dialer(o), ConnMaxIdleTime: maxIdle,
		// Old servers, proxies and narrow ACLs do not allow the commands CLIENT SETINFO and CLIENT
		// MAINT_NOTIFICATIONS.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	switch {
	case o.MasterName != "":
		return redis.NewFailoverClient(u.Failover())
	case o.Cluster:
		c := u.Cluster()
		// Each command of this package names its one key, so the library need not ask Redis for a list of commands.
		c.DisableRoutingPolicies = true
		return redis.NewClusterClient(c)
	}
	return redis.NewClient(u.Simple()) // the library takes an address that begins with a slash for a Unix socket
}
