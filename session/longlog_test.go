package session_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/session"
	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// farAway is an end that no test reaches.
var farAway = time.Now().Add(24 * time.Hour).Truncate(time.Second)

// longLog is how many entries the log has that a gateway must be able to start with. SMS_2FA_LOG_ENTRIES sets another
// number, such as 1000000.
func longLog(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("SMS_2FA_LOG_ENTRIES"))
	if err != nil {
		return 100_000
	}
	t.Logf("%d entries", n)
	return n
}

// patience ends a test whose gateway never reads the whole log. How long one takes is measured, and not tested.
const patience = 3 * time.Minute

func TestLongLogInAFileIsReadWhole(t *testing.T) {
	t.Parallel()
	n := longLog(t)
	startsWithAll(t, storeWithLog(t, n), n)
}

// storeWithLog opens a store with n entries in its log, which are written to the file past the store: one by one they
// would take too long.
func storeWithLog(t *testing.T, n int) store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	s := boltstore.New(path, time.Now)
	_, err := s.Get(t.Context(), "k")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(func(tx *bbolt.Tx) error { return putLog(tx.Bucket([]byte("log")), n) }),
		db.Close()); err != nil {
		t.Fatal(err)
	}
	s = boltstore.New(path, time.Now)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func putLog(b *bbolt.Bucket, n int) error {
	if err := b.SetSequence(uint64(n)); err != nil {
		return err
	}
	for i := range n {
		entry, _ := session.Revocation{Session: sessionID(i), Until: farAway.Unix()}.Encode()
		value := binary.BigEndian.AppendUint64(nil, uint64(farAway.UnixMilli()))
		if err := b.Put(binary.BigEndian.AppendUint64(nil, uint64(i+1)), append(value, entry...)); err != nil {
			return err
		}
	}
	return nil
}

func sessionID(i int) string { return fmt.Sprintf("session-%014d", i) }

func TestLongLogInRedisIsReadWhole(t *testing.T) {
	t.Parallel()
	r, n := testenv.StartRedis(t), longLog(t)
	for from := 0; from < n; from += 100_000 {
		r.Do("EVAL", `
			for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
				local entry = string.format('{"sid":"session-%014d","until":%s}', i, ARGV[3])
				redis.call('XADD', 'log', '*', 'e', entry, 'u', ARGV[3] .. '000')
			end
			return 1`, 0, from, min(from+100_000, n)-1, farAway.Unix())
	}
	s := redisstore.New(redisstore.Options{Addresses: []string{r.Addr}})
	t.Cleanup(func() { _ = s.Close() })
	startsWithAll(t, s, n)
}

// startsWithAll starts a gateway on a store whose log has n entries.
func startsWithAll(t *testing.T, s store.Store, n int) {
	t.Helper()
	began := time.Now()
	f := follow(t, s, newSecret(t))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	state, err := f.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries were read in %s", n, time.Since(began))
	for _, id := range []int{0, n / 2, n - 1} {
		if !state.Revoked.Has(&session.Session{ID: sessionID(id)}) {
			t.Errorf("session %d is not known to be revoked", id)
		}
	}
}
