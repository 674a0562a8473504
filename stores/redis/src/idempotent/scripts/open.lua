-- KEYS: sentinel, open records. ARGV: after which id ('-', or '(' and the id), how many.
return redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, ARGV[2])
