/** Whether an access token may be used from an address. */

import { BlockList, isIP } from 'node:net';
import { attached } from '../caching/attached.ts';

/** The ranges of a record, one list a family: an IPv6 range must not hold the mapped IPv4 addresses. */
interface Ranges {
  four: BlockList;
  six: BlockList;
}

/** Read once for each list of a record, which all verdicts on its tokens share. */
const known = attached<readonly string[], Ranges>();

/**
 * Whether an address is in one of the ranges (CIDR, or single addresses). "" stands for an address that
 * is not known, which is in none; so is an address with a zone (RFC 4007).
 */
export function isAllowedSource(ranges: readonly string[], address: string): boolean {
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0) return false;
  const { four, six } = rangesOf(ranges);
  if (family === 4) return four.check(address);
  // An IPv4-mapped address counts as IPv4; a BlockList of IPv4 knows them.
  return six.check(address, 'ipv6') || four.check(address, 'ipv6');
}

function rangesOf(texts: readonly string[]): Ranges {
  const before = known.get(texts);
  if (before !== undefined) return before;
  const ranges = { four: new BlockList(), six: new BlockList() };
  for (const text of texts) add(ranges, text);
  known.set(texts, ranges);
  return ranges;
}

/** Adds a range. One that cannot be read holds no address: in doubt a token is refused. */
function add({ four, six }: Ranges, text: string): void {
  const slash = text.indexOf('/');
  const first = slash === -1 ? text : text.slice(0, slash);
  const family = isIP(first);
  const bitsMax = family === 4 ? 32 : 128;
  const bits = slash === -1 ? bitsMax : Number(text.slice(slash + 1) || Number.NaN);
  if (family === 0 || !(Number.isInteger(bits) && bits >= 0 && bits <= bitsMax)) return;
  if (family === 4) four.addSubnet(first, bits, 'ipv4');
  else six.addSubnet(first, bits, 'ipv6');
}
