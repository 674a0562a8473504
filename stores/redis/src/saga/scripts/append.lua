-- KEYS: sentinel, saga, open, stuck, ended and kept sagas.
-- ARGV: id, token, place, entry, status to be, and of one that ends: when, the same in milliseconds,
-- for how many milliseconds it is kept.
local present = redis.call('HMGET', KEYS[2], 'token', 'status', 'entries', 'until')
if present[1] ~= ARGV[2] then
  return 0
end
local entries, place = tonumber(present[3]), tonumber(ARGV[3])
if entries > place then
  return 1
end
if entries < place or present[2] ~= 'open' then
  return 0
end
-- First what a full server does not refuse, as in `claim`.
redis.call('HDEL', KEYS[2], 'until')
redis.call('HSET', KEYS[2], 'status', ARGV[5], present[3], ARGV[4])
redis.call('HINCRBY', KEYS[2], 'entries', 1)
redis.call('HINCRBY', KEYS[2], 'version', 1)
if ARGV[5] == 'open' then
  redis.call('HSET', KEYS[2], 'until', present[4])
  return 1
end
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[5] == 'stuck' then
  redis.call('ZADD', KEYS[4], 0, ARGV[1])
  return 1
end
-- Kept from the later of two clocks, the executor's and the server's.
redis.call('HSET', KEYS[2], 'until', ARGV[6])
local now = redis.call('TIME')[1] * 1000
local forget = string.format('%.0f', math.max(tonumber(ARGV[7]), now) + tonumber(ARGV[8]))
redis.call('PEXPIREAT', KEYS[2], forget)
redis.call('ZADD', KEYS[5], ARGV[7], ARGV[1])
redis.call('ZADD', KEYS[6], forget, ARGV[1])
-- The names of some that the server has forgotten meanwhile.
local gone = redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', string.format('%.0f', now), 'LIMIT', 0, 16)
if #gone > 0 then
  redis.call('ZREM', KEYS[5], unpack(gone))
  redis.call('ZREM', KEYS[6], unpack(gone))
end
return 1
