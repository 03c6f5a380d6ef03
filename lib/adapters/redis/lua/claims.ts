/** Leases one execution to who asks, and answers what the process must know of it. */
const TAKE = /* lua */ `
local inboxPage = 1000
local request = cjson.decode(ARGV[3])

local function dueAt(e)
  if e.pl == 't' then return e.wa end
  if e.pl == 'u' then
    local live, til = W.isLive(e.ow)
    if live then return til end
    return til > 0 and math.min(til, now) or now
  end
  if e.pl == 'r' or (e.pl == nil and e.st == 'pending') then return e.du end
  return nil
end

local claimed, inputs = {}, {}
local function take(e, unqueue)
  local since, strikes = dueAt(e) or now, e.sk
  if unqueue and e.pl == 'r' then unqueue(e) end
  E.run(e, request.ow)
  claimed[#claimed + 1] = {
    r = e, sk = strikes, ds = since,
    -- What never committed has no rows, and what nobody wrote to has no messages.
    j = e.lf > 0 and rows(e) or nil, m = e.mk and inbox.unseen(e, inboxPage) or nil,
    b = e.ba and { c = e.ba.c, du = e.ba.du, fl = e.ba.fl, ls = e.ba.ls } or nil,
  }
end

-- Records are written by now: they become what is answered.
local function tell(reply)
  flush()
  for _, each in ipairs(claimed) do
    local e = each.r
    e.i = inputs[e.id] or get(e.id, 'i') or ''
    e.sp, e.pm, e.wt, e.ad, e.ba, e.mk = nil, nil, nil, nil, nil, nil
  end
  reply.c = claimed
  return answer(reply)
end
`;

/**
 * Leases those that are named, as far as they are due and the process can run them; or takes back what the process runs at the
 * fence that it names.
 */
export const CLAIM_THESE = /* lua */ `
${TAKE}
local mayRun, paused = {}, {}
for _, definition in ipairs(call('SMEMBERS', root .. 'paused')) do paused[definition] = true end
for _, ref in ipairs(request.ru) do
  if not paused[ref[1]] then mayRun[#ref[1] .. ':' .. ref[1] .. ref[2]] = true end
end

local function load(id)
  if X[id] ~= nil then return find(id) end
  local found = call('HMGET', root .. 'x:' .. id, 'e', 'l', 'z', 'i')
  inputs[id] = found[4]
  return keep(id, found[1], found[2], found[3])
end

-- Those of one queue leave it together.
local queues = {}
local function unqueue(e)
  local queue = e.w .. ':' .. e.ln
  if queues[queue] == nil then queues[queue] = { w = e.w, ln = e.ln, ids = {} } end
  table.insert(queues[queue].ids, e.id)
  e.pl = nil
end

local seen, nextAt, more = {}, nil, nil
for _, named in ipairs(request.own or {}) do
  local e = load(named[1])
  if e and not paused[e.d] and e.pl == 'u' and e.ow == request.ow and e.fe == named[2] then
    if #claimed < request.li then take(e, unqueue) else more = true end
  end
end
for _, id in ipairs(request.ids or {}) do
  local e = not seen[id] and load(id)
  seen[id] = true
  if e and mayRun[#e.d .. ':' .. e.d .. e.f] then
    if e.pl == 't' and e.wa <= now then W.fire(e) end
    local at = dueAt(e)
    if at and at > now then nextAt = nextAt and math.min(nextAt, at) or at
    elseif at and #claimed < request.li then take(e, unqueue)
    elseif at then more = true end
  end
end
for name, queue in pairs(queues) do
  send('ZREM', root .. 'q:' .. name, queue.ids)
  if call('EXISTS', root .. 'q:' .. name) == 0 then call('ZREM', root .. 'l:' .. queue.w, queue.ln) end
end
return tell({ nx = nextAt, mo = more })
`;

/** Finds what is due for one process and leases it: expired work first, then ready lanes in rotation. */
export const CLAIMS = /* lua */ `
${TAKE}
local runnable, isRunnable = {}, {}
do
  local paused, names = {}, {}
  for _, definition in ipairs(call('SMEMBERS', root .. 'paused')) do paused[definition] = true end
  for _, ref in ipairs(request.ru) do
    if not paused[ref[1]] then names[#names + 1] = #ref[1] .. ':' .. ref[1] .. ref[2] end
  end
  for at = 1, #names, 1000 do
    local found = call('HMGET', root .. 'defs', unpack(names, at, math.min(at + 999, #names)))
    for place = 1, #found do
      local w = found[place] and tonumber(found[place])
      if w and not isRunnable[w] then
        isRunnable[w] = true
        runnable[#runnable + 1] = w
      end
    end
  end
end

local promotedAtOnce, crowded = 1000, false
local function promote()
  local room = promotedAtOnce
  for _, w in ipairs(runnable) do
    local due = call('ZRANGEBYSCORE', root .. 't:' .. w, '-inf', now, 'LIMIT', 0, room)
    for _, id in ipairs(due) do
      local e = find(id)
      if e and e.pl == 't' then W.fire(e) else call('ZREM', root .. 't:' .. w, id) end
    end
    room = room - #due
    if room <= 0 then crowded = true; return end
  end
end

-- Running executions whose owner's lease has expired; processes that have neither lease nor work are forgotten.
local function expired(limit)
  local found = {}
  for _, process in ipairs(call('ZRANGEBYSCORE', root .. 'lease', '-inf', now, 'LIMIT', 0, 1000)) do
    local run = root .. 'run:' .. process
    local running = call('HGETALL', run)
    if #running == 0 then W.forget(process) end
    for at = 1, #running, 2 do
      if #found >= limit then return found end
      if isRunnable[tonumber(running[at + 1])] then found[#found + 1] = find(running[at]) end
    end
  end
  return found
end

local heads = {}
local function firstLane()
  local lane, turn = nil, nil
  for _, w in ipairs(runnable) do
    local head = heads[w]
    if head == nil then
      head = call('ZRANGE', root .. 'l:' .. w, 0, 0, 'WITHSCORES')
      head = head[1] and { head[1], tonumber(head[2]) } or false
      heads[w] = head
    end
    if head and (turn == nil or head[2] < turn) then lane, turn = head[1], head[2] end
  end
  return lane
end

-- Takes the next ready one: lanes in turn, within a lane by priority, then age.
local emptied = {}
local function shift()
  local lane = firstLane()
  if lane == nil then return nil end
  local empty = emptied[lane]
  if empty == nil then empty = {}; emptied[lane] = empty end
  local best, bestRank, bestWork, having = nil, nil, nil, {}
  for _, w in ipairs(runnable) do
    if not empty[w] then
      local first = call('ZRANGE', root .. 'q:' .. w .. ':' .. lane, 0, 0, 'WITHSCORES')
      if first[1] == nil then empty[w] = true
      else
        having[#having + 1] = w
        local rank = tonumber(first[2])
        if best == nil or rank < bestRank then best, bestRank, bestWork = first[1], rank, w end
      end
    end
  end
  if best == nil then return nil end
  local e = find(best)
  -- A script that failed half way may have left it here.
  if e == nil or e.pl ~= 'r' or e.w ~= bestWork then
    W.unqueue(bestWork, lane, best)
    heads[bestWork] = nil
    return false
  end
  W.unplace(e)
  local turn = nextOf('turn')
  for _, w in ipairs(having) do
    heads[w] = nil
    call('ZADD', root .. 'l:' .. w, 'XX', turn, lane)
  end
  return e
end

local function nextTime()
  local earliest = nil
  for _, w in ipairs(runnable) do
    local timer = call('ZRANGE', root .. 't:' .. w, 0, 0, 'WITHSCORES')
    if timer[2] and (earliest == nil or tonumber(timer[2]) < earliest) then earliest = tonumber(timer[2]) end
  end
  local live = call('ZRANGEBYSCORE', root .. 'lease', '(' .. string.format('%.0f', now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1000)
  for at = 1, #live, 2 do
    local til, run = tonumber(live[at + 1]), root .. 'run:' .. live[at]
    if earliest and earliest <= til then return earliest end
    if live[at] ~= request.ow then
      for _, w in ipairs(call('HVALS', run)) do
        if isRunnable[tonumber(w)] then return til end
      end
    end
  end
  return earliest
end

local function isAnyReady()
  for _, w in ipairs(runnable) do
    if call('EXISTS', root .. 'l:' .. w) == 1 then return true end
  end
  return nil
end

promote()
local late = expired(request.li + 1)
for place = 1, math.min(#late, request.li) do take(late[place]) end
while #claimed < request.li do
  local e = shift()
  if e == nil then break end
  if e then take(e) end
end
return tell({ nx = nextTime(), mo = #late > request.li or crowded or isAnyReady() })
`;
