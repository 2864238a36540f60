/** Whether the browser's connection is encrypted, also when a proxy in front ends TLS. */

import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/**
 * Whether a request came over TLS: on its own connection, or from the browser to the first of the
 * proxies, as `X-Forwarded-Proto` or `Forwarded` (RFC 7239 section 5.4) names it. Both headers are
 * trusted from every peer, because they only make the cookie stricter.
 */
export function cameOverTls({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>) {
  if ((socket as Partial<TLSSocket>).encrypted === true) return true;
  const { forwarded = '' } = headers;
  const [, protocol] = /^[^,]*?\bproto="?([a-z]+)/i.exec(forwarded) ?? [];
  return [first(headers['x-forwarded-proto']), protocol?.toLowerCase()].includes('https');
}

/** The first entry of a list: each proxy adds its own behind those before it. */
function first(list: string | string[] | undefined): string | undefined {
  return String(list ?? '')
    .split(',')[0]
    ?.trim()
    .toLowerCase();
}
