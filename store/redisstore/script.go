package redisstore

import "github.com/redis/go-redis/v9"

// get reads a record and the clock.
//
// KEYS[1] -> the record
// Returns {seconds, microseconds, value or false}.
var get = redis.NewScript(`
local t = redis.call('TIME')
return {t[1], t[2], redis.call('GET', KEYS[1])}
`)

// swap replaces a record if it is what the caller saw.
//
// KEYS[1] -> the record
// ARGV[1] -> "1" if the caller saw a record, "0" if there was none
// ARGV[2] -> the record as the caller saw it
// ARGV[3] -> "1" to write a record, "0" to remove it
// ARGV[4] -> the record to write
// ARGV[5] -> when it expires, milliseconds since 1970
// Returns 1 if it was replaced, 0 if another writer was faster.
var swap = redis.NewScript(`
local current = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
	if current then return 0 end
elseif current ~= ARGV[2] then
	return 0
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if ARGV[3] == '0' or tonumber(ARGV[5]) <= now then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[4], 'PXAT', ARGV[5])
end
return 1
`)

// take notes a use if every limit has room.
//
// KEYS[1] -> sorted set: the names of uses by their time in milliseconds
// ARGV[1] -> the name of the use
// ARGV[2] -> the longest window, milliseconds
// ARGV[3], ARGV[4] … -> pairs of a maximum and its window, milliseconds
// Returns how long to wait, in milliseconds; 0 if the use was noted, or was noted before.
var take = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local wait = 0
for i = 3, #ARGV, 2 do
	local max, per = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
	if redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now - per), '+inf') >= max then
		local last = redis.call('ZRANGE', KEYS[1], -max, -max, 'WITHSCORES')
		wait = math.max(wait, tonumber(last[2]) + per - now)
	end
end
if wait > 0 then return wait end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
`)

// add appends an entry to the log and makes the log live as long as its longest-lived entry. Entries older than any
// session can be are trimmed.
//
// KEYS[1] -> stream: the log
// ARGV[1] -> the entry
// ARGV[2] -> until when it must be kept, milliseconds since 1970
// ARGV[3] -> the age at which entries are trimmed, milliseconds
// Returns the entry's place in the stream.
var add = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local id = redis.call('XADD', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, now - ARGV[3])), '*', 'e', ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 or now + left < tonumber(ARGV[2]) then
	redis.call('PEXPIREAT', KEYS[1], ARGV[2])
end
return id
`)
