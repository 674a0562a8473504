-- KEYS: sentinel, saga. ARGV: token, lease until.
local present = redis.call('HMGET', KEYS[2], 'token', 'status')
if present[1] ~= ARGV[1] then
  return 0
end
if present[2] == 'open' then
  -- First what a full server does not refuse, as in `claim`.
  redis.call('HDEL', KEYS[2], 'until')
  redis.call('HSET', KEYS[2], 'until', ARGV[2])
  redis.call('HINCRBY', KEYS[2], 'version', 1)
end
return 1
