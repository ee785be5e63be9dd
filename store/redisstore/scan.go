package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

var (
	// errMoved says that the servers of the cluster are not those any more that a cursor was made for.
	errMoved = fmt.Errorf("%w: the masters of the cluster have changed meanwhile; begin again", store.ErrUnavailable)

	// errCursor says that a cursor was not made by a store like this one.
	errCursor = fmt.Errorf("%w: the cursor is not ours", store.ErrRefused)
)

// glob takes the meaning from the characters that have one in a pattern of Redis.
var glob = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Scan reads records whose keys begin with prefix, see store.Store. A cursor of a single server is what Redis calls
// one, in decimal digits. In a cluster the masters are asked one after the other, in the order of their addresses, and
// behind the digits stands which master it is, and of how many.
func (s *Store) Scan(ctx context.Context, prefix, cursor string) ([]store.Named, string, error) {
	const doing = "looking through records"
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	found, err := twice(bounded, s.network, s.timeout/patience, func(ctx context.Context, _ bool) (portion, error) {
		return s.scan(ctx, prefix, cursor)
	})
	switch {
	case errors.Is(err, errMoved), errors.Is(err, errCursor):
		return nil, "", fmt.Errorf("%s: %w", doing, err)
	case err != nil:
		return nil, "", failed(ctx, doing, err)
	}
	return found.records, found.next, nil
}

// portion is what one call of Scan returns.
type portion struct {
	records []store.Named
	next    string
}

func (s *Store) scan(ctx context.Context, prefix, cursor string) (portion, error) {
	at, err := s.place(ctx, cursor)
	if err != nil {
		return portion{}, err
	}
	keys, behind, err := at.server.Scan(ctx, at.cursor, glob.Replace(s.prefix+prefix)+"*", store.MaxPortion).Result()
	if err != nil {
		return portion{}, err
	}
	records, err := s.values(ctx, keys)
	return portion{records, at.next(behind)}, err
}

// values reads the records under keys, each with a command of its own, because in a cluster no command may name
// several. A record that is gone is left out.
func (s *Store) values(ctx context.Context, keys []string) ([]store.Named, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	answers, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.Get(ctx, key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	var records []store.Named
	for i, a := range answers {
		data, err := a.(*redis.StringCmd).Bytes()
		switch {
		case errors.Is(err, redis.Nil):
			continue
		case err != nil:
			return nil, err
		}
		records = append(records, store.Named{Key: strings.TrimPrefix(keys[i], s.prefix), Data: data})
	}
	return records, nil
}

// place is where a cursor stands.
type place struct {
	server  *redis.Client
	cursor  uint64   // of that server
	masters []string // the addresses of all masters of a cluster, in order; none for a single server
	current int      // which of them the server is
}

// place finds the server at which a cursor stands.
func (s *Store) place(ctx context.Context, cursor string) (place, error) {
	digits, master, _ := strings.Cut(cursor, " ")
	at, err := strconv.ParseUint(cmp.Or(digits, "0"), 10, 64)
	if err != nil {
		return place{}, errCursor
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return place{server: s.client.(*redis.Client), cursor: at}, nil
	}
	servers, err := mastersOf(ctx, cluster)
	if err != nil {
		return place{}, err
	}
	p := place{cursor: at}
	for _, server := range servers {
		p.masters = append(p.masters, server.Options().Addr)
	}
	if len(servers) == 0 {
		return place{}, errMoved
	}
	if master != "" {
		if p.current = slices.IndexFunc(p.masters, func(a string) bool { return p.mark(a) == master }); p.current < 0 {
			return place{}, errMoved
		}
	}
	p.server = servers[p.current]
	return p, nil
}

// mark names a master and tells whether the others are still the same.
func (p place) mark(master string) string { return master + " of " + strings.Join(p.masters, ",") }

// next is the cursor of the next call, given what the server calls it; 0 is its end.
func (p place) next(behind uint64) string {
	digits := strconv.FormatUint(behind, 10)
	switch {
	case len(p.masters) == 0 && behind == 0:
		return ""
	case len(p.masters) == 0:
		return digits
	case behind > 0:
		return digits + " " + p.mark(p.masters[p.current])
	case p.current+1 == len(p.masters):
		return ""
	}
	return digits + " " + p.mark(p.masters[p.current+1])
}

// mastersOf are the masters of a cluster as it is now, in the order of their addresses.
func mastersOf(ctx context.Context, cluster *redis.ClusterClient) ([]*redis.Client, error) {
	var mu sync.Mutex
	var servers []*redis.Client
	err := cluster.ForEachMaster(ctx, func(_ context.Context, server *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		servers = append(servers, server)
		return nil
	})
	slices.SortFunc(servers, func(a, b *redis.Client) int { return cmp.Compare(a.Options().Addr, b.Options().Addr) })
	return servers, err
}
