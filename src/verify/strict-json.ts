/**
 * Parses JSON as a token may hold it: an object of limited depth without duplicate names (RFC 8725,
 * RFC 7515 section 4).
 */

import { isUtf8 } from 'node:buffer';
import type { Json, JsonObject } from '../store/record.ts';
import { isDeeperThan } from './json-depth.ts';

/** A JSON object of a token. */
export interface StrictObject {
  /** As JSON.parse reads it. */
  value: JsonObject;
  /** The same, with integers beyond 2^53 as text, since a double cannot hold them exactly. */
  exact: JsonObject;
  /** Whether all numbers are finite: 1e999 parses as Infinity, which JSON cannot hold. */
  areFinite: boolean;
}

/** Why something is not strictly a JSON object. */
export type JsonFault = 'no JSON object' | 'nested too deep' | 'a name twice' | 'not Unicode';

/** Matches the strings of valid JSON, whose colons do not separate a name from a value. */
const strings = /"(?:[^"\\]|\\.)*"/g;
/**
 * Whether characters of the base64url alphabet are the one spelling of their bytes (RFC 4648 section
 * 3.5): with stray bits at the end, one token would have many strings.
 */
export function isCanonical(base64url: string): boolean {
  const last = base64url.slice(-1);
  switch (base64url.length % 4) {
    case 0:
      return true;
    case 2:
      return 'AQgw'.includes(last);
    case 3:
      return 'AEIMQUYcgkosw048'.includes(last);
    default:
      return false;
  }
}

/** Decodes a JSON object from canonical base64url, or returns why it is not strictly one. */
export function decodeJsonObject(base64url: string, depthMax: number): StrictObject | JsonFault {
  const bytes = Buffer.from(base64url, 'base64url');
  if (!isUtf8(bytes)) return 'not Unicode';
  if (isDeeperThan(bytes, depthMax)) return 'nested too deep';
  const text = bytes.toString('utf8');
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no JSON object';
  const walk = { isLarge: false, areFinite: true };
  // JSON.parse drops one of two members of the same name, as other parsers may the other one.
  const members = countMembers(value, walk);
  if (members !== countColons(text)) return Number.isNaN(members) ? 'not Unicode' : 'a name twice';
  const exact = walk.isLarge ? withExactIntegers(text) : value;
  return { value, exact, areFinite: walk.areFinite };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const integer = /^-?\d+$/;

function withExactIntegers(text: string): JsonObject {
  const exact = (_: string, value: Json, { source = '' }: { source?: string }): Json =>
    isLarge(value) && integer.test(source) ? source : value;
  return JSON.parse(text, exact as (name: string, value: Json) => Json) as JsonObject;
}

function isLarge(value: Json): boolean {
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
}

function countColons(text: string): number {
  let count = 0;
  for (const character of text.replace(strings, '')) if (character === ':') count++;
  return count;
}

/** What is seen on the walk through a value. */
interface Walk {
  /** There is a number beyond 2^53. */
  isLarge: boolean;
  areFinite: boolean;
}

/** Counts the members at all depths. NaN when it holds half a surrogate pair. */
function countMembers(value: Json, walk: Walk): number {
  if (typeof value === 'number') {
    if (isLarge(value)) walk.isLarge = true;
    if (!Number.isFinite(value)) walk.areFinite = false;
    return 0;
  }
  if (typeof value === 'string') return value.isWellFormed() ? 0 : Number.NaN;
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const each of value) count += countMembers(each, walk);
    return count;
  }
  for (const [name, each] of Object.entries(value)) {
    if (!name.isWellFormed()) return Number.NaN;
    count += 1 + countMembers(each, walk);
  }
  return count;
}
