/**
 * Messages of one execution. Keys: `m:<execution>` what no commit has acknowledged and `i:<execution>` what it collected, both by
 * number; `k:<execution>` ids of messages, the newest acknowledged ones included. In the record: `lq` the last number, `mk` the
 * last number of each kind, `mc` how many are in `m:`.
 */
export const INBOX = /* lua */ `
local remembered = 1000

function inbox.add(e, id, kind, body)
  e.lq = e.lq + 1
  e.mc = (e.mc or 0) + 1
  e.mk = e.mk or {}
  e.mk[kind] = e.lq
  call('ZADD', root .. 'm:' .. e.id, e.lq, cjson.encode({ e.lq, id, kind, body }))
  call('ZADD', root .. 'k:' .. e.id, e.lq, id)
  touch(e)
  return e.lq
end

function inbox.knows(e, id)
  return e.mk ~= nil and call('ZSCORE', root .. 'k:' .. e.id, id) ~= false
end

function inbox.acknowledge(e, seen)
  if not e.mc or e.mc == 0 then return end
  local gone = call('ZREMRANGEBYSCORE', root .. 'm:' .. e.id, '-inf', seen)
  if gone == 0 then return end
  e.mc = e.mc - gone
  call('ZREMRANGEBYRANK', root .. 'k:' .. e.id, 0, -(e.mc + remembered + 1))
end

local function after(e, list, seen)
  if not e.mk then return false end
  for kind, number in pairs(e.mk) do
    if number > seen and stops(list, kind) then return true end
  end
  return false
end
function inbox.isWoken(e) return after(e, e.ls, e.se) end
function inbox.isSignalled(e) return inbox.isWoken(e) or after(e, 'granted,event,child', e.se) end
function inbox.isCancelled(e) return stops(e.ls, 'cancel') and after(e, 'cancel', e.se) end

-- Its process must know of what came.
function inbox.signal(e)
  if e.pl == 'u' and inbox.isSignalled(e) then call('SADD', root .. 'sg:' .. e.ow, e.id) end
end

function inbox.unseen(e, limit)
  if not e.mc or e.mc == 0 then return {} end
  return call('ZRANGEBYSCORE', root .. 'm:' .. e.id, '(' .. e.se, '+inf', 'LIMIT', 0, limit)
end
`;
