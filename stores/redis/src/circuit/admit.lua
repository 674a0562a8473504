
-- Lets a call through, or not. Verdict: 0 refused, 1 let through, 2 let through and its end teaches nothing.
local function refuse()
  return answer(control == 'm' and 2 or 0, 0)
end

if control == 'f' then return answer(0, 0) end
if control == 'd' then return answer(2, 0) end
if phase == 'o' then
  if left() > 0 then return refuse() end
  begin('h')
end
if phase == 'h' then
  local count, kept = probes(nil)
  if count >= most_probes then return refuse() end
  probe_number = probe_number + 1
  leases = kept .. string.format('%.0f=%.0f;', probe_number, now + lease)
  write('n', probe_number, 'l', leases)
  return answer(1, probe_number)
end
return answer(1, 0)
