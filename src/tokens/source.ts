/** The source of a call: what stands for one stranger when calls are counted. */

import { isIP, isIPv4, SocketAddress } from 'node:net';

/** Groups of an IPv6 address that a provider gives to one customer (RFC 6177): a /64. */
const networkGroups = 4;

/** An IPv4 address as it is, an IPv6 address as its /64 network, any other text as "". */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  const family = isIP(plain);
  if (family !== 6) return family === 4 ? plain : '';
  // A zone names an interface, and may hold anything (RFC 4007).
  const [head = '', tail] = plain.replace(/%.*$/s, '').split('::');
  const groups = groupsOf(head);
  const last = groupsOf(tail ?? '');
  while (tail !== undefined && groups.length + last.length < 8) groups.push('0');
  const network = [...groups, ...last].slice(0, networkGroups);
  return `${network.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** An IPv4 address at the end stands for two groups, which no network has. */
function groupsOf(text: string): string[] {
  const groups = text === '' ? [] : text.split(':');
  return groups.flatMap(group => (group.includes('.') ? ['0', '0'] : [group]));
}

/** Unwraps an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), as a dual-stack socket has. */
export function plainAddress(address: string): string {
  if (!mayBeMapped.test(address) || isIP(address) !== 6) return address;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const last = canonical.slice(mapped.length);
  return canonical.startsWith(mapped) && isIPv4(last) ? last : address;
}

const mapped = '::ffff:';
const mayBeMapped = /^[0:]+:ffff:/i;
