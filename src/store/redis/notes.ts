/** What the store in Redis says about itself: keys beside the log. */

import type { Loss } from '../continuity/loss-entries.ts';
import type { StoreNotes } from '../continuity/notes.ts';
import type { RecordSeal } from '../seal.ts';
import type { ReplicaHead } from '../status.ts';
import { Unavailable } from '../store.ts';
import { acknowledge, presence } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { faultText } from './faults.ts';
import { acceptedKey, headsKey, identityKey, lossesKey, lostStoreKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { urgent } from './scripts.ts';

/** Sets the first key unless one of both exists. Argument: value. */
const unlessEitherScript = urgent(`
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1`);

/** Keys: lost, identity, accepted. Arguments: identity, then each hash with its MAC. */
const acceptScript = urgent(`
redis.call('DEL', KEYS[1])
redis.call('SETNX', KEYS[2], ARGV[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
return 1`);

/** Also while the memory is full. Key: losses. Arguments: id of the entry, loss. */
const keepLossScript = urgent(`return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`);

/**
 * Writes a head and removes those that are over. Key: heads. Arguments: replica, for how many
 * milliseconds, head.
 */
const headScript = urgent(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %s', now + tonumber(ARGV[2]), ARGV[3]))
local heads = redis.call('HGETALL', KEYS[1])
for i = 1, #heads, 2 do
  if tonumber(string.match(heads[i + 1], '^%d+')) < now then redis.call('HDEL', KEYS[1], heads[i]) end
end
return 1`);

/** The name under which an accepted hash is signed: as a record it would be wrong. */
const acceptedName = 'accepted loss';

/** Creates the notes. `reads` reads them, and `admin` writes. */
export function redisNotes(
  reads: Asker,
  admin: Asker,
  seal: RecordSeal,
  limits: RedisLimits,
): StoreNotes {
  return {
    async read() {
      const [identity, lost] = await reads.ask(client => client.mget(identityKey, lostStoreKey));
      return { ...(identity ? { identity } : {}), ...(lost ? { lost } : {}) };
    },
    async claim(identity) {
      const keys = [identityKey, lostStoreKey];
      await admin.run(unlessEitherScript, keys, [identity]).catch(error => {
        throw new Unavailable(faultText(error), error);
      });
    },
    async noteLoss(identity) {
      await admin.run(unlessEitherScript, [lostStoreKey, identityKey], [identity]);
    },
    async accept(identity, hashes) {
      const keys = [lostStoreKey, identityKey, acceptedKey];
      const signed = hashes.flatMap(hash => [hash, seal.sign(acceptedName, hash)]);
      await admin.run(acceptScript, keys, [identity, ...signed]);
      const last = hashes.at(-1);
      await acknowledge(
        admin,
        limits,
        last === undefined
          ? presence(identityKey)
          : { look: ['HEXISTS', acceptedKey, last], isThere: answer => answer === 1 },
      );
    },
    async isAccepted(hash) {
      const mac = await reads.ask(client => client.hget(acceptedKey, hash));
      return mac !== null && seal.check(acceptedName, hash, mac) === 'good';
    },
    async keepLoss(eventId, loss) {
      await admin.run(keepLossScript, [lossesKey], [eventId, JSON.stringify(loss)]);
    },
    async losses() {
      const texts = await reads.ask(client => client.hvals(lossesKey));
      return texts.map(text => JSON.parse(text) as Loss);
    },
    async forgetLosses() {
      await admin.ask(client => client.del(lossesKey));
    },
    async writeHead(head, keepMs) {
      await admin.run(headScript, [headsKey], [head.replica, keepMs, JSON.stringify(head)]);
    },
    async heads() {
      const texts = await reads.ask(client => client.hvals(headsKey));
      return texts.map(text => JSON.parse(text.replace(/^\d+ /, '')) as ReplicaHead);
    },
  };
}
