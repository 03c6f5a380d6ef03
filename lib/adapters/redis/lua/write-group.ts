/**
 * A group of writes, each whole or not at all: JSON, or for the three most frequent, plain arguments: `row` and five for a commit of
 * one journal row, `end` and five for one that only ends its execution, `new` and six for an event that starts one execution,
 * leased. These leave the record packed: what they must know of it is in `l` beside it. Rows alone need no ledger, and the
 * functions of all else are made when one of it comes.
 *
 * Answered for each: 0 done, the number of the execution that `new` created, or a verdict.
 */
export function writeGroup(ledger: string, engine: string): string {
  return /* lua */ `
local already = '{"v":"already"}'
-- What comes behind fence and last commit in the lease, if the commit may follow; else nil, and whether it was there before.
local function follows(lease, fence, no)
  local own = fence .. ':'
  if not lease or string.sub(lease, 1, #own) ~= own then return nil, false end
  local lastNo, rest = string.match(lease, '^(%d+)(.*)$', #own + 1)
  if tonumber(no) <= tonumber(lastNo) then return nil, true end
  return rest, false
end

local begun
local function row(id, fence, no, field, text)
  if begun and begun.holds(id) then return nil end
  local key = root .. 'x:' .. id
  local found = call('HMGET', key, 'l', field)
  local rest, isKnown = follows(found[1], fence, no)
  if isKnown and found[2] == text then return already end
  if not rest or found[2] then return nil end
  call('HSET', key, 'l', fence .. ':' .. no .. rest, field, text)
  return '0'
end

local function open()
${ledger}
local function ending(id, fence, no, status, change)
  if begun and begun.holds(id) then return nil end
  local key = root .. 'x:' .. id
  local rest = follows(call('HGET', key, 'l'), fence, no)
  local w, owner = string.match(rest or '', '^:(%d+):(.*)$')
  if not w then return nil end
  local number = nextOf('end')
  call('HSET', key, 'l', '', 'z', cmsgpack.pack({ no = tonumber(no), ea = now, ne = number, r = change }))
  runOf(owner)[id] = false
  finished(status, number, id)
  bump('counts', 'running ' .. w, -1)
  bump('counts', status .. ' ' .. w, 1)
  settled(id)
  told.changed = true
  return '0'
end

local numbers, owners, instant = {}, {}, string.format('%.0f', now)
local function creating(id, d, f, owner, given, input)
  if begun and begun.holds(id) then return nil end
  local definition = #d .. ':' .. d .. f
  local w = numbers[definition] or call('HGET', root .. 'defs', definition)
  local key = root .. 'x:' .. id
  if not w or call('EXISTS', key) == 1 then return nil end
  numbers[definition] = w
  local n = nextOf('n')
  local number = string.format('%.0f', n)
  call('HSET', key, 'e', number .. ' ' .. instant .. ' ' .. w .. ' ' .. given, 'l', '1:0:' .. w .. ':' .. owner, 'i', input)
  created[#created + 1] = n
  created[#created + 1] = id
  runOf(owner)[id] = w
  if not owners[owner] then
    owners[owner] = true
    call('ZADD', root .. 'lease', 'NX', 0, owner)
  end
  bump('counts', 'running ' .. w, 1)
  return number
end

local function begin()
${engine}
  begun = {
    apply = apply,
    flush = flush,
    holds = function(id) return X[id] ~= nil or pending[id] ~= nil end,
  }
end

local function other(kind, write)
  if not begun then begin() end
  return cjson.encode(begun.apply[kind](write))
end

local function close()
  if begun then begun.flush() else sendLedger() end
  return instant
end
return { ending = ending, creating = creating, other = other, close = close }
end

local ledger
local function opened()
  ledger = ledger or open()
  return ledger
end

-- A new execution as the parts know it.
local function published(id, d, f, owner, given, input)
  local e = cjson.decode(given)
  local execution = { id = id, d = d, f = f, i = input, s = e.sh, l = e.ln, p = e.pr, dp = e.dp, ow = owner, ls = e.ls }
  return { e = { { id = e.ev, nm = e.en, x = { execution } } } }
end

local verdicts, at = {}, 3
while ARGV[at] do
  local verdict
  if ARGV[at] == 'row' then
    local id, fence, no, field, text = unpack(ARGV, at + 1, at + 5)
    verdict = row(id, fence, no, field, text)
      or opened().other('c', { id = id, fe = tonumber(fence), no = tonumber(no), c = { { field, text } } })
    at = at + 6
  elseif ARGV[at] == 'end' then
    local id, fence, no, status, change = unpack(ARGV, at + 1, at + 5)
    verdict = opened().ending(id, fence, no, status, change)
      or ledger.other('c', { id = id, fe = tonumber(fence), no = tonumber(no), r = cjson.decode(change) })
    at = at + 6
  elseif ARGV[at] == 'new' then
    verdict = opened().creating(unpack(ARGV, at + 1, at + 6))
      or ledger.other('p', published(unpack(ARGV, at + 1, at + 6)))
    at = at + 7
  else
    local write = cjson.decode(ARGV[at])
    verdict = opened().other(write.k, write)
    at = at + 1
  end
  verdicts[#verdicts + 1] = verdict
end
return '{"t":' .. (ledger and ledger.close() or 0) .. ',"b":' .. beat() .. ',"v":[' .. table.concat(verdicts, ',') .. ']}'
`;
}
