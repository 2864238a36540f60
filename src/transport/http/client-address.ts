/** The address that a request came from, also through proxies that are trusted to say it. */

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Whether an address is a trusted proxy's. */
export type Trusts = (address: string) => boolean;

/** Trusts addresses in these ranges: the first address of each, and the length of its prefix. */
export function trustsRanges(
  ranges: readonly (readonly [first: string, prefixBits: number])[],
): Trusts {
  const list = new BlockList();
  for (const [first, bits] of ranges) list.addSubnet(first, bits, familyOf(first));
  return address => list.check(address, familyOf(address));
}

/**
 * The last address that is no trusted proxy's: first the peer itself, then X-Forwarded-For from its
 * end, where each proxy has added the one it got the request from. What stands before is hearsay.
 */
export function clientAddress(req: IncomingMessage, trusts: Trusts): string {
  let address = plainAddress(req.socket.remoteAddress ?? '');
  const forwarded = String(req.headers['x-forwarded-for'] ?? '').split(',');
  while (trusts(address)) {
    const before = plainAddress(forwarded.pop()?.trim() ?? '');
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** An IPv4 address that a socket for both families shows as an IPv6 one, as itself. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
