/** The result of importing one item, and the words of refusals. */

import { isDeepStrictEqual } from 'node:util';
import type { AccessTokenRecord } from '../store/record.ts';
import { type Caller, isVisible } from './caller.ts';
import type { TokenError } from './errors.ts';
import { invalid } from './fields.ts';
import type { ImportItem } from './import-item.ts';

/** The result for one item. */
export interface ImportResult {
  /** `existing`: it was imported before and left unchanged. */
  outcome: 'imported' | 'existing' | 'refused';
  /** UUID of the access token; "" when there is none yet, or the item was refused. */
  id: string;
  /** Why it was refused; otherwise "". */
  problem: string;
}

/** The result for a token that has an access token; one that the caller may not see is not shown. */
export function existing(
  caller: Caller,
  record: AccessTokenRecord,
  eventId?: string,
): ImportResult {
  if (!isVisible(caller, record)) return refused(notForOwners);
  const outcome = record.eventId === eventId ? 'imported' : 'existing';
  return { outcome, id: record.id, problem: '' };
}

/** Why a token is refused that contains a UUID, or that has an access token of another owner. */
export const notForOwners = 'token: only a caller without an owner can import it';

/** The result for an item that is not imported. */
export function refused(problem: string): ImportResult {
  return { outcome: 'refused', id: '', problem };
}

/** Why a token is refused whose import had begun under another id than it asks for now. */
export function unfinished(id: string): string {
  return `id: must be ${id}, which an unfinished import assigned, or empty`;
}

/** The results of a dry run, in which no item takes an id: of those with the same id, the first would. */
export function withIdsTaken(
  items: readonly ImportItem[],
  results: readonly ImportResult[],
): ImportResult[] {
  const first = new Map<string, ImportItem | undefined>();
  return results.map((result, n) => {
    const { id, outcome } = result;
    if (outcome !== 'imported' || id === '') return result;
    if (!first.has(id)) {
      first.set(id, items[n]);
      return result;
    }
    const isSame = isDeepStrictEqual(first.get(id)?.secret, items[n]?.secret);
    return isSame ? { ...result, outcome: 'existing' } : refused(taken().message);
  });
}

/** The error for an id that is in use. */
export function taken(): TokenError {
  return invalid('id', 'is that of another access token');
}
