
return answer(0, 0)
