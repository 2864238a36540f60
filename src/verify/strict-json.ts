/**
 * Parses JSON as a token may hold it: an object of limited depth without duplicate names (RFC 8725,
 * RFC 7515 section 4).
 */

import { isUtf8 } from 'node:buffer';
import type { Json, JsonObject } from '../store/record.ts';
import { isDeeperThan } from './json-depth.ts';

/** Matches the strings of valid JSON, whose colons do not separate a name from a value. */
const strings = /"(?:[^"\\]|\\.)*"/g;

/** Decodes a JSON object from base64url; undefined for anything that is not strictly one. */
export function decodeJsonObject(base64url: string, depthMax: number): JsonObject | undefined {
  const bytes = Buffer.from(base64url, 'base64url');
  // With other spellings of the same bytes (padding, stray bits), one token would have many
  // strings.
  if (bytes.toString('base64url') !== base64url || !isUtf8(bytes)) return undefined;
  if (isDeeperThan(bytes, depthMax)) return undefined;
  const text = bytes.toString('utf8');
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // JSON.parse drops one of two members of the same name, as other parsers may the other one.
  return countMembers(value, depthMax) === countColons(text) ? value : undefined;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function countColons(text: string): number {
  let count = 0;
  for (const character of text.replace(strings, '')) if (character === ':') count++;
  return count;
}

/**
 * Counts the members at all depths. NaN when it is too deep, or holds what some answers cannot
 * carry: 1e999, which parses as Infinity, or half a surrogate pair.
 */
function countMembers(value: Json, depthMax: number): number {
  if (typeof value === 'number') return Number.isFinite(value) ? 0 : Number.NaN;
  if (typeof value === 'string') return value.isWellFormed() ? 0 : Number.NaN;
  if (typeof value !== 'object' || value === null) return 0;
  if (depthMax === 0) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const each of value) count += countMembers(each, depthMax - 1);
    return count;
  }
  for (const [name, each] of Object.entries(value)) {
    if (!name.isWellFormed()) return Number.NaN;
    count += 1 + countMembers(each, depthMax - 1);
  }
  return count;
}
