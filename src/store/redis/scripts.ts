/** The Lua scripts of the Redis store. Each one is an atomic step. */

import { hash } from 'node:crypto';
import { changesChannel } from './keys.ts';

/** A script. */
export interface Script {
  /** Its Lua source. */
  text: string;
  /** SHA-1 of the source, in hexadecimal, by which EVALSHA names it. */
  sha: string;
  /** The same script without flags, for a Redis before version 7, which refuses them. */
  plain?: Script;
}

/** A script that Redis refuses while its memory is full. */
export function script(text: string): Script {
  return { text, sha: hash('sha1', text) };
}

/** A script that runs while the memory is full, to complete a change or revoke a token. */
export function urgent(text: string): Script {
  return { ...script(`#!lua flags=allow-oom\n${text}`), plain: script(text) };
}

const beginText = `
local intents, pending, request, event = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local tokenId, eventId, change, requestId = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if requestId ~= '' then
  local stored = redis.call('GET', request)
  if stored then return {'repeated', stored} end
  local holder = redis.call('HGET', pending, requestId)
  local held = holder and redis.call('HGET', intents, holder)
  if held then return {'pending', held} end
end
if redis.call('EXISTS', event) == 1 then return {'recorded'} end
local other = redis.call('HGET', intents, tokenId)
if other then return {'pending', other} end
local time = redis.call('TIME')
local now = time[1] .. string.sub('00000' .. time[2], -6, -4)
redis.call('HSET', intents, tokenId, eventId .. ' ' .. now .. ' ' .. change)
if requestId ~= '' then redis.call('HSET', pending, requestId, tokenId) end
return {'begun'}`;

/**
 * Writes the intent of a change, unless the change was made before or another one is under way.
 * Keys: intents, pending, request, event. Arguments: token id, event id, intent, request key or "".
 * Answers begun, recorded (the event exists), repeated with the stored request, or pending with the
 * other intent.
 */
export const beginScript = script(beginText);

/** beginScript for an access token that exists: revoking must work while the memory is full. */
export const urgentBeginScript = urgent(beginText);

/**
 * Writes the record if it is at the revision that the change is based on, and not revoked.
 * Key: record. Arguments: new record, event id as stored in it, previous revision or "". Answers
 * done (also when it was written before) or conflict.
 */
export const applyScript = urgent(`
local text = redis.call('GET', KEYS[1])
if text then
  local current = cjson.decode(text)
  if current.event == ARGV[2] then return 'done' end
  if current.revokedAt ~= nil then return 'conflict' end
  if ARGV[3] == '' or current.rev ~= tonumber(ARGV[3]) then return 'conflict' end
elseif ARGV[3] ~= '' then
  return 'conflict'
end
redis.call('SET', KEYS[1], ARGV[1])
return 'done'`);

/**
 * Publishes an invalidation. PCALL, because a user without the right to publish must still be able
 * to write, and Redis does not undo what a script did before it failed.
 */
const publishText = `
local function publish(...)
  redis.pcall('PUBLISH', '${changesChannel}', table.concat({...}, ' '))
end`;

/** Appends an entry to the log, if the log's end is the one the caller knows, and publishes it. */
const linkText = `${publishText}
local function link(audit, event, ofToken, previous, sequence, hash, entry, keepMs, tokenId)
  local last = redis.call('XREVRANGE', audit, '+', '-', 'COUNT', 1)[1]
  local at = last and string.match(last[1], '^%d+') or '0'
  local lastHash = last and last[2][2] or string.rep('0', 64)
  if lastHash ~= previous or tonumber(sequence) ~= tonumber(at) + 1 then
    local time = last and string.format('%.0f', cjson.decode(last[2][4]).time) or '0'
    return {'moved', at, lastHash, time}
  end
  redis.call('XADD', audit, sequence .. '-1', 'hash', hash, 'entry', entry)
  redis.call('SET', event, sequence, 'PX', keepMs)
  if ofToken ~= '' then redis.call('ZADD', ofToken, sequence, sequence) end
  publish(sequence, previous, hash, tokenId)
end`;

/** Whether the access token's intent is still that of this event. */
const heldText = `
local function held(intents, tokenId, eventId)
  local intent = redis.call('HGET', intents, tokenId)
  return intent and string.sub(intent, 1, #eventId + 1) == eventId .. ' '
end`;

/**
 * Completes a change whose record was written: audit log, indexes, request. Keys: intents, pending,
 * audit, event, audit of the token, created, expiry, previous owner, new owner, request. Arguments:
 * token id, event id, previous hash, sequence, hash, entry, time in ms for which the event's id is
 * remembered, previous and new expiry member or "", 1 or 0 for a previous and a new owner, request
 * key or "", request, end of its retention in ms since 1970, 1 or 0 for an entry about a token.
 * Answers linked, moved with the log's end, or gone with 1 when the event is recorded.
 */
export const finishScript = urgent(`${linkText}${heldText}
local tokenId, eventId, requestId = ARGV[1], ARGV[2], ARGV[12]
if not held(KEYS[1], tokenId, eventId) then return {'gone', redis.call('EXISTS', KEYS[4])} end
if redis.call('EXISTS', KEYS[4]) == 0 then
  local ofToken = ARGV[15] == '1' and KEYS[5] or ''
  local moved = link(KEYS[3], KEYS[4], ofToken, ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], tokenId)
  if moved then return moved end
end
redis.call('ZADD', KEYS[6], 0, tokenId)
if ARGV[8] ~= '' then redis.call('ZREM', KEYS[7], ARGV[8]) end
if ARGV[9] ~= '' then redis.call('ZADD', KEYS[7], 0, ARGV[9]) end
if ARGV[10] == '1' then redis.call('ZREM', KEYS[8], tokenId) end
if ARGV[11] == '1' then redis.call('ZADD', KEYS[9], 0, tokenId) end
if requestId ~= '' then
  redis.call('SET', KEYS[10], ARGV[13])
  redis.call('PEXPIREAT', KEYS[10], ARGV[14])
  redis.call('HDEL', KEYS[2], requestId)
end
redis.call('HDEL', KEYS[1], tokenId)
return {'linked'}`);

/**
 * Removes the intent of a change that conflicts with the record. Keys: intents, pending, event.
 * Arguments: token id, event id, request key or "". Answers dropped, or gone with 1 when the event
 * is recorded.
 */
export const dropScript = urgent(`${heldText}
if not held(KEYS[1], ARGV[1], ARGV[2]) then return {'gone', redis.call('EXISTS', KEYS[3])} end
if ARGV[3] ~= '' then redis.call('HDEL', KEYS[2], ARGV[3]) end
redis.call('HDEL', KEYS[1], ARGV[1])
return {'dropped'}`);

const appendText = `${linkText}
if redis.call('EXISTS', KEYS[2]) == 1 then return {'recorded'} end
local ofToken = ARGV[6] == '1' and KEYS[3] or ''
return link(KEYS[1], KEYS[2], ofToken, ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], '') or {'linked'}`;

/**
 * Appends an event that belongs to no change. Keys: audit, event, audit of the token. Arguments:
 * previous hash, sequence, hash, entry, time in ms for which the event's id is remembered, 1 or 0
 * for an entry about a token. Answers linked, recorded (it exists), or moved with the log's end.
 */
export const appendScript = script(appendText);

/** appendScript for the event of a document whose change was made already. */
export const urgentAppendScript = urgent(appendText);

/**
 * Sets a key whose value is still the given one, and publishes it. Answers 1, or 0 for another value.
 * Key: the entry. Arguments: its name in the index, old value or "" for none, new value.
 */
export const replaceEntryScript = script(`${publishText}
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
publish('imported', ARGV[1])
return 1`);

/**
 * Sets a key that has no value, and publishes it. Answers the value that the key has now.
 * Key: the entry. Arguments: its name in the index, value.
 */
export const reserveScript = script(`${publishText}
local held = redis.call('GET', KEYS[1])
if held then return held end
redis.call('SET', KEYS[1], ARGV[2])
publish('imported', ARGV[1])
return ARGV[2]`);

/** The intents of a minimum age. Key: intents. Arguments: age in ms, how many at most. */
export const overdueScript = script(`
local time = redis.call('TIME')
local before = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000 - tonumber(ARGV[1])
local found = {}
local intents = redis.call('HVALS', KEYS[1])
for _, intent in ipairs(intents) do
  if #found >= tonumber(ARGV[2]) then break end
  if tonumber(string.match(intent, '^%S+ (%d+) ')) <= before then found[#found + 1] = intent end
end
return found`);

/**
 * The audit entries of one access token, as alternating hash and entry. Keys: audit of the token,
 * audit. Arguments: "newest" or "oldest", sequence to start after, how many.
 */
export const tokenEventsScript = script(`
local places
if ARGV[1] == 'newest' then
  places = redis.call('ZREVRANGEBYSCORE', KEYS[1], '(' .. ARGV[2], '-inf', 'LIMIT', 0, ARGV[3])
else
  places = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[2], '+inf', 'LIMIT', 0, ARGV[3])
end
local found = {}
for _, place in ipairs(places) do
  local entry = redis.call('XRANGE', KEYS[2], place .. '-1', place .. '-1')[1]
  if entry then
    found[#found + 1] = entry[2][2]
    found[#found + 1] = entry[2][4]
  end
end
return found`);

/**
 * Adds to the counts of days. Keys: one per count, of any access tokens. Arguments: days to keep, then
 * day, count and last use of each. Returns 1 for each that was added, and 0 for one that was refused.
 */
export const addUsageScript = script(`
local added = {}
for n, key in ipairs(KEYS) do
  local day, count, used, from = unpack(ARGV, 4 * n - 2, 4 * n + 1)
  local sum = redis.pcall('HINCRBY', key, day, count)
  added[n] = type(sum) == 'number' and 1 or 0
  if added[n] == 1 then
    local last = tonumber(redis.call('HGET', key, 'lastUsedAt') or '0')
    if tonumber(used) > last then
      redis.call('HSET', key, 'lastUsedAt', used)
      if from == '' then redis.call('HDEL', key, 'lastUsedFrom')
      else redis.call('HSET', key, 'lastUsedFrom', from) end
    end
    local others = 1 + redis.call('HEXISTS', key, 'lastUsedFrom')
    local excess = redis.call('HLEN', key) - others - tonumber(ARGV[1])
    if excess > 0 then
      local days = redis.call('HKEYS', key)
      table.sort(days)
      for i = 1, excess do redis.call('HDEL', key, days[i]) end
    end
  end
end
return added`);

/**
 * Notes the schema of the store and the check value of a master key, where they are missing. Keys:
 * schema, key checks, audit, created, intents. Arguments: schema of an empty store, schema of
 * another one, master key id, its check value.
 */
export const noteSchemaScript = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then
  local isEmpty = redis.call('EXISTS', KEYS[3], KEYS[4], KEYS[5]) == 0
  redis.call('SET', KEYS[1], isEmpty and ARGV[1] or ARGV[2])
end
redis.call('HSETNX', KEYS[2], ARGV[3], ARGV[4])
return 1`);

/**
 * Sets the schema, unless a change is under way. Keys: schema, intents. Argument: schema. Answers 1,
 * or 0 when a change is under way.
 */
export const endMigrationScript = script(`
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1`);

/**
 * Sets the schema and the identity of a store, and removes the note of its loss. Keys: schema,
 * identity, lost. Arguments: schema, identity, 1 or 0 to keep an identity that the store has.
 */
export const replaceStoreScript = script(`
redis.call('SET', KEYS[1], ARGV[1])
redis.call(ARGV[3] == '1' and 'SETNX' or 'SET', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1`);

/** Replaces a record's text if it is still the given one. Key: record. Arguments: old and new text. */
export const replaceScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`);
