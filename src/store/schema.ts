/**
 * What a store knows about itself: the version of its schema, and a check value of each master key
 * that it was written with.
 */

import type { RecordSeal } from './seal.ts';

/** The schema of stores in which records have no MAC. They do not hold a version. */
export const unsignedSchema = 1;

/** The schema in which every record has a MAC, so that one without is refused. */
export const signedSchema = 2;

/** The schema of the embedded store in which `links` names all keys. Redis has no such schema. */
export const linkedSchema = 3;

/** What stands instead of a version while a backup is restored. */
export const restoringSchema = 'restoring';

/** What a store holds about itself. */
export interface StoreFacts {
  /** NaN while a backup is restored. */
  schema: number;
  /** Master key id → check value, as RecordSeal.keyChecks. */
  keyChecks: ReadonlyMap<string, string>;
}

/**
 * Why a store is not one for this version and these master keys, for the operator; or undefined. `known`
 * is the newest schema of such a store.
 */
export function mismatchOf(
  facts: StoreFacts,
  seal: RecordSeal,
  known: number = signedSchema,
): string | undefined {
  if (Number.isNaN(facts.schema)) {
    return 'a restore into this store was not completed: empty the store, then restore again';
  }
  if (facts.schema > known) {
    return (
      `the store was written by a newer Usher (its schema is ${facts.schema}, this version knows ` +
      `${known}): start that version, or one after it`
    );
  }
  const wrong = [...seal.keyChecks].find(
    ([id, check]) => (facts.keyChecks.get(id) ?? check) !== check,
  )?.[0];
  if (wrong === undefined) return undefined;
  return (
    `the master key ${wrong} is not the one that this store was written with: set ` +
    `USHER_MASTER_KEYS to the keys of the other servers, or give a new key an id of its own`
  );
}
