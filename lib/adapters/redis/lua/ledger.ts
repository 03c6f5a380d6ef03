/** What is gathered while a script runs, and written once at its end: counters, what many share, and what others are told. */
export const LEDGER = /* lua */ `
local terminal = { completed = true, failed = true, cancelled = true, skipped = true }

-- Counters that never go back.
local counted, ahead = {}, {}
local function lastOf(name)
  return counted[name] or tonumber(call('HGET', root .. 'seq', name) or 0)
end
local function nextOf(name)
  local number = counted[name]
  if number == nil then number = call('HINCRBY', root .. 'seq', name, 1)
  else
    number = number + 1
    ahead[name] = number
  end
  counted[name] = number
  return number
end

-- Sums that are written once at the end.
local sums = {}
local function bump(key, field, by)
  local sum = sums[key]
  if sum == nil then sum = {}; sums[key] = sum end
  sum[field] = (sum[field] or 0) + by
end

local function send(command, key, values)
  for at = 1, #values, 1000 do call(command, key, unpack(values, at, math.min(at + 999, #values))) end
end

-- What changes in the indexes that many share, sent at the end: who runs what, what was created, what ended.
local runs, created, over = {}, {}, {}
local function runOf(owner)
  local run = runs[owner]
  if run == nil then run = {}; runs[owner] = run end
  return run
end
local function finished(status, number, id)
  local list = status == 'failed' and 'ended:f' or 'ended:c'
  if over[list] == nil then over[list] = {} end
  table.insert(over[list], number .. ':' .. id)
end
local function sendCreated()
  if #created > 0 then send('ZADD', root .. 'all', created) end
  created = {}
end
local function sendIndexes()
  sendCreated()
  for key, members in pairs(over) do send('RPUSH', root .. key, members) end
  for owner, run in pairs(runs) do
    local begun, gone = {}, {}
    for id, w in pairs(run) do
      if w then begun[#begun + 1] = id; begun[#begun + 1] = w else gone[#gone + 1] = id end
    end
    if #begun > 0 then send('HSET', root .. 'run:' .. owner, begun) end
    if #gone > 0 then send('HDEL', root .. 'run:' .. owner, gone) end
  end
  runs, over = {}, {}
end
-- Woken: something became due, or has a message, that whoever writes sends no hint of. Due: something is, or will be at an instant.
local told = { changed = false, served = false, woken = false, due = false, declared = false, settled = {}, count = 0 }

local function settled(id)
  if told.count < 200 then
    told.count = told.count + 1
    told.settled[told.count] = id
  else
    told.many = true
  end
end

local function sendLedger()
  for key, sum in pairs(sums) do
    for field, by in pairs(sum) do
      -- What there is none of in a session is forgotten at once, all else by retention.
      if by ~= 0 and call('HINCRBY', root .. key, field, by) <= 0 and key ~= 'counts' then call('HDEL', root .. key, field) end
    end
  end
  sendIndexes()
  for name, number in pairs(ahead) do call('HSET', root .. 'seq', name, string.format('%.0f', number)) end
  sums, ahead = {}, {}
  local isAnything = told.changed or told.served or told.declared or told.count > 0
  if isAnything and not told.served and string.find(marks, '+', 1, true) then
    local heard = redis.pcall('PUBSUB', 'NUMSUB', root .. 'changes')
    isAnything = heard.err ~= nil or heard[2] > 1
  end
  if isAnything then
    -- A hint: who may not use the channel has written all the same.
    redis.pcall('PUBLISH', root .. 'changes', cjson.encode({
      g = tag,
      s = told.many or (told.count > 0 and told.settled) or nil,
      d = told.declared or nil,
      o = told.served or nil,
      h = not (told.served or told.woken or told.declared) or nil,
      n = not (told.due or told.served or told.woken or told.declared) or nil,
    }))
  end
end
`;
