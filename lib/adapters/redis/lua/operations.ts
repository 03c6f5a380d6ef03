/** One script for each reading and each small change; those of writes and claims are made of the same parts. */
export const READ = /* lua */ `
local asked = cjson.decode(ARGV[3])
local e = find(asked.id)
return answer({ r = e and record(e) or dedup.outcome(asked.id) })
`;

export const JOURNAL = /* lua */ `
local e = find(cjson.decode(ARGV[3]).id)
return answer({ j = e and rows(e) or {} })
`;

export const INBOX_PAGE = /* lua */ `
local asked = cjson.decode(ARGV[3])
local found, e = {}, find(asked.id)
if e then
  local from = '(' .. string.format('%.0f', asked.af)
  for _, list in ipairs({ 'm:', 'i:' }) do
    local page = call('ZRANGEBYSCORE', root .. list .. e.id, from, '+inf', 'WITHSCORES', 'LIMIT', 0, asked.li)
    for at = 1, #page, 2 do found[#found + 1] = { page[at], tonumber(page[at + 1]) } end
  end
end
table.sort(found, function(a, b) return a[2] < b[2] end)
local texts = {}
for at = 1, math.min(#found, asked.li) do texts[at] = found[at][1] end
return answer({ m = texts })
`;

export const LIST = /* lua */ `
local slice = 200
local asked = cjson.decode(ARGV[3])
local key = root .. (asked.ss and 's:' .. asked.ss or 'all')
local from, idsAfter = asked.fr, nil
if not from then
  local known = asked.af and find(asked.af)
  from = known and known.n or 0
end
if asked.af and not find(asked.af) then idsAfter = asked.af end
local page = call('ZRANGEBYSCORE', key, '(' .. string.format('%.0f', from), '+inf', 'LIMIT', 0, slice)
local found, cursor = {}, nil
for _, id in ipairs(page) do
  if #found >= asked.li then break end
  local e = find(id)
  cursor = e and e.n or cursor
  local isOf = e and (not asked.wk or string.sub(e.d, 1, #asked.wk + 1) == asked.wk .. '.' and not string.find(e.d, '.', #asked.wk + 2, true))
  if isOf and (not asked.st or e.st == asked.st) and (not asked.ev or e.en == asked.ev) and (not idsAfter or e.id > idsAfter) then
    found[#found + 1] = record(e)
  end
end
return answer({ r = found, nx = #page == slice and cursor or nil })
`;

export const COUNTS = /* lua */ `
local session = cjson.decode(ARGV[3]).ss
local names = {}
local function nameOf(w)
  names[w] = names[w] or cjson.decode(call('HGET', root .. 'works', w))[1]
  return names[w]
end
-- Several forms of a definition are one here.
local totals, found, all = {}, {}, call('HGETALL', root .. (session and 'sc:' .. session or 'counts'))
for at = 1, #all, 2 do
  local count = tonumber(all[at + 1])
  if count > 0 then
    local space = string.find(all[at], ' ', 1, true)
    local status, definition = string.sub(all[at], 1, space - 1), nameOf(string.sub(all[at], space + 1))
    local key = status .. ' ' .. definition
    if totals[key] == nil then
      totals[key] = { definition, status, 0 }
      found[#found + 1] = totals[key]
    end
    totals[key][3] = totals[key][3] + count
  end
end
return answer({ c = found })
`;

export const OPEN_SESSIONS = /* lua */ `
local asked = cjson.decode(ARGV[3])
return answer({ s = call('ZRANGEBYLEX', root .. 'sessions', asked.af and '(' .. asked.af or '-', '+', 'LIMIT', 0, asked.li) })
`;

export const OPEN_OF = /* lua */ `
local asked = cjson.decode(ARGV[3])
local newest = asked.up or lastOf('n')
local page = call('ZRANGEBYSCORE', root .. 'so:' .. asked.ss, '(' .. string.format('%.0f', asked.af), '+inf', 'LIMIT', 0, asked.li + 1)
local found, cursor = {}, asked.af
for at = 1, math.min(#page, asked.li) do
  local e = find(page[at])
  cursor = e.n
  if (e.rt or e.n) <= newest then found[#found + 1] = { id = e.id, d = e.d } end
end
return answer({ x = found, up = newest, nx = cursor, mo = #page > asked.li or nil })
`;

/** Those that are held; what nobody has held for long is removed. */
const SUBSCRIBED = /* lua */ `
local function subscribed()
  local keptMs = 7 * 24 * 60 * 60 * 1000
  for _, definition in ipairs(call('ZRANGEBYSCORE', root .. 'subh', '-inf', now - keptMs)) do
    call('DEL', root .. 'sub:' .. definition)
    call('ZREM', root .. 'subh', definition)
  end
  local found = {}
  for _, definition in ipairs(call('ZRANGE', root .. 'subh', 0, -1)) do
    for _, packed in ipairs(call('HVALS', root .. 'sub:' .. definition)) do found[#found + 1] = cmsgpack.unpack(packed).x end
  end
  -- They stand in the order in which they were held last.
  table.sort(found)
  return found
end
`;

export const HEARTBEAT = /* lua */ `
${SUBSCRIBED}
local process = cjson.decode(ARGV[3])
call('HSET', root .. 'procs', process.id, ARGV[4])
call('ZADD', root .. 'lease', now + process.ms, process.id)
for _, definition in ipairs(process.df or {}) do call('ZADD', root .. 'subh', 'XX', now, definition) end
for _, other in ipairs(call('ZRANGEBYSCORE', root .. 'lease', '-inf', now, 'LIMIT', 0, 1000)) do
  if call('EXISTS', root .. 'run:' .. other) == 0 then W.forget(other) end
end
local owned = {}
for _, id in ipairs(call('HKEYS', root .. 'run:' .. process.id)) do
  local e = find(id)
  if e and e.pl == 'u' and e.ow == process.id then owned[#owned + 1] = { id, e.fe } end
end
local declared = { s = subscribed(), d = call('SMEMBERS', root .. 'paused'), o = W.openWorks(), p = W.liveProcesses() }
-- They stand in the order of their leases, which each renewal changes.
table.sort(declared.p)
local mark = redis.sha1hex(cjson.encode(declared))
return answer({
  mk = mark, dc = mark ~= process.mk and declared or nil,
  sg = W.signalled(process.id),
  ow = owned,
  li = call('ZCOUNT', root .. 'lease', '(' .. string.format('%.0f', now), '+inf'),
  b = beat(),
})
`;

export const LEAVE = /* lua */ `
local id = cjson.decode(ARGV[3]).id
if call('EXISTS', root .. 'run:' .. id) == 0 then W.forget(id)
else
  call('HDEL', root .. 'procs', id)
  call('ZADD', root .. 'lease', 'XX', 0, id)
  told.changed, told.woken = true, true
end
flush()
return answer({})
`;

export const SIGNALS = /* lua */ `
return answer({ sg = W.signalled(cjson.decode(ARGV[3]).id) })
`;

export const PROCESSES = /* lua */ `
return answer({ p = W.liveProcesses() })
`;

export const DEFINITIONS = /* lua */ `
return answer({ o = W.openWorks(), p = W.liveProcesses() })
`;

export const SUBSCRIBE = /* lua */ `
local keptMs = 7 * 24 * 60 * 60 * 1000
for at = 3, #ARGV do
  local given = cjson.decode(ARGV[at])
  local held = call('ZSCORE', root .. 'subh', given.d)
  if held and tonumber(held) + keptMs <= now then call('DEL', root .. 'sub:' .. given.d) end
  local known = call('HGET', root .. 'sub:' .. given.d, given.ev)
  if not known or cmsgpack.unpack(known).f ~= given.f then told.declared = true end
  call('HSET', root .. 'sub:' .. given.d, given.ev, cmsgpack.pack({ f = given.f, x = given.x }))
  call('ZADD', root .. 'subh', now, given.d)
end
flush()
return answer({})
`;

export const SUBSCRIPTIONS = /* lua */ `
${SUBSCRIBED}
return answer({ s = subscribed() })
`;

export const DECLARE_GRAPHS = /* lua */ `
for at = 3, #ARGV do
  local given = cjson.decode(ARGV[at])
  local known = call('HGET', root .. 'gr:' .. given.w, given.f)
  local first = known and cmsgpack.unpack(known).a or now
  call('HSET', root .. 'gr:' .. given.w, given.f, cmsgpack.pack({ x = given.x, a = first, b = now }))
  call('ZADD', root .. 'gru', now, #given.w .. ':' .. given.w .. given.f)
end
return answer({})
`;

export const GRAPHS = /* lua */ `
local found, all = {}, call('HGETALL', root .. 'gr:' .. cjson.decode(ARGV[3]).w)
for at = 1, #all, 2 do
  local graph = cmsgpack.unpack(all[at + 1])
  found[#found + 1] = { f = all[at], x = graph.x, a = graph.a, b = graph.b }
end
table.sort(found, function(a, b) return a.a < b.a end)
return answer({ g = found })
`;

export const SET_PAUSED = /* lua */ `
local asked = cjson.decode(ARGV[3])
for _, definition in ipairs(asked.d) do call(asked.on and 'SADD' or 'SREM', root .. 'paused', definition) end
told.declared = true
flush()
return answer({})
`;

export const PAUSED = /* lua */ `
return answer({ d = call('SMEMBERS', root .. 'paused') })
`;

export const SCHEDULES = /* lua */ `
local found, all = {}, call('HGETALL', root .. 'sch')
for at = 1, #all, 2 do
  local stored = cmsgpack.unpack(all[at + 1])
  found[#found + 1] = { id = all[at], v = stored.v, s = stored.s }
end
return answer({ s = found })
`;

export const INSTANCE = /* lua */ `
local stored = instance.find(cjson.decode(ARGV[3]).id)
if not stored then return answer({}) end
local ahead = instance.aheadOf(stored) and { x = stored.x, d = stored.d, du = stored.u } or nil
return answer({ v = stored.v, s = stored.s, ah = ahead })
`;

export const BATCH = /* lua */ `
local id = call('HGET', root .. 'batches', cjson.decode(ARGV[3]).n)
local e = id and find(id)
if not e then return answer({}) end
return answer({ x = e.id, op = e.ba.op, c = e.ba.c, oa = e.ba.oa, du = e.ba.du })
`;

/** Removes what may go, in a bounded batch; the order is that of ending. */
export const PRUNE = /* lua */ `
local graphsKeptMs = 7 * 24 * 60 * 60 * 1000
local asked = cjson.decode(ARGV[3])

local old = call('ZRANGEBYSCORE', root .. 'gru', '-inf', now - graphsKeptMs, 'LIMIT', 0, 100)
if #old > 0 then
  local used = {}
  local function use(id, fingerprint) used[string.match(id, '^(.*)%.[^.]*$') .. ' ' .. fingerprint] = true end
  for _, ref in ipairs(W.openWorks()) do use(ref[1], ref[2]) end
  for _, text in ipairs(W.liveProcesses()) do
    for _, ref in ipairs(cjson.decode(text).definitions or {}) do use(ref.id, ref.fingerprint) end
  end
  for _, member in ipairs(old) do
    local colon = string.find(member, ':', 1, true)
    local size = tonumber(string.sub(member, 1, colon - 1))
    local worker, fingerprint = string.sub(member, colon + 1, colon + size), string.sub(member, colon + size + 1)
    if not used[worker .. ' ' .. fingerprint] then
      call('HDEL', root .. 'gr:' .. worker, fingerprint)
      call('ZREM', root .. 'gru', member)
    end
  end
end

local removed, more = 0, nil
for _, kind in ipairs({ { 'ended:c', asked.cb }, { 'ended:f', asked.fb } }) do
  local list, left = root .. kind[1], 4 * asked.li
  while true do
    if left == 0 then
      more = true
      break
    end
    left = left - 1
    local member = call('LINDEX', list, 0)
    if not member then break end
    local colon = string.find(member, ':', 1, true)
    local e = find(string.sub(member, colon + 1))
    local isThere = e and e.pl == 'e' and e.ne == tonumber(string.sub(member, 1, colon - 1))
    if isThere and e.ea >= kind[2] then break end
    if isThere and removed >= asked.li then
      more = true
      break
    end
    call('LPOP', list)
    if isThere then
      E.remove(e)
      removed = removed + 1
    end
  end
end

removed = removed + dedup.forgetExpired(asked.li - removed)
local idle = call('ZRANGEBYSCORE', root .. 'rates', '-inf', now, 'LIMIT', 0, asked.li - removed)
for _, bucket in ipairs(idle) do
  call('DEL', root .. 'rate:' .. bucket)
  call('ZREM', root .. 'rates', bucket)
end
removed = removed + #idle
removed = removed + mail.forgetExpired(asked.li - removed)

flush()
local stored, counts = {}, call('HGETALL', root .. 'counts')
for at = 1, #counts, 2 do
  if tonumber(counts[at + 1]) > 0 then stored[string.match(counts[at], ' (.*)$')] = true
  else call('HDEL', root .. 'counts', counts[at]) end
end
for _, w in ipairs(call('HKEYS', root .. 'works')) do
  if not stored[w] then
    local ref = cjson.decode(call('HGET', root .. 'works', w))
    call('HDEL', root .. 'works', w)
    call('HDEL', root .. 'defs', #ref[1] .. ':' .. ref[1] .. ref[2])
  end
end
for _, left in ipairs({ 'yu', 'rates', 'mu' }) do
  if call('ZCOUNT', root .. left, '-inf', now) > 0 then more = true end
end
return answer({ n = removed, mo = more })
`;
