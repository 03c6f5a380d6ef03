/**
 * Who asks, and when. Each script goes on in a function of its own, and so does each part: Lua finds what is around a function at
 * once, and looks for what stands beside it among all variables in sight, one after the other; a hundred functions side by side
 * would cost more than most writes do.
 */
export const HEAD = /* lua */ `
local root, call = KEYS[1] .. ':', redis.call
-- Marks before the tag. Plus: the writer hears the channel of changes itself, and so does everyone who is counted here. An
-- exclamation mark: its count is to be remembered for another day.
local marks, tag = string.match(ARGV[2], '^([!+]*)(.*)$')

-- Counts the writes of a store object: a count that goes back tells it that the server lost some. It is forgotten a day after who
-- writes asked to remember it, which it does every hour; who has not written for half a day expects no count any more.
local function beat()
  local key = root .. 'beat:' .. tag
  local count = call('INCR', key)
  if count == 1 or string.find(marks, '!', 1, true) then call('PEXPIRE', key, 24 * 60 * 60 * 1000) end
  return count
end
`;

/** The instant of everything that a script does. */
export const NOW = /* lua */ `
local now
if ARGV[1] == '' then
  local time = call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else
  now = tonumber(ARGV[1])
end
`;
