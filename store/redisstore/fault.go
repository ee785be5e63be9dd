package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sms-2fa/gateway/store"
)

// refusals are the errors by which Redis refuses a command, and what the operator can do about them.
var refusals = []struct{ prefix, advice string }{
	{"OOM", "it is out of memory; give it more, and leave maxmemory-policy at noeviction"},
	{"READONLY", "it is a read-only replica; give the address of the master"},
	{"MISCONF", "it cannot save to its disk; its log says why"},
	{"NOREPLICAS", "it has too few replicas to write"},
	{"NOAUTH", "it wants a password; set the option password"},
	{"WRONGPASS", "it does not accept the username and password; check these options"},
	{"NOPERM", "its ACL does not let this user do it"},
	{"WRONGTYPE", "a key of ours holds something else; set another key_prefix"},
}

// otherwise is the advice for any other error of Redis.
const otherwise = "it may be older than 6.2, lack the database, or forbid this user a command that a script needs"

// delays are the errors by which Redis says that it cannot run a command now, and may be able to later.
var delays = []string{"LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY", "UNBLOCKED", "MOVED", "ASK"}

// failed makes ErrUnavailable or ErrRefused of a fault. Of the text of a Redis error only the first word is kept,
// because the rest can hold keys and values.
func failed(ctx context.Context, doing string, err error) error {
	await(ctx, err)
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w: %w", doing, store.ErrUnavailable, ctx.Err())
	}
	if why := misunderstanding(err); why != "" {
		return fmt.Errorf("%s: %w: %s", doing, store.ErrRefused, why)
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		return fmt.Errorf("%s: %w: %w%s", doing, store.ErrUnavailable, err, hint(err))
	}
	if command := deniedCommand(answer.Error()); command != "" {
		return fmt.Errorf("%s: %w: Redis says NOPERM: its ACL does not let this user run %s",
			doing, store.ErrRefused, command)
	}
	for _, r := range refusals {
		if redis.HasErrorPrefix(err, r.prefix) {
			return fmt.Errorf("%s: %w: Redis says %s: %s", doing, store.ErrRefused, r.prefix, r.advice)
		}
	}
	word, _, _ := strings.Cut(answer.Error(), " ")
	if word == "MOVED" {
		return fmt.Errorf("%s: %w: Redis says MOVED: it is a node of a cluster; write: store redis cluster",
			doing, store.ErrUnavailable)
	}
	if isDelay(err) {
		return fmt.Errorf("%s: %w: Redis says %s", doing, store.ErrUnavailable, word)
	}
	return fmt.Errorf("%s: %w: Redis says %s: %s", doing, store.ErrRefused, word, otherwise)
}

// noSentinels begins the text of the library's error when no Sentinel names a master.
const noSentinels = "redis: all sentinels specified in configuration"

// misunderstanding says what is at the addresses in the place of what the options say, "" where that is not clear.
func misunderstanding(err error) string {
	text := err.Error()
	if strings.Contains(text, "cluster support disabled") {
		return "what answers is no cluster; write store redis, without cluster"
	}
	if !strings.Contains(text, noSentinels) {
		return ""
	}
	switch {
	case strings.Contains(text, "NOAUTH"):
		return "the Sentinels want a password; set sentinel_password"
	case strings.Contains(text, "WRONGPASS"):
		return "the Sentinels do not accept sentinel_username and sentinel_password; check these options"
	case strings.Contains(text, "unknown command"):
		return "what answers is no Sentinel; give the addresses of the Sentinels, whose port mostly is 26379"
	case errors.Is(err, redis.Nil):
		return "the Sentinels watch no master of that name; check master_name"
	}
	return ""
}

// hint is what may be the reason of a fault that tells nothing of itself.
func hint(err error) string {
	if errors.Is(err, io.EOF) {
		return "; the server closed the connection: where it speaks TLS, set the option tls"
	}
	return ""
}

// denial is how Redis names a command that an ACL forbids, like 'cluster|slots'.
var denial = regexp.MustCompile(`^NOPERM .*'([a-z|_-]+)' command`)

// deniedCommand is the command that the user lacks, "" where the error tells of something else.
func deniedCommand(answer string) string {
	if m := denial.FindStringSubmatch(answer); m != nil {
		return m[1]
	}
	return ""
}

// isDelay reports whether Redis said that it cannot run a command now.
func isDelay(err error) bool {
	for _, prefix := range delays {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return redis.IsMaxClientsError(err)
}

// deadlineSkew is how much earlier than its context a connection can notice that their common deadline has come.
const deadlineSkew = 10 * time.Millisecond

// await waits for the end of ctx after a timeout of the connection, if the deadline of ctx is at most deadlineSkew
// away. So failed can tell whether the deadline was that of the caller or that of the store, however busy the machine
// is.
func await(ctx context.Context, err error) {
	var n net.Error
	if !errors.As(err, &n) || !n.Timeout() {
		return
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= deadlineSkew {
		<-ctx.Done()
	}
}
