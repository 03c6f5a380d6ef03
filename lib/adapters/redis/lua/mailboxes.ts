/**
 * Events that executions may wait for, and those that do. A mailbox is named by event and key. Keys: `mm:<box>` what is known of
 * each letter and `md:<box>` its content, both by number; `mw:<box>` open waits by number; `mu` letters by when they expire. In
 * the record: `wt` its waits by holder, `sp` letters that older turns have got; in its hash `w<holder>` what a wait has got.
 */
export const MAILBOXES = /* lua */ `
local capacity = 100

local function boxOf(event, key) return #event .. ':' .. event .. key end

-- Letters of a box in the order in which they were accepted.
local function letters(box)
  local found, all = {}, call('HGETALL', root .. 'mm:' .. box)
  for at = 1, #all, 2 do
    local letter = cmsgpack.unpack(all[at + 1])
    letter.n = tonumber(all[at])
    found[#found + 1] = letter
  end
  table.sort(found, function(a, b) return a.n < b.n end)
  return found
end

local function throwAway(box, number)
  local field = string.format('%.0f', number)
  call('HDEL', root .. 'mm:' .. box, field)
  call('HDEL', root .. 'md:' .. box, field)
  call('ZREM', root .. 'mu', field .. ':' .. box)
end

local function content(box, number)
  local packed = call('HGET', root .. 'md:' .. box, string.format('%.0f', number))
  local letter = cmsgpack.unpack(packed)
  return { pl = number, p = letter.p, s = letter.s }
end

local function isOf(letter, event) return letter.ev == event.id and letter.ss == event.ss end

-- The first of the events whose mailbox has no room.
function mail.full(events)
  local added = {}
  for _, event in ipairs(events) do
    if event.m then
      local box = boxOf(event.nm, event.m.y)
      local more = added[box]
      if more == nil then
        more = {}
        for _, letter in ipairs(letters(box)) do
          if letter.un > now then more[#more + 1] = letter end
        end
        added[box] = more
      end
      local isKnown = false
      for _, letter in ipairs(more) do isKnown = isKnown or isOf(letter, event) end
      if not isKnown then
        if #more >= capacity then return event.id end
        more[#more + 1] = { ev = event.id, ss = event.ss }
      end
    end
  end
  return nil
end

local function give(e, holder, wait, got)
  wait.g = got.pl
  put(e.id, 'w' .. holder, cjson.encode(got))
  call('ZREM', root .. 'mw:' .. wait.b, cjson.encode({ e.id, holder }))
  touch(e)
end

local function drop(e, holder)
  local wait = e.wt[holder]
  e.wt[holder] = nil
  if next(e.wt) == nil then e.wt = nil end
  if wait.g then
    spill(e.id)
    call('HDEL', root .. 'x:' .. e.id, 'w' .. holder)
  else
    call('ZREM', root .. 'mw:' .. wait.b, cjson.encode({ e.id, holder }))
  end
  touch(e)
end

-- Holders of the waits of an execution, in the order in which they were registered.
local function holders(e)
  local found = {}
  for holder in pairs(e.wt or {}) do found[#found + 1] = holder end
  table.sort(found, function(a, b) return e.wt[a].n < e.wt[b].n end)
  return found
end

function mail.deliver(event)
  if event.m == nil then return end
  local box, isKnown = boxOf(event.nm, event.m.y), false
  for _, letter in ipairs(letters(box)) do
    if letter.un <= now then throwAway(box, letter.n)
    elseif isOf(letter, event) then isKnown = true end
  end
  if isKnown then return end
  local number = nextOf('mail')
  local field = string.format('%.0f', number)
  call('HSET', root .. 'mm:' .. box, field, cmsgpack.pack({ ss = event.ss, ev = event.id, at = now, nw = lastOf('n'), un = event.m.u }))
  call('HSET', root .. 'md:' .. box, field, cmsgpack.pack({ p = event.m.p, s = event.m.s }))
  call('ZADD', root .. 'mu', event.m.u, field .. ':' .. box)
  local served, got = {}, { pl = number, p = event.m.p, s = event.m.s }
  for _, member in ipairs(call('ZRANGE', root .. 'mw:' .. box, 0, -1)) do
    local pair = cjson.decode(member)
    local e = find(pair[1])
    local wait = e and e.wt and e.wt[pair[2]]
    if wait and not served[e.id] and not (wait.u and wait.u <= now) then
      served[e.id] = true
      give(e, pair[2], wait, got)
      E.inform(e, 'event', wait.n, pair[2])
      E.wakeFor(e, 'event')
    end
  end
end

local function nextLetter(e, box, wanted)
  local got = {}
  for number in pairs(e.sp or {}) do got[tonumber(number)] = true end
  for _, wait in pairs(e.wt or {}) do
    if wait.b == box and wait.g then got[wait.g] = true end
  end
  for _, letter in ipairs(letters(box)) do
    local isLate = wanted.u and wanted.u <= letter.at
    if not got[letter.n] and letter.un > now and letter.nw >= e.n and not isLate and letter.ev ~= wanted.x then
      return content(box, letter.n)
    end
  end
  return nil
end

-- What the wait gets, or got; false: nothing yet.
function mail.ask(e, write)
  local wait = e.wt and e.wt[write.h]
  if wait and wait.g then return cjson.decode(get(e.id, 'w' .. write.h)) end
  local box = boxOf(write.en, write.y)
  local letter = nextLetter(e, box, write)
  if letter == nil and write.o then
    if wait then drop(e, write.h) end
    return false
  end
  if wait == nil then
    wait = { n = nextOf('mail'), b = box, x = write.x }
    e.wt = e.wt or {}
    e.wt[write.h] = wait
    call('ZADD', root .. 'mw:' .. box, wait.n, cjson.encode({ e.id, write.h }))
  end
  wait.u = write.u
  touch(e)
  if letter == nil then return false end
  give(e, write.h, wait, letter)
  return letter
end

-- The execution ended: it waits for nothing any more, and keeps what it got.
function mail.ended(e)
  for _, holder in ipairs(holders(e)) do
    if not e.wt[holder].g then drop(e, holder) end
  end
end

-- Its waits end, and what they had got is there for the others, or for the next one that asks.
function mail.withdraw(e, withdrawal)
  if withdrawal.x == 'all' then return end
  local stays, boxes, seen = {}, {}, {}
  for _, holder in ipairs(withdrawal.x) do stays[holder] = true end
  for _, holder in ipairs(holders(e)) do
    if isWithin(holder, withdrawal.h) and not stays[holder] then
      local wait = e.wt[holder]
      if wait.g and not seen[wait.b] then seen[wait.b] = true; boxes[#boxes + 1] = wait.b end
      drop(e, holder)
    end
  end
  for _, box in ipairs(boxes) do
    for _, holder in ipairs(holders(e)) do
      local wait = e.wt[holder]
      if wait.b == box and not wait.g then
        local letter = nextLetter(e, box, wait)
        if letter then
          give(e, holder, wait, letter)
          E.inform(e, 'event', wait.n, holder)
          E.wakeFor(e, 'event')
        end
      end
    end
  end
end

-- Its next turn begins: it waits for nothing, and what it had got it does not get again.
function mail.turn(e)
  local spent = e.sp or {}
  for _, wait in pairs(e.wt or {}) do
    if wait.g then spent[string.format('%.0f', wait.g)] = wait.b end
  end
  for number, box in pairs(spent) do
    if call('HEXISTS', root .. 'mm:' .. box, number) == 0 then spent[number] = nil end
  end
  e.sp = next(spent) ~= nil and spent or nil
  mail.forget(e)
  touch(e)
end

function mail.forget(e)
  for _, holder in ipairs(holders(e)) do drop(e, holder) end
end

function mail.forgetExpired(limit)
  local gone = call('ZRANGEBYSCORE', root .. 'mu', '-inf', now, 'LIMIT', 0, limit)
  for _, member in ipairs(gone) do
    local colon = string.find(member, ':', 1, true)
    throwAway(string.sub(member, colon + 1), tonumber(string.sub(member, 1, colon - 1)))
  end
  return #gone
end
`;
