/** Who a connection counts for: one address of IPv4, one /64 network of IPv6. */

import { isIP } from 'node:net';

/**
 * The source of an address. In IPv6 one customer commonly has a whole /64 (RFC 6177), and can take
 * each of its addresses in turn.
 */
export function sourceOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  // A zone names an interface, and may hold anything (RFC 4007).
  const [head = '', tail] = plain.replace(/%.*$/s, '').split('::');
  const groups = groupsOf(head);
  const after = groupsOf(tail ?? '');
  while (tail !== undefined && groups.length + after.length < 8) groups.push('0');
  const network = [...groups, ...after].slice(0, 4);
  return `${network.map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** An IPv4 address at the end stands for two groups, which no network has. */
function groupsOf(text: string): string[] {
  const groups = text === '' ? [] : text.split(':');
  return groups.flatMap(group => (group.includes('.') ? ['0', '0'] : [group]));
}

/** Unwraps an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) of a dual-stack socket. */
export function plainAddress(address: string): string {
  return /^::ffff:/i.test(address) && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
