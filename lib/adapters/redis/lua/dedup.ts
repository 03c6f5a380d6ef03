/**
 * Explicit event ids by session. Keys: `y:<session and id>` what is remembered, `yu` by when it expires, `o:<execution>` how one
 * ended that retention has removed.
 */
export const DEDUP = /* lua */ `
local forgottenAtOnce = 4

function dedup.nameOf(event)
  return (event.ss and #event.ss .. ':' .. event.ss or '-') .. ':' .. event.id
end

local rowsSeen = {}
function dedup.find(event)
  local name = dedup.nameOf(event)
  local row = rowsSeen[name]
  if row == nil then
    local packed = call('GET', root .. 'y:' .. name)
    row = packed and cmsgpack.unpack(packed) or false
    rowsSeen[name] = row
  end
  return row and row.u > now and row or nil
end

local function remove(name)
  local packed = call('GET', root .. 'y:' .. name)
  if packed then
    for _, execution in ipairs(cmsgpack.unpack(packed).x) do call('DEL', root .. 'o:' .. execution.id) end
  end
  rowsSeen[name] = nil
  call('DEL', root .. 'y:' .. name)
  call('ZREM', root .. 'yu', name)
end

function dedup.forgetExpired(limit)
  local gone = call('ZRANGEBYSCORE', root .. 'yu', '-inf', now, 'LIMIT', 0, limit)
  for _, name in ipairs(gone) do remove(name) end
  return #gone
end

function dedup.add(event, executions)
  dedup.forgetExpired(forgottenAtOnce)
  local name = dedup.nameOf(event)
  remove(name)
  local row = { h = event.h, u = event.u, c = now, x = executions }
  rowsSeen[name] = row
  call('SET', root .. 'y:' .. name, cmsgpack.pack(row))
  call('ZADD', root .. 'yu', event.u, name)
end

-- Keeps how an execution ended when its record is removed, if its event id is remembered.
function dedup.keepOutcome(e)
  local row = dedup.find({ id = e.ev, ss = e.ss })
  if not row then return end
  for _, execution in ipairs(row.x) do
    if execution.id == e.id then
      local copy = record(e)
      copy.i, copy.ti, copy.ls, copy.ow = '', nil, '', nil
      call('SET', root .. 'o:' .. e.id, cmsgpack.pack({ u = row.u, r = copy }))
      return
    end
  end
end

function dedup.outcome(id)
  local packed = call('GET', root .. 'o:' .. id)
  local kept = packed and cmsgpack.unpack(packed)
  return kept and kept.u > now and kept.r or nil
end
`;
