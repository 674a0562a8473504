-- KEYS as in get. ARGV: the stamp that the load began with, the value, how long it lives in ms.
-- What was removed, replaced or cleared since has another stamp, or none.
if redis.call('GETRANGE', KEYS[1], 0, 31) ~= ARGV[1] then
  return 0
end
if redis.call('GET', KEYS[2]) ~= string.sub(ARGV[1], 1, 16) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. '=' .. ARGV[2], 'PX', ARGV[3])
return 1
