-- Takes so much of a window, or says when it could.
--
-- A hash. Each call that was let through is a field, its number: `time:cost`, oldest first. `h` is the
-- first number that may be there, `t` the next to be given, `u` what all of them cost together, `l` the
-- latest time. All times are microseconds.
--
-- now (the server's when empty), max_calls, period, cost, time to live (ms)
-- -> {1, number}, or {0, time of the call that must expire first, now}
local key = KEYS[1]
local now, max, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, ttl = tonumber(ARGV[4]), ARGV[5]
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local state = redis.call('HMGET', key, 'h', 't', 'u', 'l')
local head, tail = tonumber(state[1] or 0), tonumber(state[2] or 0)
local used, latest = tonumber(state[3] or 0), tonumber(state[4] or 0)

local function read(number)
  local entry = redis.call('HGET', key, number)
  if not entry then return nil end -- it was given back
  local colon = string.find(entry, ':', 1, true)
  return tonumber(string.sub(entry, 1, colon - 1)), tonumber(string.sub(entry, colon + 1))
end

-- Forgets what has expired: some in one go, or as much as the call needs.
local forgotten = 0
while head < tail and not (forgotten >= 64 and used + cost <= max) do
  local at, taken = read(head)
  if at then
    if at > now - period then break end
    redis.call('HDEL', key, head)
    used = used - taken
  end
  head = head + 1
  forgotten = forgotten + 1
end

if used + cost <= max then
  local at = math.max(now, latest)
  redis.call('HSET', key, tail, string.format('%.0f:%.0f', at, cost), 'h', head, 't', tail + 1, 'u', used + cost, 'l', at)
  redis.call('PEXPIRE', key, ttl)
  return {1, tail}
end

if forgotten > 0 then
  redis.call('HSET', key, 'h', head, 'u', used)
end
local over, number, last = used + cost - max, head, now - period
while over > 0 and number < tail do
  local at, taken = read(number)
  if at then
    over = over - taken
    last = at
  end
  number = number + 1
end
return {0, last, now}
