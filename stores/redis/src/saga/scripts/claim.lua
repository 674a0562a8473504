-- KEYS: sentinel, saga, open, stuck, ended and kept sagas.
-- ARGV: id, token, lease until, entry, token and version that were seen or ''.
local present = redis.call('HMGET', KEYS[2], 'token', 'version', 'entries')
if not present[1] then
  if ARGV[5] ~= '' then
    return 0
  end
  -- The first write is one that a full server refuses: then nothing has changed.
  redis.call('HSET', KEYS[2], 'token', ARGV[2], 'version', '0', 'status', 'open', 'until', ARGV[3],
    'entries', '1', '0', ARGV[4])
  redis.call('ZADD', KEYS[3], 0, ARGV[1])
  return 1
end
if present[1] ~= ARGV[5] or present[2] ~= ARGV[6] then
  return redis.call('HGETALL', KEYS[2])
end
-- A full server refuses writes that need room, but none in a script that has written already. So
-- this comes first: what has begun is brought to its end, whatever it takes.
redis.call('HDEL', KEYS[2], 'until')
redis.call('PERSIST', KEYS[2])
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'status', 'open', 'until', ARGV[3], present[3], ARGV[4])
redis.call('HINCRBY', KEYS[2], 'entries', 1)
redis.call('HINCRBY', KEYS[2], 'version', 1)
for key = 4, 6 do
  redis.call('ZREM', KEYS[key], ARGV[1])
end
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return 1
