-- KEYS as in get. ARGV: a new generation, a new token, the value, how long it lives in ms, the
-- channel, the message.
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[2], generation)
end
redis.call('SET', KEYS[1], generation .. ARGV[2] .. '=' .. ARGV[3], 'PX', ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
