/**
 * Executions as tables that are read once and written back at the end, so that a script which fails before its first command has
 * changed nothing.
 *
 * Keys below the root: `x:<execution>` a hash with the packed record (`e`; of one created leased, what it came with), fence and
 * last commit of one that runs (`l`), how one ended whose record was left as it was (`z`), its input (`i`), journal rows (`j…`,
 * forgotten ones `h…`) and what its waits got (`w…`); `seq` counters; `beat:<tag>` how often a store object has written; `all` and
 * `s:<session>` executions in order of creation; `so:<session>` and `sessions` what is open; `counts` and `sc:<session>` numbers of
 * executions by status and definition; `defs` and `works` definitions by number. The other parts name theirs.
 *
 * A record, `e` in all parts. What a part keeps in it besides is told there.
 *
 * | field | meaning | field | meaning |
 * |---|---|---|---|
 * | `id` `n` | its id; its number in the order of creation | `st` `wr` | status; what it waits for |
 * | `d` `f` `w` | definition: id, fingerprint; number of the two | `at` `tu` `ep` | attempt, turn, epoch |
 * | `ev` `en` `sh` | event: id, name; hash of its schema | `ti` | timers by name |
 * | `ss` `ln` | session, lane | `ls` `se` | kinds of messages it listens to; number of the last one seen |
 * | `pr` `dp` | priority, depth | `va` `er` | value, error |
 * | `rt` | number of the execution that its session's chain began with | `ca` `sa` `ea` | created, started, ended at |
 * | `ow` `fe` `sk` | owner, fence, strikes | `du` `wa` | due since; its timer in `t:` |
 * | `lf` `lc` | last commit: its fence, its number | `ne` | number of its end, in the list of those that ended |
 *
 * `pl` is the one index that holds it: `r` ready in its lane, `q` the queue of its gate, `t` timers, `u` under way (`run:`), `e`
 * ended; nil: none. Fields are absent where nothing is to be said. Words of a write are those of `encode-write.ts`.
 */
export const CORE = /* lua */ `
local W, G, E, inbox, mail, family, batch, dedup, instance, apply = {}, {}, {}, {}, {}, {}, {}, {}, {}, {}

-- A part makes its functions when the first of them is called: most calls need few parts.
local function lazily(holders, part)
  local meta = {}
  meta.__index = function(holder, name)
    for _, each in ipairs(holders) do setmetatable(each, nil) end
    part()
    return holder[name]
  end
  for _, each in ipairs(holders) do setmetatable(each, meta) end
end

-- Executions.
local X, was, dirty, pending, ended = {}, {}, {}, {}, {}
-- Fence and last commit of one that runs; of one that nothing else hangs on, definition and owner, too.
local function leaseOf(e)
  if e.st ~= 'running' then return '' end
  local lease = string.format('%d:%d', e.fe, e.lf == e.fe and e.lc or 0)
  if e.g or e.ss or e.pa or e.kd or e.ba or e.wt or e.pm or e.mk then return lease end
  return lease .. ':' .. string.format('%d', e.w) .. ':' .. e.ow
end
-- What came for it while its record stayed packed: rows, or its end.
local function catchUp(e, lease, ending)
  if lease and lease ~= '' and lease ~= leaseOf(e) then
    local fence, no = string.match(lease, '^(%d+):(%d+)')
    e.lf, e.lc, e.sk = tonumber(fence), tonumber(no), 0
  elseif ending and ending ~= '' then
    local z = cmsgpack.unpack(ending)
    local change = cjson.decode(z.r)
    e.lf, e.lc, e.sk, e.ea, e.ne = e.fe, z.no, 0, z.ea, z.ne
    e.st, e.ls, e.se, e.at, e.ep, e.va, e.er = change.st, change.ls, change.se, change.at, change.ep, change.va, change.er
    e.pl, e.ow, e.wr, e.ti = 'e', nil, nil, nil
    ended[e.id] = true
  end
end
-- Of one that was created leased, and that nothing but rows and its end has touched: what it came with, behind number, instant and work.
local function unpacked(packed)
  local first = string.byte(packed)
  if first < 48 or first > 57 then return cmsgpack.unpack(packed) end
  local n, at, w, given = string.match(packed, '^(%S+) (%S+) (%S+) (.*)$')
  local e = cjson.decode(given)
  e.n, e.w, e.ca, e.sa, e.du = tonumber(n), tonumber(w), tonumber(at), tonumber(at), tonumber(at)
  e.st, e.pl, e.at, e.tu, e.ep, e.se = 'running', 'u', 1, 0, 0, 0
  e.fe, e.sk, e.lf, e.lc, e.lq = 1, 1, 0, 0, 0
  return e
end
local function keep(id, packed, lease, ending)
  local e = packed and unpacked(packed) or false
  X[id] = e
  if not e then return nil end
  catchUp(e, lease, ending)
  was[id] = { st = e.st, d = e.d, w = e.w }
  return e
end
local function find(id)
  local e = X[id]
  if e == nil then
    local found = call('HMGET', root .. 'x:' .. id, 'e', 'l', 'z')
    return keep(id, found[1], found[2], found[3])
  end
  return e or nil
end
local function touch(e) dirty[e.id] = e end

-- Fields of the execution's hash beside its record.
local function put(id, field, value)
  local fields = pending[id]
  if fields == nil then fields = {}; pending[id] = fields end
  fields[field] = value
end
local function get(id, field)
  local fields = pending[id]
  if fields and fields[field] then return fields[field] end
  return call('HGET', root .. 'x:' .. id, field)
end
local function spill(id)
  local fields = pending[id]
  if fields == nil then return end
  pending[id] = nil
  local values = {}
  for field, value in pairs(fields) do values[#values + 1] = field; values[#values + 1] = value end
  send('HSET', root .. 'x:' .. id, values)
end

local function stops(list, kind)
  return string.find(',' .. list .. ',', ',' .. kind .. ',', 1, true) ~= nil
end

local function recount(e, old, new)
  local before, after = old and old.st .. ' ' .. old.w, new and new.st .. ' ' .. new.w
  if old then bump('counts', before, -1) end
  if new then bump('counts', after, 1) end
  if e.ss == nil then return end
  local wasOpen = old and not terminal[old.st]
  local isOpen = new and not terminal[new.st]
  if old then bump('sc:' .. e.ss, before, -1) end
  if new then bump('sc:' .. e.ss, after, 1) end
  if isOpen and not wasOpen then
    call('ZADD', root .. 'so:' .. e.ss, e.n, e.id)
    call('ZADD', root .. 'sessions', 0, e.ss)
  elseif wasOpen and not isOpen then
    call('ZREM', root .. 'so:' .. e.ss, e.id)
    if call('EXISTS', root .. 'so:' .. e.ss) == 0 then call('ZREM', root .. 'sessions', e.ss) end
  end
end

local flushes = {}
local function flush()
  for _, also in ipairs(flushes) do also() end
  for id, e in pairs(dirty) do
    local old = was[id]
    if old == nil or old.st ~= e.st or old.w ~= e.w then
      recount(e, old, e)
      was[id] = { st = e.st, d = e.d, w = e.w }
    end
    local values, fields = { 'e', cmsgpack.pack(e), 'l', leaseOf(e) }, pending[id]
    if fields then
      for field, value in pairs(fields) do values[#values + 1] = field; values[#values + 1] = value end
      pending[id] = nil
    end
    if ended[id] then values[#values + 1] = 'z'; values[#values + 1] = '' end
    send('HSET', root .. 'x:' .. id, values)
  end
  for id in pairs(pending) do spill(id) end
  dirty = {}
  sendLedger()
end

local function answer(reply)
  reply.t = now
  return cjson.encode(reply)
end

-- The record as it is read from outside.
local function record(e)
  local copy = {}
  for name, value in pairs(e) do copy[name] = value end
  copy.i = get(e.id, 'i') or ''
  copy.sp, copy.pm, copy.wt, copy.ad, copy.ba, copy.mk = nil, nil, nil, nil, nil, nil
  return copy
end

-- Journal rows of the current turn, of epochs that have begun.
local function rows(e)
  spill(e.id)
  local found, start = {}, 'j' .. e.tu .. '.'
  local all = call('HGETALL', root .. 'x:' .. e.id)
  for at = 1, #all, 2 do
    local field = all[at]
    if string.sub(field, 1, #start) == start then
      local epoch = string.sub(field, #start + 1, string.find(field, '.', #start + 1, true) - 1)
      if tonumber(epoch) <= e.ep then found[#found + 1] = all[at + 1] end
    end
  end
  return found
end

local function isWithin(holder, named)
  return holder == named or string.sub(holder, 1, #named + 1) == named .. '/'
end
`;
