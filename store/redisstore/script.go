package redisstore

import (
	"context"
	"crypto/sha1" // Redis names scripts so
	"encoding/hex"
	"slices"

	"github.com/redis/go-redis/v9"
)

// script is a Lua script, which Redis runs atomically.
type script struct{ source, digest string }

func newScript(source string) script {
	sum := sha1.Sum([]byte(source))
	return script{source, hex.EncodeToString(sum[:])}
}

// run runs a script on one key. The script is named by its digest; a server that does not know the digest, because it
// is new or was restarted, gets the source.
func (s *Store) run(ctx context.Context, script script, key string, args ...any) (*redis.Cmd, error) {
	rest := slices.Concat([]any{1, s.prefix + key}, args)
	cmd, err := s.send(ctx, slices.Concat([]any{"evalsha", script.digest}, rest)...)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return s.send(ctx, slices.Concat([]any{"eval", script.source}, rest)...)
	}
	return cmd, err
}

// look runs a script that changes nothing. When its connection breaks or keeps silent, look asks once more.
func (s *Store) look(ctx context.Context, script script, key string, args ...any) (*redis.Cmd, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return twice(ctx, s.network, s.timeout/patience, func(ctx context.Context, _ bool) (*redis.Cmd, error) {
		return s.run(ctx, script, key, args...)
	})
}

// get reads a record and the clock.
//
// KEYS[1] -> the record
//
// Returns {microseconds since 1970, value or false}.
var get = newScript(`
local t = redis.call('TIME')
return {t[1] * 1000000 + t[2], redis.call('GET', KEYS[1])}
`)

// swap replaces a record if it is still the record that the caller saw.
//
// KEYS[1] -> the record
// ARGV[1] -> "1" if the caller saw a record, "0" if there was none
// ARGV[2] -> the record as the caller saw it
// ARGV[3] -> "1" to write a record, "0" to remove it
// ARGV[4] -> the record to write
// ARGV[5] -> when it expires, milliseconds since 1970; "" if it is kept without end
//
// Returns 1 if it was replaced, 0 if another writer was faster.
var swap = newScript(`
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
	if current then return 0 end
elseif current ~= ARGV[2] then
	return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[3] == '1' and ARGV[5] == '' then
	redis.call('SET', KEYS[1], ARGV[4])
elseif ARGV[3] == '0' or tonumber(ARGV[5]) <= now then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
end
return 1
`)

// take notes a use if every limit allows one more. The sorted set remembers the longest window that any call named,
// so that a call with a shorter window makes it forget nothing. A use that lies in the future, because the clock was
// ahead, is moved to now. The first write of the script is ZADD, which Redis refuses when it is out of memory: after a
// first write that Redis allows, it would let the whole script run.
//
// KEYS[1] -> sorted set: "u" and the name of a use -> when it was, in milliseconds; "w" -> the longest window
// ARGV[1] -> the name of the use
// ARGV[2] -> the caller's longest window, milliseconds
// ARGV[3], ARGV[4] … -> pairs of a maximum and its window, milliseconds
//
// Returns how long to wait, in milliseconds; 0 if the use was noted, or was noted before.
var take = newScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local window = math.max(tonumber(ARGV[2]), tonumber(redis.call('ZSCORE', KEYS[1], 'w') or 0))
local noted = redis.call('ZSCORE', KEYS[1], 'u' .. ARGV[1])
if noted and tonumber(noted) > now - window then return 0 end
for _, use in ipairs(redis.call('ZRANGE', KEYS[1], string.format('(%.0f', now), '+inf', 'BYSCORE')) do
	redis.call('ZADD', KEYS[1], now, use)
end
local wait = 0
for i = 3, #ARGV, 2 do
	local max, per = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
	if max < 1 then
		wait = math.max(wait, per)
	elseif redis.call('ZCOUNT', KEYS[1], string.format('(%.0f', now - per), '+inf') >= max then
		local last = redis.call('ZRANGE', KEYS[1], -max, -max, 'WITHSCORES')
		wait = math.max(wait, tonumber(last[2]) + per - now)
	end
end
if wait > 0 then return wait end
redis.call('ZADD', KEYS[1], now, 'u' .. ARGV[1], window, 'w')
local over = string.format('%.0f', now - window)
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('(%.0f', window), over)
redis.call('PEXPIRE', KEYS[1], window)
return 0
`)

// add appends an entry to the log, makes the log live as long as its longest-lived entry, and removes the entries
// that it replaces and those that are over among the next few. The first write is XADD, which Redis refuses when it is
// out of memory: after a first write that Redis allows, it would let the whole script run.
//
// KEYS[1] -> stream: the log; field "e" is the entry, "u" until when it must be kept
// ARGV[1] -> the entry
// ARGV[2] -> until when it must be kept, milliseconds since 1970
// ARGV[3] -> where to begin to look for entries that are over: "-", or an ID
// ARGV[4] -> how many entries to look at
// ARGV[5] … -> the IDs of the entries that are replaced
//
// Returns {the entry's ID in the stream, where to look next time}.
var add = newScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local id = redis.call('XADD', KEYS[1], '*', 'e', ARGV[1], 'u', ARGV[2])
local left = redis.call('PTTL', KEYS[1])
if left < 0 or now + left < tonumber(ARGV[2]) then
	redis.call('PEXPIREAT', KEYS[1], ARGV[2])
end
for i = 5, #ARGV do
	redis.call('XDEL', KEYS[1], ARGV[i])
end
local entries = redis.call('XRANGE', KEYS[1], ARGV[3], '+', 'COUNT', ARGV[4])
for _, entry in ipairs(entries) do
	if tonumber(entry[2][4]) <= now then
		redis.call('XDEL', KEYS[1], entry[1])
	end
end
if #entries < tonumber(ARGV[4]) then return {id, '-'} end
return {id, entries[#entries][1]}
`)

// holds looks for an entry of the log.
//
// KEYS[1] -> stream: the log
// ARGV[1] -> the ID of the entry
//
// Returns 1 if the entry is there and is not over, 0 otherwise.
var holds = newScript(`
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if found[1] and tonumber(found[1][2][4]) > now then return 1 end
return 0
`)
