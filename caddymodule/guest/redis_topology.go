package guest

import (
	"errors"
	"fmt"
)

var (
	errClusterDB = errors.New("db: a cluster has no database but 0; leave the option out")
	errNoMaster  = errors.New("master_name: it is missing, failover needs it")
)

// agree says which options of a connection do not go together. What placeholders stand for is not known yet.
func (c *RedisConnection) agree() error {
	switch {
	case c.Username != "" && c.Password == "":
		return errors.New("password: it is missing, and username does nothing without it")
	case c.SentinelUsername != "" && c.SentinelPassword == "":
		return errors.New("sentinel_password: it is missing, and sentinel_username does nothing without it")
	case c.Mode != "failover" && c.MasterName != "":
		return errors.New("master_name: only Sentinels know masters by name; write: redis failover, with their addresses")
	case c.Mode != "failover" && c.SentinelPassword != "":
		return errors.New("sentinel_password: there are no Sentinels without: redis failover")
	}
	switch c.Mode {
	case "", "standalone":
		if len(c.Address) > 1 {
			return errors.New("address: one is expected; for several write: redis cluster, or: redis failover")
		}
	case "cluster":
		if c.DB != "" && c.DB != "0" {
			return errClusterDB
		}
	case "failover":
		if len(c.Address) == 0 {
			return errors.New("address: it is missing, failover needs the addresses of the Sentinels, like 10.0.0.1:26379")
		}
	default:
		return fmt.Errorf("mode: %q is not standalone, cluster or failover", c.Mode)
	}
	return nil
}
