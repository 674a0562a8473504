-- A circuit that processes share. What follows is one of its steps.
--
-- A hash, or none: closed, and nothing has failed. `g` is the number of the state, `c` who decides
-- (`a`utomatic, `f`orced open, `d`isabled, `m`etrics only), `p` the phase (`c`losed, `o`pen, `h`alf
-- open), `f` the failures in a row while closed, `o` and `w` since when and for how long it is (or was)
-- open, `s` the successes and `n` the number of probes while half open, `l` the leases of those under
-- way: `number=until;`. While closed and by rate, what the window holds: `b0` to `b9`, its parts,
-- `number:calls:failures:slow`; or of a window of calls `r0`, `r1`, .., each call's 2 for failed plus 1
-- for slow, with `rn` calls so far, their sums `rf` and `rs`, and the size `rz`. All times are microseconds.
local key = KEYS[1]
local now = tonumber(ARGV[1])
local kind = ARGV[2] -- row, time, calls
local size = tonumber(ARGV[3]) -- how many in a row; the window's part; its calls
local minimum, failure_rate, slow_rate = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local recovery, backoff, longest = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local most_probes, successes_to_close = tonumber(ARGV[10]), tonumber(ARGV[11])
local lease, idle = tonumber(ARGV[12]), ARGV[13]
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local state = redis.call('HMGET', key, 'g', 'c', 'p', 'f', 'o', 'w', 's', 'n', 'l')
local generation, control, phase = tonumber(state[1] or 0), state[2] or 'a', state[3] or 'c'
local failures = tonumber(state[4] or 0)
local since, wait = tonumber(state[5] or 0), tonumber(state[6] or 0)
local successes, probe_number, leases = tonumber(state[7] or 0), tonumber(state[8] or 0), state[9] or ''

-- What an operator said is kept until it is taken back.
local function write(...)
  redis.call('HSET', key, 'g', generation, 'c', control, 'p', phase, ...)
  if control == 'a' then redis.call('PEXPIRE', key, idle) else redis.call('PERSIST', key) end
end

-- A state of its own, in which nothing has happened yet.
local function begin(new_phase)
  redis.call('UNLINK', key)
  generation, phase = math.max(generation + 1, now), new_phase
  failures, successes, probe_number, leases = 0, 0, 0, ''
  write('o', since, 'w', wait)
end

local function open(for_how_long)
  since, wait = now, for_how_long
  begin('o')
end

local function left()
  return wait - math.max(now - since, 0)
end

-- The probes under way, without one: how many, and as they are kept.
local function probes(without)
  local count, kept, found = 0, {}, false
  for number, till in string.gmatch(leases, '(%d+)=(%d+);') do
    if tonumber(till) > now then
      if number == without then
        found = true
      else
        count = count + 1
        kept[count] = number .. '=' .. till .. ';'
      end
    end
  end
  return count, table.concat(kept), found
end

local STATES = {c = 0, o = 1, h = 2}
local CONTROLS = {f = 3, d = 4, m = 5}

-- verdict, probe; then how the circuit stands
local function answer(verdict, probe)
  local told = CONTROLS[control] or STATES[phase]
  local would_be = control == 'm' and STATES[phase] or -1
  local retry = control == 'a' and phase == 'o' and math.max(left(), 0) or -1
  return {verdict, probe, generation, told, would_be, phase == 'c' and failures or 0, retry}
end
