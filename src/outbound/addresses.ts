/** Which addresses are public, so that Usher may call them without an entry in USHER_OUTBOUND_ALLOW. */

import ipaddr from 'ipaddr.js';
import { parseAddress } from '../reading/address-range.ts';

/** Global unicast (RFC 4291 section 2.4): all public IPv6 addresses are in it. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** The prefix through which NAT64 leads to all of IPv4 (RFC 6052 section 2.1). */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** An IPv4 or IPv6 address as it is connected to; an IPv4-mapped one (`::ffff:10.0.0.7`) is IPv4. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Reads an address; undefined for a text that is none. */
export function readAddress(text: string): Address | undefined {
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
  return isAddress ? ipaddr.process(parseAddress(text).toString()) : undefined;
}

/**
 * What kind of address it is: "public", or a kind that is reached by few: "loopback", "private",
 * "linkLocal" (which holds the metadata services of clouds), "carrierGradeNat", "uniqueLocal",
 * "multicast" and others. An address of NAT64 is of the kind of the IPv4 address that it leads to; those
 * of 6to4 and Teredo, which lead to others too, are never public.
 */
export function kindOf(address: Address): string {
  if (address instanceof ipaddr.IPv6 && address.match(nat64)) {
    return kindOf(new ipaddr.IPv4(address.toByteArray().slice(12)));
  }
  const range = address.range();
  if (range !== 'unicast') return range;
  const isPublic = address instanceof ipaddr.IPv4 || address.match(globalUnicast);
  return isPublic ? 'public' : 'reserved';
}
