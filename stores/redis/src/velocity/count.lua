-- Counts a payment once under a key, and says how many there are in the window.
--
-- A sorted set of payments by the time they were counted, in microseconds. What is younger than the
-- window is in it; what is exactly as old is not.
--
-- now (the server's when empty), payment, window, time to live (ms), how many are remembered -> count
local key, now, payment = KEYS[1], tonumber(ARGV[1]), ARGV[2]
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local left = string.format('%.0f', now - tonumber(ARGV[3]))

local at = redis.call('ZSCORE', key, payment)
if not at or tonumber(at) <= tonumber(left) then
  -- First, so that a server without memory refuses it, and nothing is changed.
  redis.call('ZADD', key, string.format('%.0f', now), payment)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', left)
  redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[5]))
  redis.call('PEXPIRE', key, ARGV[4])
end
return redis.call('ZCOUNT', key, '(' .. left, '+inf')
