/** Verifies what was imported, as its holders will use it. */

import { createHmac } from 'node:crypto';
import type { Admin } from '../api/connect.ts';
import type { ImportItem } from '../api/import.ts';
import { verify } from '../api/verifier.ts';

/** Most verifications at a time. */
const atOnceMax = 16;
/** Longest lifetime of the JWT that checks a secret, in seconds. */
const lifetimeMaxSeconds = 60;

/**
 * Verifies each item; the results have their order: why an item is refused, "" when it is valid, or
 * undefined when it cannot be checked, since only its hash is known. `now` is in milliseconds since 1970.
 */
export async function checkImported(
  admin: Admin,
  items: readonly ImportItem[],
  now: number,
): Promise<(string | undefined)[]> {
  const problems: (string | undefined)[] = [];
  for (let start = 0; start < items.length; start += atOnceMax) {
    const some = items.slice(start, start + atOnceMax);
    problems.push(...(await Promise.all(some.map(item => problemOf(admin, item, now)))));
  }
  return problems;
}

async function problemOf(admin: Admin, item: ImportItem, now: number): Promise<string | undefined> {
  const header = headerOf(item, now);
  if (header === undefined) return undefined;
  const audience = 'jwtSecret' in item.secret ? item.audiences?.[0] : undefined;
  // An address that is allowed: the first one of the first range.
  const source = item.allowedSources?.[0]?.split('/')[0];
  const { valid, message, reason } = await verify(admin, { header, audience, source });
  return valid ? '' : `was imported, and is refused: ${message} (${reason})`;
}

function headerOf({ secret, ...item }: ImportItem, now: number): string | undefined {
  if ('token' in secret) return `Bearer ${secret.token}`;
  return 'jwtSecret' in secret ? `Bearer ${signJwt(secret.jwtSecret, item, now)}` : undefined;
}

/** A JWT as the other system would sign it (RFC 7519, HS256). */
function signJwt(
  key: Uint8Array,
  { id, audiences, jwtLifetimeMaxSeconds = lifetimeMaxSeconds }: Omit<ImportItem, 'secret'>,
  now: number,
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(now / 1000);
  const exp = iat + Math.min(lifetimeMaxSeconds, jwtLifetimeMaxSeconds);
  const [aud] = audiences ?? [];
  const claims = { iat, exp, ...(aud === undefined ? {} : { aud }) };
  const input = `${part({ alg: 'HS256', kid: id })}.${part(claims)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}
