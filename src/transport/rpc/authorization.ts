/**
 * Reads the Authorization header, the same at every door: blanks around a value do not count, and
 * repeated headers are joined by a comma, which no credential contains, so that they are malformed.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { trimBlanks } from '../../caching/canonical-header.ts';

/** The header's value from the values of all its lines; "" for none. */
export function joinAuthorization(values: readonly string[]): string {
  return values.length > 1 ? values.map(trimBlanks).join(', ') : trimBlanks(values[0] ?? '');
}

/** The header's value among the headers of a request, where repeated ones are already joined. */
export function authorizationIn({ authorization = '' }: IncomingHttpHeaders): string {
  return trimBlanks(authorization);
}
