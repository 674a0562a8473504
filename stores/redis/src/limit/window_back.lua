-- Gives back what a call took of a window. Nothing where it has expired.
--
-- number
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry then
  local cost = tonumber(string.sub(entry, string.find(entry, ':', 1, true) + 1))
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HINCRBY', KEYS[1], 'u', -cost)
end
return {}
