/** What the store in Redis knows of master keys, and what depends on which. */

import { collections } from '../documents.ts';
import { documentKeysOf, entryKeyId, keysOf } from '../format/sealed.ts';
import { mismatchOf } from '../schema.ts';
import type { DocumentKeys, KeyLedger, RecordSeal } from '../seal.ts';
import { StoreMismatch } from '../store.ts';
import { acknowledge } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { createdKey, documentIdsKey, documentKey, keyChecksKey, tokenKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { indexKeys } from './transfer.ts';

/** All of it but the forms, each a promise. */
export interface RedisKeyLedger extends Pick<KeyLedger, 'noteKey' | 'forgetKey'> {
  keyChecks(): Promise<ReadonlyMap<string, string>>;
  recordKeys(...page: Page): Promise<Awaited<ReturnType<KeyLedger['recordKeys']>>>;
  entryKeys(...page: Page): Promise<Awaited<ReturnType<KeyLedger['entryKeys']>>>;
  documentKeys(...page: Page): Promise<{ keys: DocumentKeys[]; cursor?: string }>;
}

type Page = [after: string, limit: number];

/** Creates it. */
export function redisKeyLedger(
  admin: Asker,
  seal: RecordSeal,
  limits: RedisLimits,
): RedisKeyLedger {
  const keyChecks = async () =>
    new Map(Object.entries(await admin.ask(client => client.hgetall(keyChecksKey))));
  const read = async (key: string) => (await admin.ask(client => client.get(key))) ?? '';
  return {
    keyChecks,
    async noteKey(id) {
      const check = seal.keyChecks.get(id) as string;
      await admin.ask(client => client.hsetnx(keyChecksKey, id, check));
      const mismatch = mismatchOf({ schema: 0, keyChecks: await keyChecks() }, seal);
      if (mismatch !== undefined) throw new StoreMismatch(mismatch);
      await acknowledge(admin, limits, {
        look: ['HGET', keyChecksKey, id],
        isThere: answer => answer === check,
      });
    },
    async forgetKey(id) {
      await admin.ask(client => client.hdel(keyChecksKey, id));
    },
    async recordKeys(after, limit) {
      const from = after === '' ? '-' : `(${after}`;
      const ids = await admin.ask(client =>
        client.zrangebylex(createdKey, from, '+', 'LIMIT', 0, limit),
      );
      const keys = await Promise.all(ids.map(async id => keysOf(id, await read(tokenKey(id)))));
      const last = ids.length === limit ? ids.at(-1) : undefined;
      return last === undefined ? { keys } : { keys, cursor: last };
    },
    async documentKeys(after, limit) {
      const [from = collections[0], last = ''] = after === '' ? [] : after.split('/');
      const collection = collections.find(name => name === from) ?? collections[0];
      const start = last === '' ? '-' : `(${last}`;
      const ids = await admin.ask(client =>
        client.zrangebylex(documentIdsKey(collection), start, '+', 'LIMIT', 0, limit),
      );
      const keys = await Promise.all(
        ids.map(async id =>
          documentKeysOf(collection, id, await read(documentKey(collection, id))),
        ),
      );
      if (ids.length === limit) return { keys, cursor: `${collection}/${ids.at(-1)}` };
      const next = collections[collections.indexOf(collection) + 1];
      return next === undefined ? { keys } : { keys, cursor: `${next}/` };
    },
    async entryKeys(after, limit) {
      const { keys: names, ...more } = await indexKeys(admin, after, limit);
      const keys = await Promise.all(names.map(async name => entryKeyId(await read(name)) ?? ''));
      return { keys, ...more };
    },
  };
}
