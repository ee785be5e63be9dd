package redisstore

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Conditions asks each master how it is set up. What its ACL does not let the user ask is left out.
func (s *Store) Conditions(ctx context.Context) ([]store.Condition, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return conditionsOf(ctx, s.client, "")
	}
	var mu sync.Mutex
	var all []store.Condition
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		found, err := conditionsOf(ctx, c, c.Options().Addr)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, found...)
		return err
	})
	return all, err
}

func conditionsOf(ctx context.Context, c redis.UniversalClient, server string) (found []store.Condition, err error) {
	said, err := c.Info(ctx).Result()
	if denied(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking server for its setup: %w", err)
	}
	info := fieldsOf(said)
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		found = append(found, store.Condition{Kind: store.Evicts, Server: server, Value: policy})
	}
	if version := info["redis_version"]; olderThan62(version) {
		found = append(found, store.Condition{Kind: store.Old, Server: server, Value: version})
	}
	if info["aof_enabled"] != "0" {
		return found, nil
	}
	save, err := c.ConfigGet(ctx, "save").Result()
	if points, known := save["save"]; err == nil && known && points == "" {
		found = append(found, store.Condition{Kind: store.Forgets, Server: server, Value: "appendonly no, save \"\""})
	}
	return found, nil // a managed service does not tell
}

// denied reports whether the server does not let this user ask.
func denied(err error) bool {
	return redis.HasErrorPrefix(err, "NOPERM") || redis.HasErrorPrefix(err, "ERR unknown command")
}

// fieldsOf reads what INFO says: lines of a name, a colon and a value.
func fieldsOf(info string) map[string]string {
	fields := make(map[string]string)
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// olderThan62 reports whether a version, if it can be read, is below 6.2.
func olderThan62(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n < 2 {
		return false
	}
	return major < 6 || major == 6 && minor < 2
}
