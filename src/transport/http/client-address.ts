/** Finds the address of the client, also behind trusted proxies. */

import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../rpc/source.ts';
import type { HttpRequest } from './message.ts';

/** Whether an address belongs to a trusted proxy. */
export type Trusts = (address: string) => boolean;

/** Trusts addresses in these ranges, each given by an address and its prefix length. */
export function trustsRanges(
  ranges: readonly (readonly [first: string, prefixBits: number])[],
): Trusts {
  const list = new BlockList();
  for (const [first, bits] of ranges) list.addSubnet(first, bits, familyOf(first));
  return address => list.check(address, familyOf(address));
}

/**
 * The nearest address that is not a trusted proxy: the socket's peer, or else an entry of
 * X-Forwarded-For, read from its end, where each proxy appends its peer. Entries before that may be
 * forged by the client.
 */
export function clientAddress(req: HttpRequest, trusts: Trusts): string {
  let address = plainAddress(req.socket.remoteAddress ?? '');
  const forwarded = String(req.headers['x-forwarded-for'] ?? '').split(',');
  while (trusts(address)) {
    const before = plainAddress(forwarded.pop()?.trim() ?? '');
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
