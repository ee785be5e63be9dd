package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Identity names the server that has the log, and this life of the server. Another name says that another server has
// taken its place, or that it was started anew: the latest writes may be missing then, because replicas and disks are
// behind. The name is "" where the ACL does not let the user ask.
func (s *Store) Identity(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	server := s.client
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		node, err := cluster.MasterForKey(ctx, s.prefix+logKey)
		if err != nil {
			return "", failed(ctx, "finding server of log", err)
		}
		server = node
	}
	said, err := server.Info(ctx, "server").Result()
	switch {
	case denied(err):
		return "", nil
	case err != nil:
		s.lookAround(err)
		return "", failed(ctx, "asking server for its name", err)
	}
	name := fieldsOf(said)["run_id"]
	if name == "" {
		return "", fmt.Errorf("asking server for its name: %w", oddAnswer("INFO"))
	}
	return name, nil
}
