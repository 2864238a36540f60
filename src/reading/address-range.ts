/** Reads IP addresses and CIDR ranges (RFC 4632, RFC 4291 section 2.3). */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address and the number of its leading bits that count. */
export type AddressRange = [address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number];

/**
 * Reads an address or a range; undefined for what is neither, and for an address with a zone, which has a
 * meaning on one machine only. IPv4-mapped IPv6 counts as IPv4.
 */
export function readRange(entry: string): AddressRange | undefined {
  const [text = '', prefix, ...rest] = entry.split('/');
  const family = isIP(text);
  if (family === 0 || text.includes('%') || rest.length > 0) return undefined;
  const bitsMax = family === 4 ? 32 : 128;
  if (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? bitsMax : Number(prefix);
  if (bits > bitsMax) return undefined;
  const address = parseAddress(text);
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress();
  if (!isMapped || bits < mappedBits) return [address, bits];
  return [(address as ipaddr.IPv6).toIPv4Address(), bits - mappedBits];
}

/**
 * Parses a valid address. ipaddr.js takes the deprecated `::192.0.2.7` (RFC 4291 section 2.5.5.1), which is
 * `::c000:207`, for the IPv4-mapped `::ffff:192.0.2.7`; written otherwise it does not.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  return ipaddr.parse(text.replace(/^::(?=\d+\.)/, '0::'));
}

/** Bits before the IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2). */
const mappedBits = 96;

/**
 * What to write instead of a range that has bits behind its prefix, since it may mean the range or the
 * address; undefined for one that has none.
 */
export function meantBy(range: AddressRange): string | undefined {
  const [address, bits] = range;
  const first = firstOf(range);
  if (first.toString() === address.toString()) return undefined;
  const alone = textOf([address, address.toByteArray().length * 8]);
  return `write ${textOf([first, bits])}, or ${alone} for that address alone`;
}

/** The first address of a range. */
function firstOf([address, bits]: AddressRange): ipaddr.IPv4 | ipaddr.IPv6 {
  const bytes = address.toByteArray().map((byte, n) => {
    const counted = Math.min(8, Math.max(0, bits - n * 8));
    return byte & (0xff << (8 - counted)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}

/** The spelling of RFC 5952, without the prefix for a single address. */
export function textOf([address, bits]: AddressRange): string {
  const text =
    address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : `${address}`;
  return bits === address.toByteArray().length * 8 ? text : `${text}/${bits}`;
}
