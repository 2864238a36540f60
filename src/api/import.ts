/** Takes tokens of other systems in, and seals secrets anew, in plain values. */

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { ImportOutcome } from '../gen/usher/v1/access_token_pb.ts';
import type { JsonObject } from './access-token.ts';
import type { Admin } from './connect.ts';
import { call } from './connect.ts';

/** A token of another system: itself, or a hash of the whole of it. */
export type ImportedSecret = { token: string } | { sha256: Uint8Array } | { sha512: Uint8Array };

/** A token to take in. */
export interface ImportItem {
  secret: ImportedSecret;
  id?: string | undefined;
  name: string;
  owner?: string | undefined;
  scopes?: string[] | undefined;
  metadata?: JsonObject | undefined;
  expireTime?: Date | undefined;
}

/** How to take them in. */
export interface ImportOptions {
  dryRun: boolean;
  allowWeak: boolean;
}

/** What became of one. */
export interface ImportResult {
  outcome: 'imported' | 'existing' | 'refused';
  id: string;
  problem: string;
}

/** Most items of one call. */
export const importItemsMax = 500;

/** Takes tokens in; the results are in their order. */
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

/** Secrets under one master key. */
interface MasterKeyUse {
  masterKeyId: string;
  secrets: number;
  listed: boolean;
}

/** What was sealed anew. */
export interface ResealPage {
  examined: number;
  resealed: number;
  masterKeys: MasterKeyUse[];
}

/** Seals anew, page by page. */
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
  const { metadata, expireTime } = more;
  return {
    ...{ secret: secretOnWire(secret), id, name, owner, scopes },
    ...(metadata && { metadata }),
    ...(expireTime && { expireTime: timestampFromDate(expireTime) }),
  };
}

function secretOnWire(secret: ImportedSecret) {
  if ('token' in secret) return { case: 'token', value: secret.token } as const;
  if ('sha256' in secret) return { case: 'sha256', value: Uint8Array.from(secret.sha256) } as const;
  return { case: 'sha512', value: Uint8Array.from(secret.sha512) } as const;
}

function outcomeOf(outcome: ImportOutcome): ImportResult['outcome'] {
  if (outcome === ImportOutcome.IMPORTED) return 'imported';
  return outcome === ImportOutcome.EXISTING ? 'existing' : 'refused';
}
