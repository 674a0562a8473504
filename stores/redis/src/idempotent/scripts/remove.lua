-- KEYS: sentinel, record, open records. ARGV: id, token and version that were seen.
local present = redis.call('HMGET', KEYS[2], 'token', 'version')
if present[1] ~= ARGV[2] or present[2] ~= ARGV[3] then
  return 0
end
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
