/** Applies one write whole or not at all: each looks first and changes nothing before it is sure. */
export const WRITES = /* lua */ `
local stale = { v = 'stale' }
local function rejected(reason, more)
  local verdict = more or {}
  verdict.v, verdict.re = 'rejected', reason
  return verdict
end

function instance.find(id)
  local v = call('HMGET', root .. 'in:' .. id, 'v', 's', 'x', 'd', 'u')
  if not v[1] then return nil end
  return { v = v[1], s = v[2], x = v[3] or nil, d = v[4] or nil, u = v[5] and tonumber(v[5]) or nil }
end
function instance.aheadOf(stored)
  local e = stored and stored.x and find(stored.x)
  return e and e.fe == 0 and e or nil
end
function instance.versionOf(id) return call('HGET', root .. 'in:' .. id, 'v') or nil end

-- Forgets what the accepted change replaces.
function instance.drop(change)
  if change.ah == nil and change.s ~= nil then return end
  local e = instance.aheadOf(instance.find(change.id))
  if e then E.remove(e) end
end

-- By its message id: where the event that came with it is.
local function storedAs(execution)
  return find(execution.id) or (execution.co and batch.holder(execution.id)) or nil
end
-- It was this very publish that the row remembers.
local function isOwn(row, event)
  local first = event.x and event.x[1]
  if first == nil then return #row.x == 0 end
  if row.x[1] == nil then return false end
  local joined = first.co and batch.holder(first.id)
  return row.x[1].id == (joined and joined.id or first.id)
end

local function published(event, index, e, owner)
  return {
    id = event.id, ix = index, x = e.id, d = e.d, n = e.n, c = e.ca,
    le = owner ~= nil and e.fe == 1 and e.ow == owner or nil,
    ba = e.ba and { c = e.ba.c, du = e.ba.du } or nil,
  }
end

local function append(message)
  local e = find(message.to)
  if e == nil then return rejected('unknown-execution') end
  if inbox.knows(e, message.id) or (e.ba and batch.holder(message.id) == e) then return { v = 'already' } end
  local listens = stops(e.ls, message.kd)
  if not listens and terminal[e.st] then return rejected('not-listening') end
  inbox.add(e, message.id, message.kd, message.b)
  told.changed, told.woken = true, true
  inbox.signal(e)
  if e.ba then
    if message.kd == 'flush' and listens and e.ba.op and e.ba.du > now then e.ba.fl = true end
    if message.kd == 'cancel' then batch.close(e) end
  end
  if not listens or e.pl == 'u' or e.pl == 'r' then return { v = 'ok' } end
  E.ready(e)
  if e.pl == 'q' then return { v = 'ok' } end
  return { v = 'ok', due = true }
end

-- What an execution publishes into its session comes from where it comes from, and is cancelled with it.
local function inherit(by, e)
  e.rt = by.rt or by.n
  touch(e)
  if not (by.mk and by.mk.cancel and by.mk.cancel > by.se) then return end
  for _, text in ipairs(inbox.unseen(by, 100000)) do
    local message = cjson.decode(text)
    if message[3] == 'cancel' and message[4] ~= nil then
      append({ id = message[2], to = e.id, kd = 'cancel', b = message[4] })
      return
    end
  end
end

local function createAll(event, index, answers, by)
  local executions = {}
  for _, execution in ipairs(event.x or {}) do
    local owner = execution.ow
    local stored = find(execution.id)
    local e = stored or (execution.co and batch.collect(event, execution) or E.create(event, execution))
    if not stored and by and by.ss ~= nil and by.ss == event.ss and not execution.co then inherit(by, e) end
    if e.pl ~= 'u' then told.changed = true end
    answers[#answers + 1] = published(event, index, e, owner)
    executions[#executions + 1] = { id = e.id, d = e.d }
  end
  if event.m then mail.deliver(event) end
  if event.h and (#executions > 0 or event.m) then dedup.add(event, executions) end
end

local function repeated(event, index, row, answers)
  local own, owners = isOwn(row, event), {}
  for _, execution in ipairs(event.x or {}) do owners[execution.id] = execution.ow end
  for _, execution in ipairs(row.x) do
    local e = find(execution.id)
    answers[#answers + 1] = own and e and published(event, index, e, owners[e.id])
      or { id = event.id, ix = index, x = execution.id, d = execution.d, c = e and e.ca or row.c, du = true }
  end
end

local function accept(events, by)
  local answers = {}
  for index, event in ipairs(events) do
    local known = event.h and dedup.find(event)
    if known then repeated(event, index - 1, known, answers)
    else createAll(event, index - 1, answers, by) end
  end
  return answers
end

-- The first explicit id that was published with another payload, before or in this write.
local function conflict(events)
  local seen = {}
  for _, event in ipairs(events) do
    if event.h then
      local known = dedup.find(event)
      if known and known.h ~= event.h then return event.id end
      local name = dedup.nameOf(event)
      if seen[name] and seen[name] ~= event.h then return event.id end
      seen[name] = seen[name] or event.h
    end
  end
  return nil
end
local function full(events)
  local fresh = {}
  for _, event in ipairs(events) do
    if event.m and not (event.h and dedup.find(event)) then fresh[#fresh + 1] = event end
  end
  if #fresh == 0 then return nil end
  return mail.full(fresh)
end
local function refusal(events)
  local event = conflict(events)
  if event then return rejected('event-conflict', { ev = event }) end
  event = full(events)
  return event and rejected('mailbox-full', { ev = event }) or nil
end
-- Those that another write accepted before.
local function knownOf(events)
  local found = {}
  for index, event in ipairs(events) do
    local row = event.h and dedup.find(event)
    if row and not isOwn(row, event) then found[#found + 1] = { ix = index - 1, x = row.x } end
  end
  return found
end
-- Whether this very write was applied before: its executions exist under the same ids.
local function isResent(events)
  for _, event in ipairs(events) do
    local first = event.x and event.x[1]
    if first then
      local row = event.h and dedup.find(event)
      if row then
        if isOwn(row, event) then return true end
      elseif storedAs(first) then return true end
    end
  end
  return false
end

-- Writes an accepted change, after what it replaces was dropped.
function instance.write(change)
  local key = root .. 'in:' .. change.id
  if change.s == nil then
    call('DEL', key)
    return
  end
  call('HSET', key, 'v', change.v, 's', change.s)
  if change.ah == nil then return end
  call('HDEL', key, 'x', 'd', 'u')
  local execution = change.ah and change.ah.x and change.ah.x[1]
  if not execution then return end
  accept({ change.ah }, nil)
  call('HSET', key, 'x', execution.id, 'd', execution.d, 'u', string.format('%.0f', execution.du or now))
end

function apply.p(write)
  local refused = refusal(write.e)
  if refused then return refused end
  local resent = isResent(write.e)
  return { v = resent and 'already' or 'ok', x = accept(write.e, nil) }
end

local function checkRows(id, given)
  local names, seen, fields = { 'e', 'l', 'z' }, {}, pending[id] or {}
  for _, row in ipairs(given or {}) do
    if seen[row[1]] or fields[row[1]] then return false end
    seen[row[1]] = true
    names[#names + 1] = row[1]
  end
  if #names == 3 then return true end
  for at = 1, #names, 1000 do
    local found = call('HMGET', root .. 'x:' .. id, unpack(names, at, math.min(at + 999, #names)))
    for offset = 1, #found do
      local place = at + offset - 1
      if place == 1 then
        if X[id] == nil then keep(id, found[1], found[2], found[3]) end
      elseif place > 3 and found[offset] then return false end
    end
  end
  return true
end

-- Whether a commit that others have followed was applied, and not refused: its rows are there, or were until their turn was over.
local function wasGiven(e, given)
  local first = given and given[1]
  if not first or tonumber(string.match(first[1], '^j(%d+)')) < e.tu then return true end
  return get(e.id, first[1]) == first[2] or get(e.id, 'h' .. string.sub(first[1], 2)) == first[2]
end

function apply.c(write)
  local fits = checkRows(write.id, write.c)
  local e = find(write.id)
  if e == nil then return stale end
  local follows = write.fe ~= e.lf or write.no > e.lc
  if not follows and wasGiven(e, write.c) then
    return { v = 'already', x = write.p and accept(write.p, e) or nil }
  end
  if e.st ~= 'running' or write.fe ~= e.fe then return stale end
  if not fits then return rejected('checkpoint-exists') end
  if write.p then
    local event = conflict(write.p)
    if event then return rejected('event-conflict', { ev = event }) end
    local known = knownOf(write.p)
    if #known > 0 then return rejected('event-known', { kn = known }) end
    event = full(write.p)
    if event then return rejected('mailbox-full', { ev = event }) end
  end
  local change = write['in']
  if change and instance.versionOf(change.id) ~= change.ex then return rejected('instance-changed') end

  for _, row in ipairs(write.c or {}) do put(e.id, row[1], row[2]) end
  e.lf, e.lc, e.sk = write.fe, follows and write.no or e.lc, write.hb and math.max(e.sk - 1, 0) or 0
  touch(e)
  local executions = write.p and accept(write.p, e) or nil
  if write.re then G.release(e, write.re) end
  if change then
    instance.drop(change)
    instance.write(change)
  end
  for _, withdrawal in ipairs(write.wd or {}) do E.withdraw(e, withdrawal) end
  local due = write.r and E.change(e, write.r)
  if write.r and write.r.st ~= 'running' then told.changed = true end
  if due then told.woken = true end
  return { v = 'ok', x = executions, due = due or nil }
end

function apply.a(write) return append(write) end

local function running(write)
  local e = find(write.id)
  return e and e.st == 'running' and write.fe == e.fe and e or nil
end
function apply.q(write)
  local e = running(write)
  return e and { v = 'ok', gr = G.acquire(e, write.h, write.g) } or stale
end
function apply.r(write) return { v = 'ok', at = G.reserve(write.b, write.l, write.p) } end
function apply.w(write)
  local e = running(write)
  return e and { v = 'ok', ml = mail.ask(e, write) } or stale
end

function apply.s(write)
  local stored = call('HGET', root .. 'sch', write.id)
  local version = stored and cmsgpack.unpack(stored).v or nil
  if version == write.v or (version == nil and write.s == nil) then return { v = 'already' } end
  if version ~= write.ex then return rejected('schedule-changed') end
  if write.s == nil then call('HDEL', root .. 'sch', write.id)
  else call('HSET', root .. 'sch', write.id, cmsgpack.pack({ v = write.v, s = write.s })) end
  told.changed, told.declared = true, true
  if not write.e then return { v = 'ok' } end
  return { v = 'ok', x = accept({ write.e }, nil) }
end

-- Has everybody end who holds a place of the gate or queues for one, but not what the write itself starts, sent again.
local function cancelAll(gate, write)
  local own, cancelled = {}, 0
  for _, execution in ipairs(write.e and write.e.x or {}) do own[execution.id] = true end
  for _, e in ipairs(G.at(gate)) do
    if not own[e.id] then
      local verdict = append({ id = 'cancel:' .. write.c.v, to = e.id, kd = 'cancel' })
      if verdict.v ~= 'rejected' then cancelled = cancelled + 1 end
    end
  end
  return cancelled
end

function apply.i(write)
  local change, events = write.c, write.e and { write.e } or {}
  local stored = instance.versionOf(change.id)
  if stored == change.v then return { v = 'already', x = write.e and accept(events, nil) or nil } end
  local isGone = stored == nil and change.s == nil
  if not isGone and stored ~= change.ex then return rejected('instance-changed') end
  local refused = refusal(events)
  if refused then return refused end
  instance.drop(change)
  local cancelled = write.g and cancelAll(write.g, write) or nil
  instance.write(change)
  return { v = 'ok', x = write.e and accept(events, nil) or nil, ca = cancelled }
end
`;
