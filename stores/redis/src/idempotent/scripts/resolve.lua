-- KEYS: sentinel, record, open records.
-- ARGV: id, token and version that were seen, new token, reason, state, expires at, result, when to forget it.
local present = redis.call('HMGET', KEYS[2], 'token', 'version')
if present[1] ~= ARGV[2] or present[2] ~= ARGV[3] then
  return 0
end
-- First what a full server does not refuse, as in `complete`.
redis.call('HDEL', KEYS[2], 'until')
redis.call('HINCRBY', KEYS[2], 'version', 1)
redis.call('HSET', KEYS[2], 'token', ARGV[4], 'reason', ARGV[5])
keep(ARGV[1], ARGV[6], ARGV[7], ARGV[8], ARGV[9])
return 1
