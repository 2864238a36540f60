/** The schema of the store in Redis, and the master keys that it was written with. */

import { randomUUID } from 'node:crypto';
import {
  mismatchOf,
  restoringSchema,
  type StoreFacts,
  signedSchema,
  unsignedSchema,
} from '../schema.ts';
import type { RecordSeal } from '../seal.ts';
import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import {
  auditKey,
  createdKey,
  identityKey,
  intentsKey,
  keyChecksKey,
  lostStoreKey,
  schemaKey,
} from './keys.ts';
import { endMigrationScript, noteSchemaScript, replaceStoreScript } from './scripts.ts';

/** What is known about the store in Redis. */
export interface RedisSchema {
  /** Why the store is not one for this version and these master keys; undefined while it may be. */
  readonly mismatch: string | undefined;
  /**
   * Looks at the store, and notes in it what is missing: the schema of a new store, and the check
   * value of the current master key. Resolves to whether the store may be used. Throws Unavailable.
   */
  isFit(): Promise<boolean>;
  /** Whether a record without a MAC may be one of an earlier version. Throws Unavailable. */
  acceptsUnsigned(): Promise<boolean>;
  /**
   * Refuses records without a MAC from now on. Throws Unavailable while a change is under way, which
   * may have written one.
   */
  endMigration(): Promise<void>;
  /** As StoreTransfer.beginRestore. */
  beginRestore(): Promise<void>;
  /** As StoreTransfer.endRestore. */
  endRestore(identity: string | undefined): Promise<void>;
}

/**
 * Creates it. `asker` is used even while the store does not fit. Nothing is noted in a store while
 * `mayNote` is false: it may be another one than it was.
 */
export function redisSchema(
  asker: Asker,
  seal: RecordSeal,
  mayNote: () => boolean,
  onWarning: (message: string) => void,
): RedisSchema {
  let mismatch: string | undefined;
  /** The schema seen last: once records were signed, a store does not go back. */
  let schema = unsignedSchema;
  let warned = false;
  /** This process restores a backup into the store. */
  let restoring = false;

  const readFacts = async (): Promise<StoreFacts & { isNoted: boolean }> => {
    // MGET, so that Redis' count of GET commands (INFO commandstats) is that of records.
    const [[text = null], checks] = await asker.ask(client =>
      Promise.all([client.mget(schemaKey), client.hgetall(keyChecksKey)]),
    );
    const keyChecks = new Map(Object.entries(checks));
    seal.meet?.(keyChecks);
    const isNoted = text !== null && keyChecks.has(seal.currentId);
    return { schema: Number(text ?? unsignedSchema), keyChecks, isNoted };
  };
  const look = async () => {
    if (restoring) return;
    let facts = await readFacts();
    if (!facts.isNoted && mayNote() && mismatchOf(facts, seal) === undefined) {
      await note();
      facts = await readFacts();
    }
    const found = mismatchOf(facts, seal);
    if (found !== undefined && found !== mismatch) onWarning(found);
    mismatch = found;
    if (found !== undefined) return;
    schema = Math.max(schema, facts.schema);
    if (schema === unsignedSchema && facts.isNoted && !warned) {
      warned = true;
      onWarning(unsignedWarning);
    }
  };
  const note = async () => {
    const keys = [schemaKey, keyChecksKey, auditKey, createdKey, intentsKey];
    const check = seal.keyChecks.get(seal.currentId) as string;
    try {
      await asker.run(noteSchemaScript, keys, [
        signedSchema,
        unsignedSchema,
        seal.currentId,
        check,
      ]);
    } catch (error) {
      // While Redis takes no writes, what is there can still be verified; the next look tries again.
      if (!(error instanceof Unavailable)) throw error;
    }
  };

  const replaceStore = async (name: string, identity: string, isKept: boolean) => {
    const keys = [schemaKey, identityKey, lostStoreKey];
    await asker.run(replaceStoreScript, keys, [name, identity, isKept ? 1 : 0]);
  };

  return {
    get mismatch() {
      return mismatch;
    },
    async isFit() {
      await look();
      return mismatch === undefined;
    },
    async acceptsUnsigned() {
      if (schema < signedSchema) {
        const text = await asker.ask(client => client.get(schemaKey));
        schema = Math.max(schema, Number(text ?? unsignedSchema));
      }
      return schema < signedSchema;
    },
    async endMigration() {
      const ended = await asker.run(endMigrationScript, [schemaKey, intentsKey], [signedSchema]);
      if (ended !== 1) throw new Unavailable('a change is under way; repeat the migration');
      schema = signedSchema;
    },
    async beginRestore() {
      restoring = true;
      // Servers that knew the store must not heal what is only half there: to them it is another one,
      // either new or claimed by this process.
      await replaceStore(restoringSchema, randomUUID(), true);
    },
    async endRestore(identity) {
      await replaceStore(String(signedSchema), identity ?? randomUUID(), false);
      restoring = false;
    },
  };
}

const unsignedWarning =
  'the store is of an earlier version: records without a MAC are accepted until `usher store ' +
  'migrate`; run it once all servers run this version';
