-- KEYS: sentinel, ended and kept sagas, and some sagas. ARGV: before when they ended, in milliseconds, and
-- their ids.
local gone = 0
for place = 2, #ARGV do
  -- It may have been taken over meanwhile.
  local at = redis.call('ZSCORE', KEYS[2], ARGV[place])
  if at and tonumber(at) < tonumber(ARGV[1]) then
    gone = gone + redis.call('DEL', KEYS[place + 2])
    redis.call('ZREM', KEYS[2], ARGV[place])
    redis.call('ZREM', KEYS[3], ARGV[place])
  end
end
return gone
