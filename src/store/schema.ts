/**
 * What a store knows about itself: the version of its schema, and a check value of each master key
 * that it was written with.
 */

import type { RecordSeal } from './seal.ts';

/** The schema of stores in which records have no MAC. They do not hold a version. */
export const unsignedSchema = 1;

/** The schema in which every record has a MAC, so that one without is refused. */
export const signedSchema = 2;

/** What a store holds about itself. */
export interface StoreFacts {
  schema: number;
  /** Master key id → check value, as RecordSeal.keyChecks. */
  keyChecks: ReadonlyMap<string, string>;
}

/** Why a store is not one for this version and these master keys, for the operator; or undefined. */
export function mismatchOf(facts: StoreFacts, seal: RecordSeal): string | undefined {
  if (!(facts.schema <= signedSchema)) {
    return (
      `the store was written by a newer Usher (its schema is ${facts.schema}, this version knows ` +
      `${signedSchema}): start that version, or one after it`
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
