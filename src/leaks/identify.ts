/**
 * Finds out what a reported text is. Only a whole credential counts, proved as a verdict proves it: a
 * UUID, a part of a token or a forged JWT is nothing, so that a reporter cannot end what they do not hold.
 */

import { hash, timingSafeEqual } from 'node:crypto';
import type { AccessTokenRecord, Secret } from '../store/record.ts';
import { type Store, Unavailable } from '../store/store.ts';
import { rest } from '../timing/slices.ts';
import type { JwtTarget } from '../tokens/revoke-jwts.ts';
import { stateOf } from '../tokens/state.ts';
import { readClaims } from '../verify/claims.ts';
import { type Credential, parseAuthorization } from '../verify/credential.ts';
import type { FindImported } from '../verify/imported.ts';
import { jwtDigest, jwtKeyBytesMin } from '../verify/jwt.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Prove } from '../verify/prove.ts';
import { jwtRevokedBy } from '../verify/revoked-jwts.ts';

/** What a reported text is. `isOver`: it is refused in any case, so nothing needs to be done. */
export type Identified =
  | { what: 'admin token'; text: string }
  | { what: 'token' | 'secret key'; record: AccessTokenRecord; secret: Secret; isOver: boolean }
  | {
      what: 'jwt';
      record: AccessTokenRecord;
      /** By what it is revoked alone; absent for one whose claims were refused. */
      target?: JwtTarget;
      digest: string;
      isOver: boolean;
    };

/** What is needed for it. */
export interface IdentifyDeps {
  store: Pick<Store, 'get' | 'scan'>;
  keys: MasterKeys;
  findImported: FindImported;
  prove: Prove;
  adminToken: string;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: Pick<VerifyLimits, 'headerBytesMax' | 'claimsDepthMax'>;
}

/**
 * What each of the texts is, in their order: undefined for what is no credential, and the error where one
 * access token cannot be read. Throws Unavailable when nothing can be.
 */
export type Identify = (
  texts: readonly string[],
) => Promise<(Identified | Unavailable | undefined)[]>;

/** Access tokens that may be unreadable before the store counts as away. */
const unreadableMax = 3;

/** Access tokens whose secret keys are compared before other work may go on. */
const searchedAtOnce = 100;

/** Creates it. One search for secret keys runs at a time. */
export function createIdentify(deps: IdentifyDeps): Identify {
  const adminDigest = sha256(deps.adminToken);
  let searching: Promise<unknown> = Promise.resolve();
  return async texts => {
    const found = new Map<string, Identified | Unavailable>();
    let unreadable = 0;
    for (const text of new Set(texts)) {
      const isAdmin = timingSafeEqual(sha256(text), adminDigest);
      const named = isAdmin ? ({ what: 'admin token', text } as const) : await tried(deps, text);
      if (named instanceof Unavailable && ++unreadable > unreadableMax) throw named;
      if (named !== undefined) found.set(text, named);
    }
    const open = texts.filter(text => !found.has(text) && canBeKey(text));
    if (open.length > 0) {
      const search = searching.then(() => searchKeys(deps, open));
      searching = search.catch(() => {});
      for (const [text, each] of await search) found.set(text, each);
    }
    return texts.map(text => found.get(text));
  };
}

/** The same as `prove`, with Unavailable as an answer: other texts are looked at nevertheless. */
async function tried(
  deps: IdentifyDeps,
  text: string,
): Promise<Identified | Unavailable | undefined> {
  try {
    return await prove(deps, text);
  } catch (error) {
    if (error instanceof Unavailable) return error;
    throw error;
  }
}

/** What a token or JWT proves to be. */
async function prove(deps: IdentifyDeps, text: string): Promise<Identified | undefined> {
  const { store, findImported, limits } = deps;
  const credential = parseAuthorization(`Bearer ${text}`, limits);
  if (typeof credential === 'string') return undefined;
  const id = credential.tokenId ?? (await findImported(credential.token));
  const record = id === undefined ? undefined : await store.get(id);
  const at = deps.now();
  // A secret after its grace is still known as one, if the record has it.
  const secret = deps.prove(credential, record, at) ?? deps.prove(credential, record, 0);
  if (record === undefined || secret === undefined) return undefined;
  const isOver = isSecretOver(record, secret, at);
  if (credential.kind === 'static') return { what: 'token', record, secret, isOver };
  return jwtOf(deps, credential, record, isOver);
}

function isSecretOver(record: AccessTokenRecord, { goodUntil }: Secret, at: number): boolean {
  return stateOf(record, at) !== 'active' || (goodUntil !== undefined && goodUntil <= at);
}

function jwtOf(
  { keys, now, limits }: IdentifyDeps,
  { jwt }: Extract<Credential, { kind: 'jwt' }>,
  record: AccessTokenRecord,
  isSignerOver: boolean,
): Identified {
  const digest = jwtDigest(jwt.signingInput);
  const named = { what: 'jwt', record, digest } as const;
  const claims = readClaims(jwt, limits.claimsDepthMax);
  // It is refused whenever it is verified.
  if ('reason' in claims) return { ...named, isOver: true };
  const isOver =
    isSignerOver || claims.exp * 1000 <= now() || jwtRevokedBy(keys, record, claims) !== undefined;
  return { ...named, target: claims.jti ? { jti: claims.jti } : { digest }, isOver };
}

function canBeKey(text: string): boolean {
  return Buffer.byteLength(text) >= jwtKeyBytesMin;
}

/** Looks for secret keys in all access tokens. A record that cannot be read is passed over. */
async function searchKeys(
  deps: IdentifyDeps,
  texts: readonly string[],
): Promise<Map<string, Identified>> {
  const sought = new Map(texts.flatMap(text => keysIn(text).map(key => [key, text] as const)));
  const found = new Map<string, Identified>();
  let after: string | undefined;
  do {
    const page = await deps.store.scan({
      ...{ order: 'oldest', limit: searchedAtOnce },
      ...(after !== undefined && { after }),
    });
    for (const record of page.records) compare(deps, record, sought, found);
    after = page.cursor;
    await rest();
  } while (after !== undefined && found.size < texts.length);
  return found;
}

function compare(
  { keys, now }: IdentifyDeps,
  record: AccessTokenRecord,
  sought: ReadonlyMap<string, string>,
  found: Map<string, Identified>,
): void {
  if (record.kind !== 'jwt') return;
  for (const secret of record.secrets) {
    const text = sought.get(nameOf(keys, record, secret));
    const isOver = isSecretOver(record, secret, now());
    // A key that two access tokens have, as an import allows, is known by the one where it still works.
    if (text === undefined || (isOver && found.has(text))) continue;
    found.set(text, { what: 'secret key', record, secret, isOver });
  }
}

/** The digest of a secret key; "" for one that cannot be opened. */
function nameOf(keys: MasterKeys, { id }: AccessTokenRecord, secret: Secret): string {
  try {
    return digestName(Buffer.from(keys.open(secret, id), secret.encoding ?? 'utf8'));
  } catch (error) {
    if (error instanceof Unavailable) return '';
    throw error;
  }
}

/** The digests of the keys that a text can be: its own bytes, or those that it is the base64 of. */
function keysIn(text: string): string[] {
  const isBase64 = /^[\w+/-]+={0,2}$/.test(text);
  return [digestName(text), ...(isBase64 ? [digestName(Buffer.from(text, 'base64'))] : [])];
}

function digestName(key: string | Buffer): string {
  return hash('sha256', key, 'base64url');
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
