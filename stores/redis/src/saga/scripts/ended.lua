-- KEYS: sentinel, ended sagas. ARGV: before when, in milliseconds, how many.
return redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
