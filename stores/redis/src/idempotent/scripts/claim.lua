-- KEYS: sentinel, record, open records.
-- ARGV: id, token, claimed at, lease until, fingerprint or '', token and version that were seen or ''.
-- The first write is one that a full server refuses: then nothing has changed.
local found = redis.call('HGETALL', KEYS[2])
if #found > 0 then
  local present = redis.call('HMGET', KEYS[2], 'token', 'version')
  if present[1] ~= ARGV[6] or present[2] ~= ARGV[7] then
    return found
  end
end
redis.call('HSET', KEYS[2], 'token', ARGV[2], 'version', '0', 'state', 'in_flight',
  'claimed_at', ARGV[3], 'until', ARGV[4], 'fingerprint', ARGV[5])
if #found > 0 then
  redis.call('HDEL', KEYS[2], 'result', 'reason')
  redis.call('PERSIST', KEYS[2])
end
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return 1
