package directories

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// farewell is how long connections stay after the last configuration that uses them: Caddy cleans an old configuration
// up while its last requests are still under way.
const farewell = 30 * time.Second

// clients are the directories with connections, by all that they were made of. Configurations that say the same share
// one, so that a reload opens no connections.
var clients = caddy.NewUsagePool()

// client is a directory with connections.
type client interface {
	directory.Directory
	Close() error
}

// pooled closes a client some time after its last use.
type pooled struct{ client }

// Destruct closes the client.
func (p pooled) Destruct() error {
	if caddy.Exiting() {
		return p.Close()
	}
	time.AfterFunc(farewell, func() { _ = p.Close() })
	return nil
}

// lease is a guest's share in a client. It is embedded in guests that have connections.
type lease struct {
	client
	key string
}

// enter finds or opens the client of a kind that is made of some values, which may be secrets.
func (l *lease) enter(kind string, open func() (client, error), madeOf ...any) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", madeOf))
	key := kind + ":" + hex.EncodeToString(sum[:])
	shared, _, err := clients.LoadOrNew(key, func() (caddy.Destructor, error) {
		c, err := open()
		return pooled{c}, err
	})
	if err != nil {
		return err
	}
	l.client, l.key = shared.(pooled).client, key
	return nil
}

// Cleanup gives the share back.
func (l *lease) Cleanup() error {
	if l.key == "" {
		return nil
	}
	_, err := clients.Delete(l.key)
	return err
}
