package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-sms-2fa/gateway/store"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// RedisOptions say which key of Redis holds a number: Hash and Field, or Key.
type RedisOptions struct {
	// Connection says where Redis is.
	Connection redisstore.Options

	// Hash is the name of a hash. It may hold variables.
	Hash string

	// Field is the field of the hash. Default: {user}.
	Field string

	// Key is the name of a string. It holds {user}.
	Key string

	// Resolve replaces placeholders in Hash, Field and Key. Default: there are none.
	Resolve Resolve
}

// Redis is a directory in Redis: a hash with a field for each user, or a string for each user. The value is one
// number, or a JSON list of numbers. Names of keys need no escaping: Redis takes any bytes, and two users never share
// a key.
type Redis struct {
	reader           *redisstore.Reader
	hash, field, key template
}

var _ Directory = (*Redis)(nil)

// NewRedis returns a directory. It does not connect. Errors begin with the name of the option.
func NewRedis(o RedisOptions) (*Redis, error) {
	if o.Hash != "" && o.Field == "" {
		o.Field = "{user}"
	}
	r := &Redis{}
	for _, t := range []struct {
		option, text string
		into         *template
	}{{"hash", o.Hash, &r.hash}, {"field", o.Field, &r.field}, {"key", o.Key, &r.key}} {
		var err error
		if *t.into, err = parseTemplate(t.text, o.Resolve); err != nil {
			return nil, fmt.Errorf("%s: %w", t.option, err)
		}
	}
	switch {
	case (o.Hash == "") == (o.Key == ""):
		return nil, errors.New("hash, key: expected one of the two, like hash phones, or key phone:{user}")
	case o.Key != "" && o.Field != "":
		return nil, errors.New("field: it belongs to hash, and not to key")
	case !r.hash.names() && !r.field.names() && !r.key.names():
		return nil, errors.New("hash, field, key: none holds {user}, so everybody would have the same number")
	}
	if o.Key == "" {
		r.key = nil
	}
	r.reader = redisstore.NewReader(o.Connection)
	return r, nil
}

// Close closes the connections.
func (r *Redis) Close() error { return r.reader.Close() }

// Lookup reads the value, in one round trip.
func (r *Redis) Lookup(ctx context.Context, p Person) (Numbers, error) {
	var value string
	var found bool
	var err error
	if r.key != nil {
		value, found, err = r.reader.Value(ctx, r.key.fill(p, nil))
	} else {
		value, found, err = r.reader.Field(ctx, r.hash.fill(p, nil), r.field.fill(p, nil))
	}
	if err != nil {
		return nil, redisFault(err)
	}
	if !found {
		return nil, nil
	}
	return NumbersInText(value)
}

// redisFault is the *Error for an error of Redis.
func redisFault(err error) *Error {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unreachable(err)
	case errors.Is(err, store.ErrRefused):
		return &Error{Class: Refused, Err: err}
	}
	return unreachable(err)
}
