/** Finds the address of the client behind trusted proxies, from X-Forwarded-For. */

import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { plainAddress } from '../../tokens/source.ts';
import type { Call } from './call.ts';

/** Whether an address belongs to a trusted proxy. */
export type Trusts = (address: string) => boolean;

/** Trusts addresses in these ranges, each given by an address and its prefix length. */
export function trustsRanges(
  ranges: readonly (readonly [first: string, prefixBits: number])[],
): Trusts {
  if (ranges.length === 0) return () => false;
  // One list a family: a list with a range of IPv6 such as ::/8 would hold all of IPv4, as mapped.
  const four = new BlockList();
  const six = new BlockList();
  for (const [first, bits] of ranges) {
    if (isIPv4(first)) four.addSubnet(first, bits, 'ipv4');
    else six.addSubnet(first, bits, 'ipv6');
  }
  return address => (isIPv4(address) ? four.check(address) : six.check(address, 'ipv6'));
}

/** Where a request comes from, as far as trusted proxies tell. */
export interface Origin {
  /**
   * The nearest address that is not a trusted proxy; that of the last proxy if it names no one; "" if it
   * names something that is no address.
   */
  address: string;
  /** Whether a proxy named the address; otherwise it is that of the connection. */
  isForwarded: boolean;
}

/**
 * The origin of a request from `peer`. X-Forwarded-For is read from its end, where each proxy appends
 * its peer, and no further than the first address that is not trusted: the entries before it are what
 * that one claims. Its lines are joined by commas.
 */
export function originOf(peer: string, forwardedFor: string, trusts: Trusts): Origin {
  let address = plainAddress(peer);
  let isForwarded = false;
  let end = forwardedFor === '' ? -1 : forwardedFor.length;
  while (end >= 0 && address !== '' && trusts(address)) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
    address = addressIn(forwardedFor.slice(comma + 1, end));
    isForwarded = true;
    end = comma;
  }
  return { address, isForwarded };
}

/**
 * The address of a gateway's client, from which its request's token was used; "" when it is not known.
 * The address of the connection is the gateway's own.
 */
export function clientOf({ address, isForwarded }: Origin): string {
  return isForwarded ? address : '';
}

/** Finds the origins of calls and requests. */
export interface Origins {
  call(call: Pick<Call, 'peer' | 'header'>): Origin;
  request(req: Request): Origin;
}

/** A request of HTTP. */
interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Creates it. */
export function createOrigins(trusts: Trusts): Origins {
  return {
    call: call => originOf(call.peer, call.header('x-forwarded-for').join(','), trusts),
    request: ({ headers, socket }) =>
      originOf(socket.remoteAddress ?? '', String(headers['x-forwarded-for'] ?? ''), trusts),
  };
}

/** Longest entry: an IPv6 address that has an IPv4 address in it, in brackets, and a port. */
const entryLengthMax = 64;

/** The address of an entry, without the brackets and the port that some proxies write; "" for none. */
export function addressIn(entry: string): string {
  if (entry.length > entryLengthMax) return '';
  const text = entry.trim();
  const [, four, six] =
    /^(?:(\d[\d.]*)(?::\d{1,5})?|\[([\da-f:.]+)\](?::\d{1,5})?)$/i.exec(text) ?? [];
  const address = four ?? six ?? text;
  const family = isIP(address);
  // A zone names an interface of the machine that wrote it (RFC 4007).
  const isAddress = six === undefined ? family !== 0 : family === 6;
  return isAddress && !address.includes('%') ? plainAddress(address) : '';
}
