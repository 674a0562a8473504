-- Takes so much of a rate (GCRA), or says when it could.
--
-- A hash. `a` and `n` are the theoretical arrival time of the next call, in microseconds and the
-- nanoseconds beyond them: a number here is exact up to 2^53, which nanoseconds since 1970 are not. `g`
-- and `m` are what was ever given back.
--
-- now (us, the server's when empty), interval (us, ns), burst (calls), cost, slack of the time to live (ms)
-- -> {1, us, ns}: the arrival time, without all that was given back; or {0, us, ns}: the wait
local key = KEYS[1]
local now = tonumber(ARGV[1])
local interval, beyond = tonumber(ARGV[2]), tonumber(ARGV[3])
local burst, cost, slack = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function worth(calls)
  local nanos = calls * beyond
  local carry = math.floor(nanos / 1000)
  return calls * interval + carry, nanos - carry * 1000
end

local function add(us, ns, more_us, more_ns)
  us, ns = us + more_us, ns + more_ns
  if ns >= 1000 then return us + 1, ns - 1000 end
  return us, ns
end

local state = redis.call('HMGET', key, 'a', 'n', 'g', 'm')
local us, ns = tonumber(state[1] or 0), tonumber(state[2] or 0)
if us < now then us, ns = now, 0 end
us, ns = add(us, ns, worth(cost))
local last_us, last_ns = add(now, 0, worth(burst))
if us > last_us or us == last_us and ns > last_ns then
  local wait, rest = us - last_us, ns - last_ns
  if rest < 0 then wait, rest = wait - 1, rest + 1000 end
  return {0, wait, rest}
end

redis.call('HSET', key, 'a', us, 'n', ns)
local given = tonumber(state[3] or 0)
-- What was given back is remembered for a while after the rest has become nothing: a call that is given
-- back late must find it.
if given > 0 or state[4] and tonumber(state[4]) > 0 then slack = slack + 3600000 end
redis.call('PEXPIRE', key, math.ceil((us - now) / 1000) + slack)
us, ns = add(us, ns, given, tonumber(state[4] or 0))
return {1, us, ns}
