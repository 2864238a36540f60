/** The Lua scripts of documents. All keys of a collection are in one slot of a Cluster. */

import { type Script, script, urgent } from './scripts.ts';

const endText = `
local function endOf(text)
  return tonumber(string.match(text, '^{"rev":%d+,"change":"[^"]*","until":(%d+),') or 'inf')
end`;

const changeText = `${endText}
local id, before, change, text, ends, event, now = unpack(ARGV)
local held = redis.call('HGET', KEYS[2], id)
if held and string.sub(held, 1, #change + 1) == change .. ' ' then return {'done'} end
if held then return {'pending', held} end
local stored = redis.call('GET', KEYS[1])
local revision, last = '0', ''
if stored then
  revision, last = string.match(stored, '^{"rev":(%d+),"change":"([^"]*)"')
  if last == change then return {'done'} end
  if endOf(stored) <= tonumber(now) then revision = '0' end
end
if revision ~= before then return {'conflict'} end
if text == '' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[3], id)
else
  redis.call('SET', KEYS[1], text)
  redis.call('ZADD', KEYS[3], 0, id)
end
if ends ~= '' then redis.call('ZADD', KEYS[4], ends, id) else redis.call('ZREM', KEYS[4], id) end
if event ~= '' then
  local time = redis.call('TIME')
  local at = time[1] .. string.sub('00000' .. time[2], -6, -4)
  redis.call('HSET', KEYS[2], id, change .. ' ' .. at .. ' ' .. event)
end
return {'done'}`;

/**
 * Changes a document that is at the given revision. Keys: document, events, ids, ends. Arguments: id,
 * revision before or 0, id of the change, text or "" to remove it, end in ms or "", event or "", now
 * in ms. Answers done (also when it was made before), conflict, or pending with the other change,
 * whose event is not in the log yet.
 */
export const createDocumentScript = script(changeText);

/** createDocumentScript for a document that exists: removing must work while the memory is full. */
export const changeDocumentScript: Script = urgent(changeText);

/** Removes an event that is in the log. Key: events. Arguments: id of the document, of the change. */
export const loggedScript = urgent(`
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.sub(held, 1, #ARGV[2] + 1) == ARGV[2] .. ' ' then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1`);

/**
 * What is left to do in a collection. Keys: events, ends. Arguments: minimum age of an event in ms, now
 * in ms, how many of each at most. Answers a list of ids and events in turn, and one of ids.
 */
export const dueScript = script(`
local time = redis.call('TIME')
local before = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 - tonumber(ARGV[1])
local events = {}
local all = redis.call('HGETALL', KEYS[1])
for n = 1, #all, 2 do
  if #events >= 2 * tonumber(ARGV[3]) then break end
  if tonumber(string.match(all[n + 1], '^%S+ (%d+) ')) <= before then
    events[#events + 1] = all[n]
    events[#events + 1] = all[n + 1]
  end
end
return {events, redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])}`);

/**
 * Removes documents that are over, by the clock of Redis too: one replica whose clock is ahead must not remove what
 * the others need. Keys: ids, ends, then each document. Arguments: now in ms, then the id of each. Answers how many.
 */
export const pruneScript = urgent(`${endText}
local time = redis.call('TIME')
local now = math.min(tonumber(ARGV[1]), tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000)
for n = 3, #KEYS do
  local text, id = redis.call('GET', KEYS[n]), ARGV[n - 1]
  if not text or endOf(text) <= now then
    redis.call('DEL', KEYS[n])
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
  end
end
return #KEYS - 2`);
