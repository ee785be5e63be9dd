package redisstore

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// LogTo hands the lines that the Redis client library logs to print. Without it, the library prints them to stderr, in
// a form of its own, several a second in an outage. The library has one log for the whole process. What matters to an
// operator is in the errors of the store.
func LogTo(print func(line string)) { redis.SetLogger(libraryLog(print)) }

type libraryLog func(line string)

// Printf is how the library logs.
func (l libraryLog) Printf(_ context.Context, format string, v ...any) { l(fmt.Sprintf(format, v...)) }
