-- KEYS: sentinel, what was seen. ARGV: now, until, who asks, when to forget it.
-- The value says until when, by the callers' clocks, and who was first: one whose answer was lost on
-- the way asks again. The TTL only forgets it, later than that by any of the clocks.
local present = redis.call('GET', KEYS[2])
if present then
  local ends, first = string.match(present, '^(%d+) (.*)$')
  if ends and ends > ARGV[1] then
    return first == ARGV[3] and 1 or 0
  end
end
local now = redis.call('TIME')[1] * 1000
local at = math.max(tonumber(ARGV[4]), now) + 3600000
redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. ARGV[3], 'PXAT', string.format('%.0f', at))
return 1
