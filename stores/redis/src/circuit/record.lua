
-- Takes what became of a call.
--
-- generation, probe (0: none), outcome (`s`uccess, `f`ailure, `n`othing), slow (1 or 0)
local of, probe, outcome, slow = tonumber(ARGV[14]), ARGV[15], ARGV[16], ARGV[17] == '1'

-- The window as it is with the call: calls, failures, slow ones.
local function count_in_time(failed)
  local part = math.floor(now / size)
  local field = string.format('b%.0f', part % 10)
  local sums = {0, 0, 0}
  local parts = redis.call('HMGET', key, 'b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8', 'b9')
  local here = {part, 0, 0, 0}
  for index = 1, 10 do
    if parts[index] then
      local number, calls, failed_calls, slow_calls = string.match(parts[index], '(%d+):(%d+):(%d+):(%d+)')
      number = tonumber(number)
      if number == part then
        here = {part, tonumber(calls), tonumber(failed_calls), tonumber(slow_calls)}
      elseif part < number + 10 then
        sums[1], sums[2], sums[3] = sums[1] + calls, sums[2] + failed_calls, sums[3] + slow_calls
      end
    end
  end
  here = {part, here[2] + 1, here[3] + (failed and 1 or 0), here[4] + (slow and 1 or 0)}
  write(field, string.format('%.0f:%.0f:%.0f:%.0f', unpack(here)))
  return sums[1] + here[2], sums[2] + here[3], sums[3] + here[4]
end

local function count_calls(failed)
  local sums = redis.call('HMGET', key, 'rn', 'rf', 'rs', 'rz')
  -- A window of another size, before the program was configured anew, is none of this one.
  if tonumber(sums[4] or size) ~= size then sums = {} end
  local so_far, failed_calls, slow_calls = tonumber(sums[1] or 0), tonumber(sums[2] or 0), tonumber(sums[3] or 0)
  local field = string.format('r%.0f', so_far % size)
  local oldest = so_far >= size and tonumber(redis.call('HGET', key, field) or 0) or 0
  if oldest >= 2 then failed_calls = failed_calls - 1 end
  if oldest % 2 == 1 then slow_calls = slow_calls - 1 end
  failed_calls, slow_calls = failed_calls + (failed and 1 or 0), slow_calls + (slow and 1 or 0)
  local call = (failed and 2 or 0) + (slow and 1 or 0)
  write(field, call, 'rn', so_far + 1, 'rf', failed_calls, 'rs', slow_calls, 'rz', size)
  return math.min(so_far + 1, size), failed_calls, slow_calls
end

local function closed()
  if kind == 'row' then
    if outcome == 's' and failures > 0 then
      failures = 0
      write('f', failures)
    elseif outcome == 'f' then
      failures = failures + 1
      if failures >= size then open(recovery) else write('f', failures) end
    end
    return
  end
  if outcome == 'n' and not slow then return end
  local count = kind == 'time' and count_in_time or count_calls
  local calls, failed_calls, slow_calls = count(outcome == 'f')
  if calls >= minimum and (failed_calls / calls >= failure_rate or slow_rate and slow_calls / calls >= slow_rate) then
    open(recovery)
  end
end

local function half_open()
  local count, kept, found = probes(probe)
  if not found then return end -- its lease has ended, and its place is another's
  leases = kept
  if slow or outcome == 'f' then
    open(math.min(math.floor(wait * backoff + 0.5), longest))
  elseif outcome == 's' and successes + 1 >= successes_to_close then
    begin('c')
  else
    if outcome == 's' then successes = successes + 1 end
    write('s', successes, 'l', leases)
  end
end

if of == generation and control ~= 'd' then
  if phase == 'c' then closed() elseif phase == 'h' then half_open() end
end
return answer(0, 0)
