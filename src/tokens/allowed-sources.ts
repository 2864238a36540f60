/** The addresses from which a token may be used: CIDR ranges and single addresses, in one spelling. */

import { type AddressRange, meantBy, readRange, textOf } from '../reading/address-range.ts';
import { invalid } from './faults.ts';

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
  return [...new Set(entries.map(entry => textOf(readRange(entry) as AddressRange)))];
}

/** Whether all addresses of a range are in one of the others. All must be valid. */
export function isWithinSources(entry: string, others: readonly string[]): boolean {
  const [address, bits] = readRange(entry) as AddressRange;
  return others.some(other => {
    const [first, prefix] = readRange(other) as AddressRange;
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
  const meant = meantBy(range);
  return meant && `${shown} has bits behind its prefix; ${meant}`;
}
