-- KEYS: sentinel, open or stuck sagas. ARGV: the first id, the last one, how many.
return redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
