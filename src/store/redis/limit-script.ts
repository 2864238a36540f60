/** The Lua script that adds to the counts of limits. */

import { overSlotsMax } from '../limit-counts.ts';
import { script } from './scripts.ts';

/**
 * Adds to the counts of limits. Keys: one per limit. Arguments: the replica's field, then for each key a JSON
 * list of sequence, oldest slot, how long to keep it in ms, and slot, known count and added count of each
 * slot. Answers for each key 1 if it held what is no count, then slots and their totals; or -1 if it is none.
 */
export const countLimitsScript = script(`
local function count(text)
  local n = tonumber(text)
  if n and n >= 0 and n <= 9007199254740991 and n == math.floor(n) then return n end
end
local function before(one, other) return tonumber(one) < tonumber(other) end
local answers = {}
for n, key in ipairs(KEYS) do
  local asked = cjson.decode(ARGV[n + 1])
  local sequence, oldest, keep = asked[1], asked[2], asked[3]
  local stored = redis.pcall('HGETALL', key)
  local sums, over, gone, answer, last = {}, {}, {}, {0}, -1
  if stored.err then
    answers[n] = {-1}
  else
    for i = 1, #stored, 2 do
      local field, value = stored[i], count(stored[i + 1])
      local slot = count(field)
      if field == ARGV[1] then
        last = value or -1
      elseif string.sub(field, 1, 1) == '@' then
        if not value or value < sequence - 3600000 then gone[#gone + 1] = field end
      elseif not slot or not value then
        answer[1] = 1
        gone[#gone + 1] = field
      else
        sums[field] = value
        if slot < oldest then over[#over + 1] = field end
      end
    end
    table.sort(over, before)
    for i = 1, #over - ${overSlotsMax} do
      gone[#gone + 1] = over[i]
      sums[over[i]] = nil
    end
    if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
    if #asked > 3 then
      for i = 4, #asked, 3 do
        local slot = string.format('%.0f', asked[i])
        local sum = math.max(sums[slot] or 0, asked[i + 1])
        if sequence > last then sum = sum + asked[i + 2] end
        sums[slot] = math.min(sum, 9007199254740991)
        redis.call('HSET', key, slot, string.format('%.0f', sums[slot]))
      end
      if sequence > last then redis.call('HSET', key, ARGV[1], string.format('%.0f', sequence)) end
      redis.call('PEXPIRE', key, keep)
    end
    for slot, sum in pairs(sums) do
      answer[#answer + 1] = slot
      answer[#answer + 1] = string.format('%.0f', sum)
    end
    answers[n] = answer
  end
end
return answers`);
