package boltstore

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/store"
)

// errCursor says that a cursor was not made by a store like this one.
var errCursor = fmt.Errorf("%w: the cursor is not ours", store.ErrRefused)

// Scan reads records whose keys begin with prefix, see store.Store. The cursor is the key of the last record that was
// looked at.
func (s *Store) Scan(ctx context.Context, prefix, cursor string) ([]store.Named, string, error) {
	const doing = "looking through records"
	if !strings.HasPrefix(cursor, prefix) && cursor != "" {
		return nil, "", failed(doing, errCursor)
	}
	var records []store.Named
	var next string
	err := s.read(ctx, doing, func(tx *bbolt.Tx) (err error) {
		records, next, err = s.portion(tx.Bucket(recordBucket).Cursor(), []byte(prefix), []byte(cursor))
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return records, next, nil
}

// portion reads the next store.MaxPortion records behind a key, and returns the key of the last one, "" at the end.
func (s *Store) portion(c *bbolt.Cursor, prefix, behind []byte) (records []store.Named, next string, err error) {
	now := s.now()
	k, v := c.Seek([]byte(max(string(prefix), string(behind))))
	if len(behind) > 0 && bytes.Equal(k, behind) {
		k, v = c.Next()
	}
	for range store.MaxPortion {
		if !bytes.HasPrefix(k, prefix) || k == nil {
			return records, "", nil
		}
		data, err := live(v, now)
		if err != nil {
			return nil, "", err
		}
		if data != nil {
			records = append(records, store.Named{Key: string(k), Data: bytes.Clone(data)})
		}
		next = string(k)
		k, v = c.Next()
	}
	return records, next, nil
}
