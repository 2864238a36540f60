/** Finds the access token that a credential, a part of one, or a name in one belongs to. */

import { hash, timingSafeEqual } from 'node:crypto';
import type { AccessTokenRecord, Secret } from '../store/record.ts';
import { type Store, Unavailable, type Usage } from '../store/store.ts';
import { rest } from '../timing/slices.ts';
import { type Credential, parseAuthorization } from '../verify/credential.ts';
import type { FindImported } from '../verify/imported.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Prove } from '../verify/prove.ts';
import { claimHashes } from '../verify/revoked-jwts.ts';
import { staticTokenPrefix, uuidInStaticToken } from '../verify/static-token.ts';
import { type Caller, demand, isVisible, readScope } from './caller.ts';
import { Faults } from './faults.ts';
import { invalid, isUuid } from './fields.ts';
import { lookupLimits } from './limits.ts';
import { pageTokens } from './page-token.ts';
import { scanOwners } from './scan-owners.ts';

/** What in the text names the access token. */
export type MatchedBy =
  | 'id'
  | 'current secret'
  | 'previous secret'
  | 'part'
  | 'secret key'
  | 'revoked jti'
  | 'revoked subject';

/** An access token that was found. */
export interface Match {
  record: AccessTokenRecord;
  usage: Usage;
  matchedBy: MatchedBy;
}

/** A page of what was found. */
interface LookupPage {
  matches: Match[];
  /** "" at the end. */
  nextPageToken: string;
  /** How many access tokens were searched. */
  examined: number;
}

/**
 * Finds what a text belongs to, among what the caller may see. Secret keys and revoked names are
 * searched in all access tokens, page by page. Throws TokenError, whose message holds nothing of the
 * text, or Unavailable.
 */
export type Lookup = (
  caller: Caller,
  query: { text: string; pageToken: string },
) => Promise<LookupPage>;

/** What a look-up needs. */
export interface LookupDeps {
  store: Pick<Store, 'get' | 'scan' | 'usage'>;
  keys: MasterKeys;
  findImported: FindImported;
  prove: Prove;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: VerifyLimits;
}

/** Creates it. */
export function createLookup(deps: LookupDeps): Lookup {
  const { store, keys, limits } = deps;
  return async (caller, { text, pageToken }) => {
    demand(caller, readScope);
    const faults = new Faults();
    const bare = faults.read(() => checkedText(text, limits.headerBytesMax)) ?? '';
    const tokens = pageTokens(keys, caller, {
      rpc: 'Lookup',
      query: [digest(bare).toString('hex')],
    });
    const after = faults.read(() => tokens.read(pageToken));
    faults.end();
    if (after === undefined) {
      const named = await findNamed(deps, bare);
      if (named !== undefined) {
        const { record } = named;
        const isSeen = record !== undefined && isVisible(caller, record);
        const matches = isSeen ? [{ record, matchedBy: named.matchedBy }] : [];
        if (isSeen || named.isOnly) {
          return { matches: await withUsage(store, matches), nextPageToken: '', examined: 0 };
        }
      }
    }
    const matches: Omit<Match, 'usage'>[] = [];
    let examined = 0;
    let cursor = after;
    for (let read = 0; read < lookupLimits.examinedMax; read += lookupLimits.readAtOnce) {
      const page = await scanOwners(store, caller.owners, {
        ...{ order: 'oldest', limit: lookupLimits.readAtOnce },
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      const seen = page.records.filter(record => isVisible(caller, record));
      matches.push(...seen.flatMap(record => matchesIn(deps, record, bare)));
      examined += page.records.length;
      ({ cursor } = page);
      if (cursor === undefined) break;
      await rest();
    }
    return {
      ...{ matches: await withUsage(store, matches), examined },
      nextPageToken: tokens.write(cursor),
    };
  };
}

/** With the uses of what was found. */
async function withUsage(
  store: Pick<Store, 'usage'>,
  found: readonly Omit<Match, 'usage'>[],
): Promise<Match[]> {
  if (found.length === 0) return [];
  const usages = await store.usage(found.map(({ record }) => record.id));
  return found.map((match, n) => ({ ...match, usage: usages[n] ?? { days: {} } }));
}

/** The text, bare. Throws INVALID_ARGUMENT when it is empty or too long. */
function checkedText(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) > bytesMax) throw invalid('text', `is longer than ${bytesMax} bytes`);
  const bare = bareOf(text);
  if (bare === '') throw invalid('text', 'is empty');
  return bare;
}

/** The text without what people copy along: a header's name, the scheme, quotes, blanks. */
function bareOf(text: string): string {
  return text
    .trim()
    .replace(/^authorization:/i, '')
    .trim()
    .replace(/^bearer\s+/i, '')
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();
}

interface Named {
  record: AccessTokenRecord | undefined;
  matchedBy: MatchedBy;
  /** Nothing else can match. A UUID can also be a `jti`, and any text a name. */
  isOnly: boolean;
}

/** The access token that the text names by itself; undefined when it must be searched for. */
async function findNamed(deps: LookupDeps, bare: string): Promise<Named | undefined> {
  const { store, findImported, limits } = deps;
  if (isUuid(bare)) {
    return { record: await store.get(bare.toLowerCase()), matchedBy: 'id', isOnly: false };
  }
  const credential = parseAuthorization(`Bearer ${bare}`, limits);
  if (typeof credential !== 'string') {
    const id = credential.tokenId ?? (await findImported(credential.token));
    if (id !== undefined) return proved(deps, credential, await store.get(id));
  }
  const kid = kidIn(bare);
  const id = kid ?? uuidInStaticToken(bare);
  if (id === undefined) return undefined;
  const record = await store.get(id);
  // Decided by the text, not the record: the answer must not show whether another owner's record exists.
  const isOnly = kid !== undefined || bare.startsWith(staticTokenPrefix);
  return { record, matchedBy: 'part', isOnly };
}

function proved(
  { prove, now }: LookupDeps,
  credential: Credential,
  record: AccessTokenRecord | undefined,
): Named {
  // Only an imported token does not name its id, and has been looked up in the index.
  const isOnly = credential.tokenId !== undefined;
  const secret = prove(credential, record, now());
  if (secret === undefined) return { record, matchedBy: 'part', isOnly };
  const isCurrent = secret === record?.secrets[0];
  return { record, matchedBy: isCurrent ? 'current secret' : 'previous secret', isOnly };
}

/** The `kid` in the header of a JWT, or in the first part of one. */
function kidIn(text: string): string | undefined {
  const [head = ''] = text.split('.');
  if (!head.startsWith('ey')) return undefined;
  const kid = /"kid"\s*:\s*"([^"]{36})"/.exec(Buffer.from(head, 'base64url').toString())?.[1];
  return kid !== undefined && isUuid(kid) ? kid.toLowerCase() : undefined;
}

/** What of one access token the text is. A record that cannot be read is passed over. */
function matchesIn(
  deps: LookupDeps,
  record: AccessTokenRecord,
  bare: string,
): Omit<Match, 'usage'>[] {
  if (record.kind !== 'jwt') return [];
  const { keys, now } = deps;
  try {
    const at = now();
    const held = record.secrets.filter(
      ({ goodUntil }) => goodUntil === undefined || goodUntil > at,
    );
    const sought = keysIn(bare);
    const isSought = (secret: Secret) => {
      const { encoding = 'utf8' } = secret;
      const key = digest(Buffer.from(keys.open(secret, record.id), encoding));
      return sought.some(each => timingSafeEqual(key, each));
    };
    if (held.some(isSought)) {
      return [{ record, matchedBy: 'secret key' }];
    }
    if (record.revokedJwts === undefined) return [];
    const { ids = {}, subjects = {} } = record.revokedJwts;
    const names = claimHashes(keys, record, bare);
    const isIn = (held: object) => names.some(name => Object.hasOwn(held, name));
    return [
      ...(isIn(ids) ? [{ record, matchedBy: 'revoked jti' } as const] : []),
      ...(isIn(subjects) ? [{ record, matchedBy: 'revoked subject' } as const] : []),
    ];
  } catch (error) {
    if (error instanceof Unavailable) return [];
    throw error;
  }
}

/** The digests of the secret keys that the text can be: its own bytes, or those it is the base64 of. */
function keysIn(bare: string): Buffer[] {
  const isBase64 = /^[\w+/-]+={0,2}$/.test(bare);
  return [digest(bare), ...(isBase64 ? [digest(Buffer.from(bare, 'base64'))] : [])];
}

function digest(text: string | Buffer): Buffer {
  return hash('sha256', text, 'buffer');
}
