/** The transitions of executions between the indexes that hold them. */
export const EXECUTIONS = /* lua */ `
function E.create(event, given)
  local e = {
    id = given.id, n = nextOf('n'), d = given.d, f = given.f, w = W.number(given.d, given.f), ev = event.id, en = event.nm,
    sh = given.s, ss = event.ss, ln = given.l, pr = given.p, dp = given.dp, st = 'pending', at = 1, tu = 0, ep = 0,
    ls = given.ls, se = 0, fe = 0, sk = 0, ca = now, du = now, lf = 0, lc = 0, lq = 0,
  }
  X[e.id] = e
  put(e.id, 'i', given.i)
  created[#created + 1] = e.n
  created[#created + 1] = e.id
  if e.ss then call('ZADD', root .. 's:' .. e.ss, e.n, e.id) end
  touch(e)
  local parent = given.pa and find(given.pa.id)
  if parent then family.join(e, parent, given.pa.h) end
  if given.g then G.join(e, given.g) end
  if given.ow and W.passes(e) then E.run(e, given.ow)
  elseif e.pl == 'q' then return e
  elseif given.du and given.du > now then W.schedule(e, given.du)
  else W.receive(e) end
  return e
end

-- Leases it to the owner under the next fence.
function E.run(e, owner)
  W.unplace(e)
  e.fe, e.sk = e.fe + 1, e.sk + 1
  e.st, e.wr = 'running', nil
  e.sa = e.sa or now
  if e.ba then batch.close(e) end
  W.place(e, owner)
  inbox.signal(e)
end

-- Makes it due now. What it ended with stays until the next pass rewrites it.
function E.ready(e)
  if e.pl == 'q' then
    if not inbox.isCancelled(e) then return end
    G.leave(e)
  end
  W.unplace(e)
  e.st, e.wr, e.du = 'pending', nil, now
  if e.ba and e.fe == 0 then e.ba.du = math.min(e.ba.du, now) end
  W.receive(e)
end

-- It has ended, and nobody waits for it: retention may remove it.
function E.finish(e)
  e.ne = nextOf('end')
  finished(e.st, e.ne, e.id)
  e.pl = 'e'
  touch(e)
end

function E.admitted(e)
  e.st, e.wr, e.du = 'pending', nil, now
  W.enqueue(e)
  told.served = true
end

-- Puts a message of the store's own into the inbox; answers its number there.
function E.inform(e, kind, number, body)
  local seq = inbox.add(e, kind .. ':' .. string.format('%.0f', number), kind, body)
  inbox.signal(e)
  told.served = true
  return seq
end

function E.wakeFor(e, kind)
  if e.pl ~= 'u' and e.pl ~= 'r' and stops(e.ls, kind) then E.ready(e) end
end

function E.granted(e, holder, place)
  place.s = E.inform(e, 'granted', place.n, holder)
  E.wakeFor(e, 'granted')
end

local function wakeAt(timers)
  local earliest = nil
  for _, at in pairs(timers or {}) do
    if earliest == nil or at < earliest then earliest = at end
  end
  return earliest
end

local function settle(e, change)
  W.unplace(e)
  e.st, e.wr = change.st, change.wr
  local isOver = terminal[change.st]
  e.ea = isOver and now or nil
  if isOver or change.st == 'parked' then settled(e.id) end
  if e.wt and isOver then mail.ended(e) end
  if e.pm then G.rest(e, change) end
  if change.g and change.st == 'pending' then G.join(e, change.g) end
  if change.st == 'pending' or inbox.isWoken(e) then
    E.ready(e)
    return e.pl == 'r'
  end
  if e.g and e.ad and not (change.st == 'waiting' and G.isUntilEnd(e)) then G.leave(e) end
  if isOver then
    if e.pa or e.kd then family.ended(e) end
    if not (e.pa and family.keeps(e)) then E.finish(e) end
    return false
  end
  local at = change.st == 'waiting' and wakeAt(e.ti)
  if not at then return false end
  W.schedule(e, at)
  return at <= now
end

-- Hides rows of earlier epochs: they stay stored and are not loaded any more.
local function forget(e, keys, epoch)
  if keys == nil or #keys == 0 then return end
  spill(e.id)
  local x = root .. 'x:' .. e.id
  for _, key in ipairs(keys) do
    for before = 0, epoch - 1 do
      local name = e.tu .. '.' .. before .. '.' .. key
      local row = call('HGET', x, 'j' .. name)
      if row then
        call('HDEL', x, 'j' .. name)
        call('HSET', x, 'h' .. name, row)
      end
    end
  end
end

local function nextTurn(e, given)
  spill(e.id)
  local x = root .. 'x:' .. e.id
  for _, field in ipairs(call('HKEYS', x)) do
    local first = string.sub(field, 1, 1)
    if first == 'j' or first == 'h' then call('HDEL', x, field) end
  end
  e.tu, e.en, e.sh = e.tu + 1, given.en, given.s
  put(e.id, 'i', given.i)
  touch(e)
  mail.turn(e)
  family.withdraw(e, nil)
end

-- Applies an accepted change of the record; answers whether the record is due now.
function E.change(e, change)
  e.ti, e.ls, e.se, e.at, e.va, e.er, e.wr = change.ti, change.ls, change.se, change.at, change.va, change.er, change.wr
  touch(e)
  forget(e, change.fo, change.ep)
  e.ep = change.ep
  inbox.acknowledge(e, change.se)
  if change.d and (change.d ~= e.d or change.f ~= e.f) then
    local owner = e.ow
    W.unplace(e)
    e.d, e.f, e.w = change.d, change.f, W.number(change.d, change.f)
    W.place(e, owner)
  end
  if change.nx then nextTurn(e, change.nx) end
  if change.st ~= 'running' then return settle(e, change) end
  e.ea = nil
  inbox.signal(e)
  return false
end

function E.withdraw(e, withdrawal)
  mail.withdraw(e, withdrawal)
  family.withdraw(e, withdrawal.h)
end

-- Forgets it, but for the outcome of an explicit event id.
function E.remove(e)
  W.unplace(e)
  G.quit(e)
  if e.wt then mail.forget(e) end
  if e.ba then batch.forget(e) end
  if e.pa or e.kd then family.forget(e) end
  dedup.keepOutcome(e)
  local old = was[e.id]
  if old then recount(e, old, nil) end
  sendCreated()
  call('ZREM', root .. 'all', e.id)
  if e.ss then call('ZREM', root .. 's:' .. e.ss, e.id) end
  call('DEL', root .. 'x:' .. e.id)
  if e.mk then call('DEL', root .. 'm:' .. e.id, root .. 'k:' .. e.id) end
  if e.kd then call('DEL', root .. 'c:' .. e.id) end
  X[e.id], was[e.id], dirty[e.id], pending[e.id] = false, nil, nil, nil
end
`;
