/** Calls the API to import tokens of other systems and to reseal secrets, with plain values. */

import { durationFromMs, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ImportOutcome } from '../gen/usher/v1/access_token_pb.ts';
import type { JsonObject } from './access-token.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';
import type { Quota, RateLimit } from './use-limits.ts';
import { quotaOnWire, rateLimitOnWire } from './use-limits.ts';

/** A token of another system, a hash of the whole token, or the HMAC key of its JWTs. */
export type ImportedSecret =
  | { token: string }
  | { sha256: Uint8Array }
  | { sha512: Uint8Array }
  /** `member` is the name of the import file's member that held it. */
  | { jwtSecret: Uint8Array; member: string };

/** A token or jwt secret to import, with the fields of its access token. */
export interface ImportItem {
  /** The token or its hash. */
  secret: ImportedSecret;
  /** UUID of the access token; generated if absent. */
  id?: string | undefined;
  name: string;
  owner?: string | undefined;
  scopes?: string[] | undefined;
  /** The scopes that it may give to others; absent for its own. */
  grantableScopes?: string[] | undefined;
  /** Of a jwt secret: the audiences that its JWTs may name; any if absent. */
  audiences?: string[] | undefined;
  /** Of a jwt secret: the longest lifetime of its JWTs. */
  jwtLifetimeMaxSeconds?: number | undefined;
  metadata?: JsonObject | undefined;
  expireTime?: Date | undefined;
  /** CIDR ranges and addresses; any if absent. */
  allowedSources?: string[] | undefined;
  rateLimit?: RateLimit | undefined;
  quota?: Quota | undefined;
}

/** Options of an import. */
export interface ImportOptions {
  /** Checks the items without importing them. */
  dryRun: boolean;
  /** Accepts tokens of fewer than 20 characters. */
  allowWeak: boolean;
}

/** The result of one item. */
export interface ImportResult {
  /** 'existing' if it had been imported before. */
  outcome: 'imported' | 'existing' | 'refused';
  /** UUID of its access token; "" if refused. */
  id: string;
  /** Why it was refused; otherwise "". */
  problem: string;
}

/** Most items in one call. */
export const importItemsMax = 500;

/** Imports tokens; the results have the order of the items. Throws AdminError. */
export async function importTokens(
  { tokens }: Admin,
  items: readonly ImportItem[],
  options: ImportOptions,
  requestId: string,
): Promise<ImportResult[]> {
  const request = { items: items.map(itemOnWire), ...options, requestId };
  const { results } = await call(() => tokens.import(request));
  if (results.length !== items.length) throw new Error('the server answered for other items');
  return results.map(({ outcome, id, problem }) => ({ outcome: outcomeOf(outcome), id, problem }));
}

/** How many secrets a master key protects. */
interface MasterKeyUse {
  /** The id in USHER_MASTER_KEYS. */
  masterKeyId: string;
  secrets: number;
  /** Whether USHER_MASTER_KEYS contains it. */
  listed: boolean;
}

/** The result of one page. */
export interface ResealPage {
  /** Access tokens examined. */
  examined: number;
  /** Access tokens whose secrets were resealed. */
  resealed: number;
  /** The keys of the secrets on this page. */
  masterKeys: MasterKeyUse[];
}

/** Reseals all secrets with the first master key, page by page. Throws AdminError. */
export async function* reseal({ tokens }: Admin): AsyncGenerator<ResealPage> {
  let pageToken = '';
  do {
    const page = await call(() => tokens.reseal({ pageToken }));
    const { examined, resealed, masterKeys } = page;
    yield {
      ...{ examined, resealed },
      masterKeys: masterKeys.map(({ masterKeyId, secrets, listed }) => {
        return { masterKeyId, secrets, listed };
      }),
    };
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
}

function itemOnWire({ secret, id = '', name, owner = '', scopes = [], ...more }: ImportItem) {
  const { grantableScopes = [], audiences = [], metadata, expireTime } = more;
  const { allowedSources = [], rateLimit, quota } = more;
  const lifetime = more.jwtLifetimeMaxSeconds;
  return {
    ...{ secret: secretOnWire(secret), id, name, owner, scopes, grantableScopes, audiences },
    ...(lifetime !== undefined && { jwtLifetimeMax: durationFromMs(lifetime * 1000) }),
    ...{ allowedSources, ...(rateLimit && { rateLimit: rateLimitOnWire(rateLimit) }) },
    ...(quota && { quota: quotaOnWire(quota) }),
    ...(metadata && { metadata }),
    ...(expireTime && { expireTime: timestampFromDate(expireTime) }),
  };
}

function secretOnWire(secret: ImportedSecret) {
  if ('token' in secret) return { case: 'token', value: secret.token } as const;
  if ('sha256' in secret) return { case: 'sha256', value: Uint8Array.from(secret.sha256) } as const;
  if ('sha512' in secret) return { case: 'sha512', value: Uint8Array.from(secret.sha512) } as const;
  return { case: 'jwtSecret', value: Uint8Array.from(secret.jwtSecret) } as const;
}

function outcomeOf(outcome: ImportOutcome): ImportResult['outcome'] {
  if (outcome === ImportOutcome.IMPORTED) return 'imported';
  return outcome === ImportOutcome.EXISTING ? 'existing' : 'refused';
}
