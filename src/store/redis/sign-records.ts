/** Signs in Redis what is not yet signed under the current master key. */

import { collections } from '../documents.ts';
import { changeOf } from '../format/document.ts';
import { signedSchema } from '../schema.ts';
import { Unavailable } from '../store.ts';
import { acknowledge } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import { documentIdsKey, documentKey, schemaKey, tokenKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisRecords } from './records.ts';
import type { RedisSchema } from './schema.ts';
import { replaceScript } from './scripts.ts';
import { indexKeys, nameInIndex } from './transfer.ts';

/** Signs records and the index. Each resolves once the configured replicas have it. */
export interface RedisSigner {
  /** As RecordSigner.signRecords. */
  signRecords(ids: readonly string[]): Promise<number>;
  /** As RecordSigner.signImported. */
  signImported(): Promise<void>;
  /** As RecordSigner.signDocuments. */
  signDocuments(): Promise<void>;
  /** As RecordSigner.endMigration. */
  endMigration(): Promise<void>;
}

/** Changes of one record that may come in between. */
const attemptsMax = 5;
/** Index entries, or documents, that are signed at a time. */
const pageEntries = 500;

/** Creates it. */
export function redisSigner(
  asker: Asker,
  records: RedisRecords,
  schema: Pick<RedisSchema, 'endMigration'>,
  limits: RedisLimits,
): RedisSigner {
  /** Signs a text, and waits also for what an earlier call signed: that one may have failed. */
  const sign = async (
    key: string,
    isCurrent: (text: string) => boolean,
    signed: (text: string) => Promise<string>,
  ): Promise<boolean> => {
    const isSigned = await replace(asker, key, isCurrent, signed);
    await acknowledge(asker, limits, {
      look: ['GET', key],
      isThere: text => text === null || isCurrent(String(text)),
    });
    return isSigned;
  };
  return {
    async signRecords(ids) {
      const signed = await Promise.all(
        ids.map(id =>
          sign(tokenKey(id), records.isCurrent, async text =>
            records.encode(await records.decode(id, text)),
          ),
        ),
      );
      return signed.filter(Boolean).length;
    },
    async signImported() {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const { keys, cursor } = await indexKeys(asker, after, pageEntries);
        await Promise.all(
          keys.map(key =>
            sign(key, records.isCurrentEntry, async text => {
              const name = nameInIndex(key);
              return records.encodeEntry(name, await records.decodeEntry(name, text));
            }),
          ),
        );
        after = cursor;
      }
    },
    async signDocuments() {
      for (const collection of collections) {
        for (let from: string | undefined = '-'; from !== undefined; ) {
          const ids = await idsFrom(asker, documentIdsKey(collection), from);
          await Promise.all(
            ids.map(id =>
              sign(documentKey(collection, id), records.isCurrent, async text => {
                const document = records.decodeDocument(collection, id, text);
                return records.encodeDocument(collection, document, changeOf(text).changeId);
              }),
            ),
          );
          from = ids.length === pageEntries ? `(${ids.at(-1)}` : undefined;
        }
      }
    },
    async endMigration() {
      await schema.endMigration();
      const isThere = (text: unknown) => text === String(signedSchema);
      await acknowledge(asker, limits, { look: ['GET', schemaKey], isThere });
    },
  };
}

async function idsFrom(asker: Asker, key: string, from: string): Promise<string[]> {
  return await asker.ask(client => client.zrangebylex(key, from, '+', 'LIMIT', 0, pageEntries));
}

async function replace(
  asker: Asker,
  key: string,
  isCurrent: (text: string) => boolean,
  signed: (text: string) => Promise<string>,
): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const text = await asker.ask(client => client.get(key));
    if (text === null || isCurrent(text)) return false;
    if ((await asker.run(replaceScript, [key], [text, await signed(text)])) === 1) return true;
  }
  throw new Unavailable('what is to be signed changes too fast');
}
