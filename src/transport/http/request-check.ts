/** Rejects requests with a malformed target or Host before any code builds a URL from them. */

import type { IncomingMessage } from 'node:http';

/** What is wrong with a request, for the caller; undefined for a valid one. */
export function faultOf(req: IncomingMessage): string | undefined {
  const { host } = req.headers;
  if (host === undefined || host === '') return 'host header is missing';
  if (!isHost(host)) return 'host header is malformed';
  // Absolute-form and "*" (RFC 9112 section 3.2) are for proxies.
  if (!req.url?.startsWith('/')) return 'request target must be a path';
  return undefined;
}

/** A name, an IPv4 or a bracketed IPv6 address, with or without a port. */
const hostShape = /^(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Cached valid hosts: a server has few names. */
const good = new Set<string>();
const goodMax = 256;

/** Whether the host is valid, so that `new URL` cannot throw. */
function isHost(host: string): boolean {
  if (good.has(host)) return true;
  if (!hostShape.test(host) || !URL.canParse(`http://${host}/`)) return false;
  if (good.size >= goodMax) good.clear();
  good.add(host);
  return true;
}
