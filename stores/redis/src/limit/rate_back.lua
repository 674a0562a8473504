-- Gives back what a call took of a rate: what time has not made up for, and never so much that more would
-- go through than without the call. It is not known when the others came, so they count as if they came
-- now.
--
-- now (us, the server's when empty), interval (us, ns), cost, receipt (us, ns), slack of the time to live (ms)
local key = KEYS[1]
local now = tonumber(ARGV[1])
local interval, beyond, cost = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local with_us, with_ns, slack = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local state = redis.call('HMGET', key, 'a', 'n', 'g', 'm')
if not state[1] then return {} end

local function add(us, ns, more_us, more_ns)
  us, ns = us + more_us, ns + more_ns
  if ns >= 1000 then return us + 1, ns - 1000 end
  if ns < 0 then return us - 1, ns + 1000 end
  return us, ns
end
local function later(us, ns, other_us, other_ns)
  if us > other_us or us == other_us and ns > other_ns then return us, ns end
  return other_us, other_ns
end

local us, ns = tonumber(state[1]), tonumber(state[2])
local given_us, given_ns = tonumber(state[3] or 0), tonumber(state[4] or 0)
local all_us, all_ns = add(us, ns, given_us, given_ns)
local others_us, others_ns = add(all_us, all_ns, -with_us, -with_ns)
if others_us < 0 then return {} end

local nanos = cost * beyond
local carry = math.floor(nanos / 1000)
local rest_us, rest_ns = add(us, ns, -(cost * interval + carry), -(nanos - carry * 1000))
rest_us, rest_ns = later(rest_us, rest_ns, add(now, 0, others_us, others_ns))
local back_us, back_ns = add(us, ns, -rest_us, -rest_ns)
if back_us < 0 or back_us == 0 and back_ns == 0 then return {} end

given_us, given_ns = add(given_us, given_ns, back_us, back_ns)
redis.call('HSET', key, 'a', rest_us, 'n', rest_ns, 'g', given_us, 'm', given_ns)
redis.call('PEXPIRE', key, math.max(math.ceil((rest_us - now) / 1000), 0) + slack + 3600000)
return {}
