/** Parses a line of an import file: a JSON object with a token or its hash, and fields. */

import type { JsonObject } from '../api/access-token.ts';
import type { ImportedSecret, ImportItem } from '../api/import.ts';
import { time } from './option-values.ts';

/** A mistake in a line. The message contains nothing of the line, which holds a token. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

const members = [
  ...['token', 'sha256', 'sha512', 'id', 'name', 'owner', 'scopes', 'metadata', 'expires_at'],
];

/** Parses a line. Throws LineError. */
export function readLine(line: string): ImportItem {
  const object = readObject(line);
  const unknown = Object.keys(object).filter(name => !members.includes(name));
  if (unknown.length > 0) throw new LineError(`has a member other than ${members.join(', ')}`);
  const set = new Map(Object.entries(object).filter(([, value]) => value !== null));
  const expiry = text(set, 'expires_at');
  return {
    secret: readSecret(set),
    id: text(set, 'id'),
    name: text(set, 'name') ?? '',
    owner: text(set, 'owner'),
    scopes: readScopes(set.get('scopes')),
    metadata: readMetadata(set.get('metadata')),
    expireTime: expiry === undefined ? undefined : readTime(expiry),
  };
}

function readObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's message would contain parts of the token.
    throw new LineError('is not JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new LineError('is not a JSON object');
}

function readSecret(set: Map<string, unknown>): ImportedSecret {
  const given = ['token', 'sha256', 'sha512'].filter(name => set.has(name));
  if (given.length !== 1) throw new LineError('needs one of token, sha256 and sha512');
  const token = text(set, 'token');
  if (token !== undefined) return { token };
  const sha256 = text(set, 'sha256');
  if (sha256 !== undefined) return { sha256: readHash('sha256', sha256, 32) };
  return { sha512: readHash('sha512', text(set, 'sha512') ?? '', 64) };
}

/** Parses hexadecimal, base64 or base64url (RFC 4648), padded or not. */
function readHash(name: string, value: string, bytes: number): Uint8Array {
  if (value.length === bytes * 2 && /^[0-9a-f]+$/i.test(value)) return Buffer.from(value, 'hex');
  const plain = value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const read = Buffer.from(plain, 'base64');
  const same = read.toString('base64').replace(/=+$/, '') === plain;
  if (same && read.length === bytes) return read;
  throw new LineError(`${name}: is not ${bytes} bytes in hexadecimal or base64`);
}

function text(set: Map<string, unknown>, name: string): string | undefined {
  const value = set.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new LineError(`${name}: is not a string`);
}

function readScopes(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(scope => typeof scope === 'string')) return value;
  throw new LineError('scopes: is not a list of strings');
}

function readMetadata(value: unknown): JsonObject | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject;
  throw new LineError('metadata: is not a JSON object');
}

function readTime(value: string): Date {
  try {
    return time(value);
  } catch {
    throw new LineError('expires_at: is not a time such as 2026-02-22T03:54:51Z (RFC 3339)');
  }
}
