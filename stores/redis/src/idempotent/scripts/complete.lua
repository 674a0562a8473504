-- KEYS: sentinel, record, open records.
-- ARGV: id, token, state, and of a known result: expires at, result, when to forget it.
local present = redis.call('HMGET', KEYS[2], 'token', 'state')
if present[1] ~= ARGV[2] then
  return 0
end
if present[2] ~= 'in_flight' then
  return 1
end
-- A full server refuses writes that need room, but none in a script that has written already.
-- So this comes first: what has been done is recorded, whatever it takes.
redis.call('HDEL', KEYS[2], 'until')
redis.call('HINCRBY', KEYS[2], 'version', 1)
if ARGV[3] == 'unknown' then
  redis.call('HSET', KEYS[2], 'state', 'unknown')
else
  keep(ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
end
return 1
