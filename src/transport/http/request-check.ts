/** Refuses requests whose target or Host cannot be trusted, before anything makes a URL of them. */

import type { IncomingMessage } from 'node:http';

/** What is wrong with a request, or undefined. */
export function faultOf(req: IncomingMessage): string | undefined {
  const { host } = req.headers;
  if (host === undefined || host === '') return 'host header is missing';
  if (!isHost(host)) return 'host header is malformed';
  // Absolute-form and "*" are for proxies, which this is not.
  if (!req.url?.startsWith('/')) return 'request target must be a path';
  return undefined;
}

/** A name, an IPv4 or a bracketed IPv6 address, with or without a port. */
const hostShape = /^(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Hosts that passed: callers have few names for a server. */
const good = new Set<string>();
const goodMax = 256;

/** What passes both cannot make `new URL` throw. */
function isHost(host: string): boolean {
  if (good.has(host)) return true;
  if (!hostShape.test(host) || !URL.canParse(`http://${host}/`)) return false;
  if (good.size >= goodMax) good.clear();
  good.add(host);
  return true;
}
