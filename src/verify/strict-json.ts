/** JSON as a token may hold it: an object without duplicate names, bounded in depth (RFC 8725, 7515 section 4). */

import type { Json, JsonObject } from '../store/record.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/** Reads base64url of a JSON object; undefined for anything that is not strictly one. */
export function decodeJsonObject(base64url: string, depthMax: number): JsonObject | undefined {
  const bytes = Buffer.from(base64url, 'base64url');
  // Other spellings of the same bytes (padding, stray bits) would make many strings of one token.
  if (bytes.toString('base64url') !== base64url) return undefined;
  try {
    const text = utf8.decode(bytes);
    const value = JSON.parse(text) as Json;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return isStrict(text, depthMax) && isRepresentable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether valid JSON names no member twice (parsers differ in which they keep) and is not too deep. */
function isStrict(text: string, depthMax: number): boolean {
  const open: (Set<string> | undefined)[] = [];
  let name = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : undefined) > depthMax) return false;
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      const names = open.at(-1);
      const member = JSON.parse(name) as string;
      if (names === undefined || names.has(member)) return false;
      names.add(member);
    } else {
      name = token;
    }
  }
  return true;
}

/** Whether every answer can carry it: no 1e999, which reads as Infinity, and no half surrogate pair. */
function isRepresentable(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isRepresentable);
  return Object.entries(value).every(([k, v]) => k.isWellFormed() && isRepresentable(v));
}
