-- KEYS: sentinel, saga.
return redis.call('HGETALL', KEYS[2])
