-- KEYS[1]: the entry. KEYS[2]: the generation of its cache.
-- ARGV: a new generation, a new token, how long a lease lasts in ms.
-- Answers the stamp, what is under it (empty: only a lease), and how long that lives.
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[2], generation)
end
local entry = redis.call('GET', KEYS[1])
if entry and string.sub(entry, 1, 16) == generation then
  return { string.sub(entry, 1, 32), string.sub(entry, 33), redis.call('PTTL', KEYS[1]) }
end
-- Nothing, or something from before the cache was cleared. Whoever loads it now may put it.
local stamp = generation .. ARGV[2]
redis.call('SET', KEYS[1], stamp, 'PX', ARGV[3])
return { stamp, '', 0 }
