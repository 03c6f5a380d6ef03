/**
 * What is due now and what will be. Keys: `l:<work>` lanes with ready work by turn, `q:<work>:<lane>` ready executions by rank,
 * `t:<work>` timers, `run:<process>` running executions and their work, `lease` until when processes live (0: it never registered,
 * or left), `ended:c` and `ended:f` lists of what ended, oldest first: what was reopened since stays there until its turn comes. In
 * the record: `w` number of the definition, `pl` where it is, `ne` its number there.
 */
export const WORK = /* lua */ `
local numbers = {}

function W.number(d, f)
  local field = #d .. ':' .. d .. f
  local w = numbers[field]
  if w then return w end
  w = call('HGET', root .. 'defs', field)
  if not w then
    w = nextOf('work')
    call('HSET', root .. 'defs', field, w)
    call('HSET', root .. 'works', w, cjson.encode({ d, f }))
  end
  w = tonumber(w)
  numbers[field] = w
  return w
end

function W.rank(priority, number) return (100 - priority) * 1e13 + number end

function W.enqueue(e)
  call('ZADD', root .. 'q:' .. e.w .. ':' .. e.ln, W.rank(e.pr, e.n), e.id)
  call('ZADD', root .. 'l:' .. e.w, 'NX', nextOf('turn'), e.ln)
  e.pl = 'r'
  told.due = true
  touch(e)
end

-- Whether its gate lets it; else it is in the queue there.
function W.passes(e)
  if e.g == nil or G.enter(e) then return true end
  e.st, e.wr, e.pl = 'waiting', 'gate', 'q'
  touch(e)
  return false
end

function W.receive(e)
  if W.passes(e) then W.enqueue(e) end
end

function W.schedule(e, at)
  e.wa, e.pl = at, 't'
  told.due = true
  call('ZADD', root .. 't:' .. e.w, at, e.id)
  touch(e)
end

function W.unqueue(w, lane, id)
  local queue = root .. 'q:' .. w .. ':' .. lane
  call('ZREM', queue, id)
  if call('EXISTS', queue) == 1 then return end
  call('ZREM', root .. 'l:' .. w, lane)
end

-- Takes it out of whatever index holds it.
function W.unplace(e)
  if e.pl == 'u' then
    runOf(e.ow)[e.id] = false
    e.ow = nil
  elseif e.pl == 't' then call('ZREM', root .. 't:' .. e.w, e.id)
  elseif e.pl == 'r' then W.unqueue(e.w, e.ln, e.id)
  end
  e.pl = nil
  touch(e)
end

local owners = {}
function W.place(e, owner)
  runOf(owner)[e.id] = e.w
  if not owners[owner] then
    owners[owner] = true
    call('ZADD', root .. 'lease', 'NX', 0, owner)
  end
  e.ow, e.pl = owner, 'u'
  touch(e)
end

-- Its timer is due.
function W.fire(e)
  call('ZREM', root .. 't:' .. e.w, e.id)
  e.st, e.wr, e.pl, e.du = 'pending', nil, nil, e.wa
  touch(e)
  W.receive(e)
end

function W.isLive(process)
  local til = call('ZSCORE', root .. 'lease', process)
  return til and tonumber(til) > now, tonumber(til or 0)
end
`;
