-- KEYS: sentinel, record, open records. ARGV: id, token.
local present = redis.call('HMGET', KEYS[2], 'token', 'state')
if present[1] ~= ARGV[2] or present[2] ~= 'in_flight' then
  return 0
end
redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
