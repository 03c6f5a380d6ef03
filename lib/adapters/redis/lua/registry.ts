/**
 * Processes. Keys: `procs` what each declared, `lease` until when it lives, `run:<process>` what it runs, `sg:<process>` what of
 * that has messages.
 */
export const REGISTRY = /* lua */ `
function W.forget(process)
  call('ZREM', root .. 'lease', process)
  call('HDEL', root .. 'procs', process)
  call('DEL', root .. 'sg:' .. process)
end

function W.liveProcesses()
  local live = call('ZRANGEBYSCORE', root .. 'lease', '(' .. string.format('%.0f', now), '+inf')
  local found = {}
  for at = 1, #live, 1000 do
    for _, text in ipairs(call('HMGET', root .. 'procs', unpack(live, at, math.min(at + 999, #live)))) do
      if text then found[#found + 1] = text end
    end
  end
  return found
end

function W.signalled(process)
  local found, key = {}, root .. 'sg:' .. process
  for _, id in ipairs(call('SMEMBERS', key)) do
    local e = find(id)
    if e and e.pl == 'u' and e.ow == process and inbox.isSignalled(e) then found[#found + 1] = id
    else call('SREM', key, id) end
  end
  return found
end

-- Definitions by number of which something is open.
function W.openWorks()
  local found, seen, counts = {}, {}, call('HGETALL', root .. 'counts')
  for at = 1, #counts, 2 do
    local status, w = string.match(counts[at], '^(%S+) (.*)$')
    if not terminal[status] and not seen[w] and tonumber(counts[at + 1]) > 0 then
      seen[w] = true
      found[#found + 1] = cjson.decode(call('HGET', root .. 'works', w))
    end
  end
  return found
end
`;
