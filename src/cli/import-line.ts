/** Parses a line of an import file: a JSON object with a token, its hash or a jwt secret, and fields. */

import type { JsonObject } from '../api/access-token.ts';
import type { ImportedSecret, ImportItem } from '../api/import.ts';
import { hint } from '../reading/nearest.ts';
import { repeatedMember } from '../reading/repeated-member.ts';
import { durationSeconds, time } from './option-values.ts';
import { quota, rateLimit } from './use-limits.ts';

/** A mistake in a line. The message contains nothing of the line, which holds a token. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

const secrets = ['token', 'sha256', 'sha512', 'secret', 'secret_base64'];
const members = [
  ...['kind', 'id', ...secrets, 'name', 'owner', 'scopes', 'grantable_scopes'],
  ...['audiences', 'jwt_lifetime_max', 'metadata', 'expires_at'],
  ...['allowed_sources', 'rate_limit', 'quota'],
];

/** Shortest HMAC key, in bytes (RFC 7518 section 3.2). */
const keyBytesMin = 32;

/** Parses a line. Throws LineError. */
export function readLine(line: string): ImportItem {
  const object = readObject(line);
  const unknown = Object.keys(object).find(name => !members.includes(name));
  if (unknown !== undefined) throw new LineError(unknownMember(unknown));
  const set = new Map(Object.entries(object).filter(([, value]) => value !== null));
  const expiry = text(set, 'expires_at');
  const lifetime = text(set, 'jwt_lifetime_max');
  const rate = text(set, 'rate_limit');
  const most = text(set, 'quota');
  return {
    secret: readSecret(set),
    id: text(set, 'id'),
    name: text(set, 'name') ?? '',
    owner: text(set, 'owner'),
    scopes: readTexts(set, 'scopes'),
    grantableScopes: readTexts(set, 'grantable_scopes'),
    audiences: readTexts(set, 'audiences'),
    jwtLifetimeMaxSeconds: lifetime === undefined ? undefined : readLifetime(lifetime),
    metadata: readMetadata(set.get('metadata')),
    expireTime: expiry === undefined ? undefined : readTime(expiry),
    allowedSources: readTexts(set, 'allowed_sources'),
    rateLimit: rate === undefined ? undefined : readLimit('rate_limit', () => rateLimit(rate)),
    quota: most === undefined ? undefined : readLimit('quota', () => quota(most)),
  };
}

/** What the server says is wrong, with the name of the line's member. */
export function problemInLine(problem: string, { secret }: ImportItem): string {
  const own = 'jwtSecret' in secret ? secret.member : 'token';
  return problem.replace(/^(expire_time|jwt_secret)(?=:)/, name =>
    name === 'expire_time' ? 'expires_at' : own,
  );
}

function unknownMember(name: string): string {
  // Anything else than a plain name may be a token.
  const isPlain = /^[a-z_]{1,30}$/i.test(name);
  const all = `the members are ${members.join(', ')}`;
  return `${isPlain ? name : 'a member'}: is not known${hint(name, members) || `; ${all}`}`;
}

function readObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's message would contain parts of the token.
    throw new LineError('is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LineError('is not a JSON object');
  }
  // The names that are shown are those of the format: any other may be a token.
  const [name, ...inner] = repeatedMember(line) ?? [];
  if (name !== undefined && members.includes(String(name))) {
    throw new LineError(`${name}: ${inner.length > 0 ? 'has a member twice' : 'is given twice'}`);
  }
  if (name !== undefined) throw new LineError('a member: is given twice');
  return value as Record<string, unknown>;
}

function readSecret(set: Map<string, unknown>): ImportedSecret {
  const [member, ...others] = secrets.filter(name => set.has(name));
  if (member === undefined || others.length > 0) {
    throw new LineError(`needs exactly one of ${secrets.join(', ')}`);
  }
  const isJwt = member.startsWith('secret');
  checkKind(text(set, 'kind'), isJwt ? 'jwt' : 'static', member);
  const value = text(set, member) ?? '';
  if (isJwt) return readKey(member, value);
  if (member === 'token') return { token: value };
  if (member === 'sha256') return { sha256: readHash('sha256', value, 32) };
  return { sha512: readHash('sha512', value, 64) };
}

function checkKind(given: string | undefined, kind: 'static' | 'jwt', member: string): void {
  if (given === undefined || given === kind) return;
  const isKind = given === 'static' || given === 'jwt';
  throw new LineError(isKind ? `kind: ${member} is for ${kind}` : 'kind: is not static or jwt');
}

function readKey(member: string, value: string): ImportedSecret {
  const bytes = member === 'secret' ? Buffer.from(value, 'utf8') : fromBase64(value);
  if (bytes === undefined) throw new LineError(`${member}: is not base64`);
  if (bytes.length < keyBytesMin) {
    throw new LineError(`${member}: is shorter than ${keyBytesMin} bytes (RFC 7518 section 3.2)`);
  }
  return { jwtSecret: bytes, member };
}

/** Parses hexadecimal, base64 or base64url (RFC 4648), padded or not. */
function readHash(name: string, value: string, bytes: number): Uint8Array {
  if (value.length === bytes * 2 && /^[0-9a-f]+$/i.test(value)) return Buffer.from(value, 'hex');
  const read = fromBase64(value);
  if (read?.length === bytes) return read;
  throw new LineError(`${name}: is not ${bytes} bytes in hexadecimal or base64`);
}

/** Parses base64 or base64url (RFC 4648), padded or not. */
function fromBase64(value: string): Buffer | undefined {
  const plain = value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const read = Buffer.from(plain, 'base64');
  return read.toString('base64').replace(/=+$/, '') === plain ? read : undefined;
}

function text(set: Map<string, unknown>, name: string): string | undefined {
  const value = set.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new LineError(`${name}: is not a string`);
}

function readTexts(set: Map<string, unknown>, name: string): string[] | undefined {
  const value = set.get(name);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(scope => typeof scope === 'string')) return value;
  throw new LineError(`${name}: is not a list of strings`);
}

function readMetadata(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new LineError('metadata: is not a JSON object');
}

function readLifetime(value: string): number {
  try {
    return durationSeconds(value);
  } catch {
    throw new LineError('jwt_lifetime_max: is not a duration such as 15m or 1h');
  }
}

function readLimit<T>(name: 'rate_limit' | 'quota', read: () => T): T {
  try {
    return read();
  } catch {
    const example = name === 'quota' ? '10000/day or 500/month/subject' : '100/1m or 5/1s/subject';
    throw new LineError(`${name}: is not a limit such as ${example}`);
  }
}

function readTime(value: string): Date {
  try {
    return time(value);
  } catch {
    throw new LineError('expires_at: is not a time such as 2026-02-22T03:54:51Z (RFC 3339)');
  }
}
