/** Reads the two keys of a session from a request. */

import type { IncomingHttpHeaders } from 'node:http';
import { readCookie } from './cookie.ts';
import { pageSecretHeader } from './page-secret.ts';
import type { SessionKeys } from './session.ts';

/** The cookie and the page secret that a request brings, each "" without one. */
export function keysIn(headers: IncomingHttpHeaders): SessionKeys {
  const pageSecret = String(headers[pageSecretHeader] ?? '');
  return { cookie: readCookie(headers.cookie) ?? '', pageSecret };
}
