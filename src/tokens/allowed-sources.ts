/** The addresses from which a token may be used: CIDR ranges and single addresses, in one spelling. */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { invalid } from './faults.ts';

/** An address and the number of its leading bits that count. */
type Range = [address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number];

/** Most ranges of an access token. */
const allowedSourcesMax = 64;

/** The longest entry is an IPv6 address with its prefix, in characters. */
const entryLengthMax = 50;

/**
 * Throws INVALID_ARGUMENT unless each entry is an IPv4 or IPv6 address or a CIDR range (RFC 4632, RFC
 * 4291 section 2.3) whose bits behind the prefix are zero.
 */
export function checkSources(field: string, entries: readonly string[]): void {
  if (entries.length > allowedSourcesMax) {
    throw invalid(field, `has more than ${allowedSourcesMax} entries`);
  }
  for (const entry of entries) {
    const fault = faultOf(entry);
    if (fault !== undefined) throw invalid(field, fault);
  }
}

/** Ranges in the spelling of RFC 5952, each once, in their order. They must be valid. */
export function canonicalSources(entries: readonly string[]): string[] {
  return [...new Set(entries.map(entry => textOf(readRange(entry) as Range)))];
}

/** Whether all addresses of a range are in one of the others. All must be valid. */
export function isWithinSources(entry: string, others: readonly string[]): boolean {
  const [address, bits] = readRange(entry) as Range;
  return others.some(other => {
    const [first, prefix] = readRange(other) as Range;
    return address.kind() === first.kind() && prefix <= bits && address.match(first, prefix);
  });
}

/** What is wrong with an entry, in words that name it; undefined for nothing. */
function faultOf(entry: string): string | undefined {
  if (entry === '') return 'has an empty entry';
  const shown = JSON.stringify(entry.slice(0, entryLengthMax));
  const range = entry.length > entryLengthMax ? undefined : readRange(entry);
  if (range === undefined) {
    return `${shown} is not an IP address or CIDR range; write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`;
  }
  const [address, bits] = range;
  const first = firstOf(range);
  if (first.toString() === address.toString()) return undefined;
  const meant = `write ${textOf([first, bits])}, or ${textOf([address, address.toByteArray().length * 8])}`;
  return `${shown} has bits behind its prefix; ${meant} for that address alone`;
}

/** Undefined for what is neither an address nor a range. IPv4-mapped IPv6 counts as IPv4. */
function readRange(entry: string): Range | undefined {
  const [text = '', prefix, ...rest] = entry.split('/');
  const family = isIP(text);
  // A zone has a meaning on one machine only.
  if (family === 0 || text.includes('%') || rest.length > 0) return undefined;
  const bitsMax = family === 4 ? 32 : 128;
  if (prefix !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const bits = prefix === undefined ? bitsMax : Number(prefix);
  if (bits > bitsMax) return undefined;
  const address = ipaddr.parse(text);
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress();
  if (!isMapped || bits < mappedBits) return [address, bits];
  return [(address as ipaddr.IPv6).toIPv4Address(), bits - mappedBits];
}

/** Bits before the IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2). */
const mappedBits = 96;

/** The first address of a range. */
function firstOf([address, bits]: Range): ipaddr.IPv4 | ipaddr.IPv6 {
  const bytes = address.toByteArray().map((byte, n) => {
    const counted = Math.min(8, Math.max(0, bits - n * 8));
    return byte & (0xff << (8 - counted)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}

function textOf([address, bits]: Range): string {
  const text =
    address.kind() === 'ipv6' ? (address as ipaddr.IPv6).toRFC5952String() : `${address}`;
  return bits === address.toByteArray().length * 8 ? text : `${text}/${bits}`;
}
