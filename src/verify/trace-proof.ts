/** Says what the proof of a header saw: the record, where it is from, and the secret that matched. */

import type { AccessTokenRecord, Secret } from '../store/record.ts';
import type { Found } from '../store/store.ts';
import type { Credential } from './credential.ts';
import type { Prove } from './prove.ts';
import { type Trace, timeText, type Watched } from './trace.ts';

/** What the proof had before it. */
interface SeenProof {
  credential: Credential;
  found: Found;
  /** The secret that matched. */
  secret: Secret | undefined;
  /** The record was cached. */
  isCached: boolean;
  /** Age of the cache's last contact to the store, in milliseconds; undefined without a cache. */
  ageMs: number | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Traces the record and the secret. Returns false if the watcher may not see the access token, which
 * then looks like one that does not exist.
 */
export function traceProof(
  seen: SeenProof,
  { prove }: { prove: Prove },
  watched: Watched,
): boolean {
  const { credential, found, secret } = seen;
  const { record } = found;
  const { trace } = watched;
  const isHidden = record !== undefined && !watched.canSee(record);
  if (record === undefined || isHidden) {
    traceMissing(credential, trace);
    return !isHidden;
  }
  const { id, kind, revision } = record;
  const isRight = kind === credential.kind;
  const fault = isRight ? '' : `, which no ${credential.kind === 'jwt' ? 'JWT' : 'token'} is of`;
  trace(
    'access token',
    isRight,
    `${id}, kind ${kind}${fault}, revision ${revision}, ${placeOf(seen)}`,
  );
  if (isRight) trace('secret', secret !== undefined, secretText(seen, record, secret, prove));
  return true;
}

/** Traces that there is no access token for the credential. */
export function traceMissing({ tokenId }: Credential, trace: Trace): void {
  const isImported = tokenId === undefined;
  trace('access token', false, isImported ? 'it was not imported' : 'there is none with this id');
}

function placeOf({ found, isCached, ageMs }: SeenProof): string {
  if (found.stale) return 'from the cache, since the store cannot be reached';
  if (ageMs === undefined || !isCached) return 'from the store';
  return `from the cache, which the store confirmed ${Math.round(ageMs)} ms ago`;
}

function secretText(
  { credential, now }: SeenProof,
  record: AccessTokenRecord,
  secret: Secret | undefined,
  prove: Prove,
): string {
  const what = credential.kind === 'jwt' ? 'the signature' : 'the token';
  if (secret !== undefined) {
    const isCurrent = secret === record.secrets[0];
    const grace = secret.goodUntil === undefined ? '' : `, until ${timeText(secret.goodUntil)}`;
    return `${what} is of the ${isCurrent ? 'current' : 'previous'} secret${grace}`;
  }
  // None matched, so only an ended one still can. It decides nothing: this only says why the token was
  // good before.
  const secrets = record.secrets.map(({ goodUntil: _, ...rest }) => rest);
  return prove(credential, { ...record, secrets }, now) !== undefined
    ? `${what} is of the previous secret, whose grace is over`
    : `${what} is neither of the current nor of a previous secret`;
}
