/** Fills a store with many access tokens, by direct writes: a minute instead of an hour. */

import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import { sealedRecords } from '../../src/store/format/sealed.ts';
import { versionOf } from '../../src/store/lmdb/records.ts';
import { openTables } from '../../src/store/lmdb/tables.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createdKey, ownerKey, schemaKey, tokenKey } from '../../src/store/redis/keys.ts';
import { signedSchema } from '../../src/store/schema.ts';
import type { MasterKeys } from '../../src/verify/master-keys.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits } from '../../test/limits.ts';
import { masterKey } from '../processes.ts';

/** The owners; each has the same number of access tokens. */
export const owners = Array.from({ length: 10 }, (_, n) => `team-${n}@example.com`);

/** Which access tokens get a real static token; the others get a random hash. */
export interface Known {
  /** The keys that hash the tokens. */
  keys: MasterKeys;
  /** Whether the nth access token gets one. */
  isKnown(n: number): boolean;
}

/** The static tokens, by the number of their access token. */
export type Tokens = Map<number, string>;

const batchSize = 2000;

/** The seal of the stores that are filled. */
export const benchSeal = createRecordSeal([masterKey]);
const sealed = sealedRecords(benchSeal, () => undefined);

/** The nth access token, of ordinary size. */
function ordinary(n: number, tokens: Tokens, known: Known | undefined): AccessTokenRecord {
  const at = 1_700_000_000_000 + n;
  const id = v7({ msecs: at });
  let value = randomBytes(32).toString('base64url');
  if (known?.isKnown(n)) {
    const token = makeStaticToken(id);
    tokens.set(n, token);
    value = known.keys.hash(token, 'k1').toString('base64url');
  }
  return {
    id,
    revision: 1,
    kind: 'static',
    name: `billing worker ${n}`,
    owner: owners[n % owners.length] as string,
    scopes: ['orders:read', 'orders:write'],
    createdAt: at,
    updatedAt: at,
    secrets: [{ masterKeyId: 'k1', value, createdAt: at }],
    eventId: crypto.randomUUID(),
  };
}

function* batches(
  count: number,
  tokens: Tokens,
  known: Known | undefined,
): Generator<AccessTokenRecord[]> {
  for (let from = 0; from < count; from += batchSize) {
    const length = Math.min(batchSize, count - from);
    yield Array.from({ length }, (_, n) => ordinary(from + n, tokens, known));
    if (from % 100_000 === 0) process.stderr.write('.');
  }
}

/** Fills the embedded store in a folder; no other process may have it open. */
export async function fillLmdb(folder: string, count: number, known?: Known): Promise<Tokens> {
  const issued: Tokens = new Map();
  const {
    root,
    tokens,
    revisions,
    owners: byOwner,
    ownerCounts,
  } = openTables(folder, defaultLimits.store.lmdb);
  for (const batch of batches(count, issued, known)) {
    await root.transaction(() => {
      for (const record of batch) {
        tokens.put(record.id, sealed.encode(record));
        revisions.put(record.id, versionOf(record));
        byOwner.put([record.owner ?? '', record.id], '');
      }
    });
  }
  await root.transaction(() => {
    for (const owner of owners) ownerCounts.put(owner, String(count / owners.length));
    root.put('schema', String(signedSchema));
  });
  await root.close();
  return issued;
}

/** Fills the Redis on a local port. */
export async function fillRedis(port: number, count: number, known?: Known): Promise<Tokens> {
  const issued: Tokens = new Map();
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  await redis.set(schemaKey, signedSchema);
  for (const batch of batches(count, issued, known)) {
    const pipeline = redis.pipeline();
    pipeline.mset(batch.flatMap(record => [tokenKey(record.id), sealed.encode(record)]));
    pipeline.zadd(createdKey, ...batch.flatMap(({ id }) => [0, id]));
    for (const owner of owners) {
      const ids = batch.filter(record => record.owner === owner).flatMap(({ id }) => [0, id]);
      if (ids.length > 0) pipeline.zadd(ownerKey(owner), ...ids);
    }
    await pipeline.exec();
  }
  redis.disconnect();
  return issued;
}

/** The memory that a Redis uses for its data, in bytes. */
export async function usedMemory(port: number): Promise<number> {
  const redis = new Redis({ port, host: '127.0.0.1', protocol: 2 });
  const info = await redis.info('memory');
  redis.disconnect();
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
