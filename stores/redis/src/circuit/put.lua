
-- Puts somebody in charge: a, f, d, m.
control = ARGV[14]
since, wait = 0, 0
begin('c')
return answer(0, 0)
