-- Keeps a known result until it expires by the later of two clocks, the caller's and the server's,
-- and an hour more: callers compare the expiry themselves, and their clocks differ.
local function keep(id, state, expires, result, forget)
  redis.call('HSET', KEYS[2], 'state', state, 'until', expires, 'result', result)
  redis.call('ZREM', KEYS[3], id)
  local now = redis.call('TIME')[1] * 1000
  local at = math.max(tonumber(forget), now) + 3600000
  redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', at))
end
