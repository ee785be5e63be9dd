package guest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

const defaultAddress = "127.0.0.1:6379"

// RedisConnection is the options of a guest that say where Redis is and how to speak to it.
type RedisConnection struct {
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

	// The name of the master that the Sentinels watch. Required with `failover`.
	MasterName string `json:"master_name,omitempty"`

	// The ACL user and the password of the Sentinels. Default: none.
	SentinelUsername string `json:"sentinel_username,omitempty"`
	SentinelPassword string `json:"sentinel_password,omitempty"`

	// Speaks TLS. Default: off.
	TLS *TLS `json:"tls,omitempty"`
}

// Options are the options for the client, placeholders replaced and certificates read, given how long one question may
// take.
func (c *RedisConnection) Options(timeout time.Duration) (redisstore.Options, error) {
	redisstore.LogTo(logLine)
	if err := c.agree(); err != nil {
		return redisstore.Options{}, err
	}
	o, err := c.resolve(timeout)
	if err != nil {
		return o, err
	}
	switch c.Mode {
	case "cluster":
		o.Cluster = true
		if o.DB != 0 {
			return o, errClusterDB
		}
	case "failover":
		if o.MasterName == "" {
			return o, errNoMaster
		}
	}
	return o, nil
}

// logLine logs a line of the Redis client library where Caddy logs by default at that moment.
func logLine(line string) {
	caddy.Log().Named("sms_2fa.redis").Debug("said by the Redis client library", zap.String("line", line))
}

// settings are the options with one text; db is where the number of the database goes.
func (c *RedisConnection) settings(o *redisstore.Options, db *string) Settings {
	return Settings{
		Expanded("username", &c.Username, &o.Username),
		Expanded("password", &c.Password, &o.Password),
		Expanded("db", &c.DB, db),
		Expanded("master_name", &c.MasterName, &o.MasterName),
		Expanded("sentinel_username", &c.SentinelUsername, &o.SentinelUsername),
		Expanded("sentinel_password", &c.SentinelPassword, &o.SentinelPassword),
	}
}

// resolve reads the options for the client, placeholders replaced.
func (c *RedisConnection) resolve(timeout time.Duration) (redisstore.Options, error) {
	var db string
	o := redisstore.Options{Timeout: timeout}
	if err := c.settings(&o, &db).Resolve(); err != nil {
		return o, err
	}
	var err error
	if o.Addresses, err = c.addresses(); err != nil {
		return o, err
	}
	if db != "" {
		if o.DB, err = strconv.Atoi(db); err != nil || o.DB < 0 {
			return o, fmt.Errorf("db: %q is not the number of a database", db)
		}
	}
	o.TLS, err = c.TLS.Changing()
	return o, err
}

func (c *RedisConnection) addresses() ([]string, error) {
	repl := caddy.NewReplacer()
	var addresses []string
	for _, a := range c.Address {
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

// ConnectionKey is a hash of all that a client depends on, given its options: guests with the same one can share a
// client. It tells no secret.
func (c *RedisConnection) ConnectionKey(o redisstore.Options) string {
	var t TLS
	if c.TLS != nil {
		t = *c.TLS
	}
	o.TLS = nil // t says all that it was made of
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v %t %#v", o, c.TLS != nil, t))
	return "redis:" + hex.EncodeToString(sum[:])
}

// Read reads "<option> redis [cluster|failover] { … }": the options of the connection, and those that own reads. own
// reports false for an option that the guest does not have.
//
//	address           <host:port>...
//	username          <name>
//	password          <password>
//	db                <number>
//	master_name       <name>
//	sentinel_username <name>
//	sentinel_password <password>
//	tls {
//		ca          <file>
//		server_name <name>
//		certificate <file>
//		key         <file>
//		insecure_skip_verify
//	}
func (c *RedisConnection) Read(
	d *caddyfile.Dispenser, option string, own func(*caddyfile.Dispenser) (bool, error),
) error {
	d.Next() // consume guest name
	if d.NextArg() {
		if c.Mode = d.Val(); c.Mode != "cluster" && c.Mode != "failover" {
			return d.Errf("%s redis: %q is neither cluster nor failover", option, c.Mode)
		}
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	settings := c.settings(new(redisstore.Options), new(string))
	err := InnerBlock(d, func(name string) error {
		if known, err := own(d); known {
			return err
		}
		if known, err := settings.Read(d); known {
			return err
		}
		return c.readOption(d, option, name)
	})
	if err != nil {
		return err
	}
	if err := c.agree(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (c *RedisConnection) readOption(d *caddyfile.Dispenser, option, name string) error {
	switch name {
	case "address":
		if c.Address = d.RemainingArgs(); len(c.Address) == 0 {
			return d.Err("address: expected host:port, or the path of a socket")
		}
		return judgeWritten(d, c.Address)
	case "tls":
		return ReadTLS(d, &c.TLS)
	}
	return d.Errf("%s redis: there is no option %q", option, name)
}
