/** The source of a call: what stands for one stranger when calls are counted. */

import { isIPv4, isIPv6 } from 'node:net';

/** Groups of an IPv6 address that a provider gives to one customer: a /64. */
const networkGroups = 4;

/** An IPv4 address as it is, an IPv6 address as its /64 network, any other text as "". */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(address)) return '';
  const [head = '', tail] = address.replace(/%.*$/s, '').split('::');
  const groups = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const zeros = Array<string>(Math.max(0, 8 - groups.length - last.length)).fill('0');
  const all = tail === undefined ? groups : [...groups, ...zeros, ...last];
  const network = all.slice(0, networkGroups).map(group => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** An IPv4 address at the end stands for two groups, which no network has. */
function groupsOf(text: string): string[] {
  const groups = text === '' ? [] : text.split(':');
  return groups.flatMap(group => (group.includes('.') ? ['0', '0'] : [group]));
}
