-- KEYS[1]: the bucket's sentinel. A server that came back empty has none, and must not take keys
-- that it has forgotten for new ones.
if redis.call('GET', KEYS[1]) ~= '1' then
  return redis.error_reply('NODATA this bucket has no steadfast data')
end
