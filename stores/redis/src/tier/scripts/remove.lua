-- KEYS[1]: the entry. ARGV: the channel, the message.
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
