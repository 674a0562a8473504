-- KEYS: sentinel, record.
return redis.call('HGETALL', KEYS[2])
