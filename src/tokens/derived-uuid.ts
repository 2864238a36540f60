/** UUIDs that follow from a text, so that a repeat has the same one. */

import { hash } from 'node:crypto';

/** A UUID (RFC 9562, version 8) derived from a text. */
export function uuidOf(text: string): string {
  const hex = hash('sha256', text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
