/**
 * Gates of executions (`x`) and of permits (`p`). Keys, by kind and name: `g:` limit, `untilEnd` and number of users; `gi:` who is
 * in, by number; `gq:` who queues, by rank. In the record: `g` its gate, `ad` its place there, `pm` its permits by holder.
 * Rates: `rate:<bucket>`, and `rates` by when they are idle.
 */
export const GATES = /* lua */ `
local open = {}

local function gateOf(kind, name, limit)
  local k = kind .. name
  local g = open[k]
  if g then return g end
  local stored = call('HMGET', root .. 'g:' .. k, 'l', 'u', 'c')
  g = { k = k, l = tonumber(stored[1] or limit), u = stored[2] == '1', c = tonumber(stored[3] or 0) }
  open[k] = g
  return g
end
flushes[#flushes + 1] = function()
  for k, g in pairs(open) do
    if g.dirty then call('HSET', root .. 'g:' .. k, 'l', g.l, 'u', g.u and '1' or '0', 'c', g.c); g.dirty = nil end
  end
end
local function addUser(g) g.c = g.c + 1; g.dirty = true end
local function forgetUser(g)
  g.c = g.c - 1
  g.dirty = true
  if g.c > 0 then return end
  open[g.k] = nil
  call('DEL', root .. 'g:' .. g.k)
end

local function taken(g)
  if g.i == nil then g.i = call('ZCARD', root .. 'gi:' .. g.k) end
  return g.i
end
local function goOut(g, member)
  local before = taken(g)
  call('ZREM', root .. 'gi:' .. g.k, member)
  g.i = before - 1
end
local function take(g, member, place, priority)
  if taken(g) < g.l then
    g.i = g.i + 1
    call('ZADD', root .. 'gi:' .. g.k, place.n, member)
    place.t = true
    return true
  end
  place.t = nil
  call('ZADD', root .. 'gq:' .. g.k, W.rank(priority, place.n), member)
  return false
end

local function serve(g)
  while taken(g) < g.l do
    local member = call('ZRANGE', root .. 'gq:' .. g.k, 0, 0)[1]
    if member == nil then return end
    call('ZREM', root .. 'gq:' .. g.k, member)
    local id, holder = member, nil
    if string.sub(g.k, 1, 1) == 'p' then
      local pair = cjson.decode(member)
      id, holder = pair[1], pair[2]
    end
    local e = find(id)
    local place = e and (holder and e.pm and e.pm[holder] or e.ad)
    if place then
      g.i = g.i + 1
      call('ZADD', root .. 'gi:' .. g.k, place.n, member)
      place.t = true
      touch(e)
      if holder then E.granted(e, holder, place) else E.admitted(e) end
    end
  end
end
local function free(g, member, place)
  if place.t then goOut(g, member); serve(g)
  else call('ZREM', root .. 'gq:' .. g.k, member) end
end
local function resize(g, limit)
  if g.l == limit then return end
  g.l, g.dirty = limit, true
  serve(g)
end

function G.join(e, gate)
  local g = gateOf('x', gate.n, gate.l)
  local untilEnd = gate.u == true
  if g.u ~= untilEnd then g.u, g.dirty = untilEnd, true end
  if e.g ~= gate.n then
    addUser(g)
    G.quit(e)
    e.g = gate.n
    touch(e)
  end
  resize(g, gate.l)
end
function G.quit(e)
  if e.g == nil then return end
  G.leave(e)
  forgetUser(gateOf('x', e.g, 0))
  e.g = nil
  touch(e)
end
function G.isUntilEnd(e) return gateOf('x', e.g, 0).u end

-- Whether an execution that became ready may go to its lane; else it has its place in the queue.
function G.enter(e)
  local g = gateOf('x', e.g, 0)
  if e.ad then
    if not e.ad.t or g.u or taken(g) <= g.l then return e.ad.t == true end
    goOut(g, e.id)
    e.ad = nil
  end
  touch(e)
  if taken(g) >= g.l and inbox.isCancelled(e) then return true end
  e.ad = { n = nextOf('gate') }
  return take(g, e.id, e.ad, e.pr)
end
function G.leave(e)
  local place = e.ad
  if place == nil then return end
  e.ad = nil
  touch(e)
  free(gateOf('x', e.g, 0), e.id, place)
end

-- Who holds a place of a gate of executions or queues for one, in the order of asking.
function G.at(name)
  local found = {}
  for _, list in ipairs({ 'gi:x', 'gq:x' }) do
    for _, id in ipairs(call('ZRANGE', root .. list .. name, 0, -1)) do
      local e = find(id)
      if e and e.ad then found[#found + 1] = e end
    end
  end
  table.sort(found, function(a, b) return a.ad.n < b.ad.n end)
  return found
end

local function permit(e, holder) return cjson.encode({ e.id, holder }) end

function G.acquire(e, holder, gate)
  local known = e.pm and e.pm[holder]
  if known then return known.t == true end
  local g = gateOf('p', gate.n, gate.l)
  addUser(g)
  resize(g, gate.l)
  local place = { g = gate.n, n = nextOf('gate'), s = 0 }
  e.pm = e.pm or {}
  e.pm[holder] = place
  touch(e)
  return take(g, permit(e, holder), place, 0)
end

local function giveBack(e, holder)
  local place = e.pm[holder]
  e.pm[holder] = nil
  if next(e.pm) == nil then e.pm = nil end
  touch(e)
  local g = gateOf('p', place.g, 0)
  free(g, permit(e, holder), place)
  forgetUser(g)
end
-- Those in queues first: what the others give back is not for them.
local function giveAllBack(e, holders)
  local number = {}
  for _, holder in ipairs(holders) do number[holder] = e.pm[holder].n + (e.pm[holder].t and 1e14 or 0) end
  table.sort(holders, function(a, b) return number[a] < number[b] end)
  for _, holder in ipairs(holders) do giveBack(e, holder) end
end
function G.release(e, holders)
  local found, seen = {}, {}
  for _, holder in ipairs(holders) do
    if e.pm and e.pm[holder] and not seen[holder] then found[#found + 1] = holder end
    seen[holder] = true
  end
  giveAllBack(e, found)
end
-- Gives back what an execution does not take along when it stops running.
function G.rest(e, change)
  if e.pm == nil then return end
  local waits, holds, found = change.st == 'waiting' and stops(change.ls, 'granted'), {}, {}
  for _, holder in ipairs(change.ho or {}) do holds[holder] = true end
  for holder, place in pairs(e.pm) do
    if not holds[holder] and (not waits or (place.t and place.s <= change.se)) then found[#found + 1] = holder end
  end
  giveAllBack(e, found)
end

function G.reserve(bucket, limit, perMs)
  local key = root .. 'rate:' .. bucket
  local known = call('HMGET', key, 'm', 'r', 'l')
  local ms, rest = now, 0
  if known[1] and tonumber(known[1]) >= now then
    ms = tonumber(known[1])
    local stored = tonumber(known[3])
    rest = stored == limit and tonumber(known[2]) or math.ceil(tonumber(known[2]) * limit / stored)
  end
  rest = rest + perMs
  ms = ms + math.floor(rest / limit)
  rest = rest % limit
  local idleFrom = rest == 0 and ms or ms + 1
  local text = string.format('%.0f', ms)
  call('HSET', key, 'm', text, 'r', string.format('%.0f', rest), 'l', limit)
  call('ZADD', root .. 'rates', idleFrom, bucket)
  return math.max(now, idleFrom - perMs)
end
`;
