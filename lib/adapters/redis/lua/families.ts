/**
 * Executions that others wait for, and executions that collect events. Keys: `c:<execution>` its children and where each is waited
 * for; `batches` the newest execution of each name that collects; `holders` which execution has the event that came with an id.
 * In the record: `pa` who waits for it, `kd` it has children, `ba` what it collects.
 */
export const FAMILIES = /* lua */ `
function family.join(child, parent, holder)
  child.pa = { id = parent.id, h = holder }
  parent.kd = true
  call('HSET', root .. 'c:' .. parent.id, child.id, holder)
  touch(child)
  touch(parent)
end

-- Whether it has to be kept although it ended.
function family.keeps(e)
  local parent = e.pa and find(e.pa.id)
  return parent ~= nil and not terminal[parent.st]
end

-- Without a holder: all of them.
local function children(e, holder)
  local found = {}
  if not e.kd then return found end
  local all = call('HGETALL', root .. 'c:' .. e.id)
  for at = 1, #all, 2 do
    local child = (holder == nil or isWithin(all[at + 1], holder)) and find(all[at])
    if child then found[#found + 1] = { e = child, h = all[at + 1] } end
  end
  table.sort(found, function(a, b) return a.e.n < b.e.n end)
  return found
end

local function part(child)
  local parent = child.pa and child.pa.id
  if not parent then return end
  child.pa = nil
  touch(child)
  call('HDEL', root .. 'c:' .. parent, child.id)
end

local function freeChild(child)
  if child.pl == nil and terminal[child.st] then E.finish(child) end
end

local function cancelChild(child, parent)
  E.inform(child, 'cancel', parent.n, nil)
  E.wakeFor(child, 'cancel')
end

function family.ended(e)
  local parent = e.pa and find(e.pa.id)
  if parent and not terminal[parent.st] then
    E.inform(parent, 'child', e.n, e.id)
    E.wakeFor(parent, 'child')
  end
  for _, child in ipairs(children(e)) do
    if terminal[child.e.st] then freeChild(child.e) else cancelChild(child.e, e) end
  end
end

-- The parent does not wait for those any more; without a holder: for none.
function family.withdraw(e, holder)
  for _, child in ipairs(children(e, holder)) do
    part(child.e)
    if terminal[child.e.st] then freeChild(child.e) else cancelChild(child.e, e) end
  end
end

function family.forget(e)
  part(e)
  for _, child in ipairs(children(e)) do
    part(child.e)
    freeChild(child.e)
  end
end

function batch.holder(id)
  local holder = call('HGET', root .. 'holders', id)
  return holder and find(holder) or nil
end

-- The one that takes events of that name.
function batch.open(name)
  local id = call('HGET', root .. 'batches', name)
  local e = id and find(id)
  return e and e.ba and e.ba.op and e or nil
end

function batch.close(e)
  e.ba.op = nil
  touch(e)
end

function batch.add(e, id, item)
  e.ba.c = e.ba.c + 1
  e.lq = e.lq + 1
  call('ZADD', root .. 'i:' .. e.id, e.lq, cjson.encode({ e.lq, id, 'item', item }))
  call('HSET', root .. 'holders', id, e.id)
  e.ba.ls = e.lq
  touch(e)
end

function batch.forget(e)
  if not e.ba then return end
  if call('HGET', root .. 'batches', e.ba.n) == e.id then call('HDEL', root .. 'batches', e.ba.n) end
  for _, item in ipairs(call('ZRANGE', root .. 'i:' .. e.id, 0, -1)) do
    call('HDEL', root .. 'holders', cjson.decode(item)[2])
  end
  call('DEL', root .. 'i:' .. e.id)
end

local function collectDueAt(rule, openedAt)
  local at = (rule.sl and now or openedAt) + rule.fa
  return rule.mw and math.min(at, openedAt + rule.mw) or at
end

-- The execution that the event goes to: the one that has it, the open one of its name, or a new one.
function batch.collect(event, execution)
  local rule = execution.co
  local holder = batch.holder(execution.id)
  if holder then return holder end
  local e = batch.open(rule.n)
  if e == nil then
    local dueAt = rule.mo == 1 and now or collectDueAt(rule, now)
    execution.du, execution.ow = dueAt, nil
    e = E.create(event, execution)
    e.ba = { n = rule.n, oa = now, du = math.max(dueAt, now), op = true, c = 0, ls = 0 }
    call('HSET', root .. 'batches', rule.n, e.id)
  end
  batch.add(e, execution.id, rule.it)
  local isFull = e.ba.c >= rule.mo
  if isFull then batch.close(e) end
  if e.ba.du > now and e.pl == 't' then
    local dueAt = isFull and now or collectDueAt(rule, e.ba.oa)
    e.ba.du = math.max(dueAt, now)
    if dueAt <= now then
      E.ready(e)
      told.woken = true
    else
      W.unplace(e)
      W.schedule(e, dueAt)
    end
  end
  return e
end
`;
