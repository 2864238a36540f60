/** What USHER_OUTBOUND_ALLOW lets Usher call besides public addresses. */

import type ipaddr from 'ipaddr.js';
import type { Address } from './addresses.ts';

/** An entry of USHER_OUTBOUND_ALLOW. */
export type AllowedTarget =
  /** All addresses of a range, by whatever name. */
  | { readonly range: readonly [ipaddr.IPv4 | ipaddr.IPv6, number] }
  /** A host as in a URL, in lower case (IPv6 in brackets), at one port or at any. */
  | { readonly host: string; readonly port?: number };

/** The port of a URL, also where it is the usual one of the scheme. */
function portOf({ port, protocol }: URL): number {
  return port === '' ? ({ 'https:': 443 }[protocol] ?? 80) : Number(port);
}

/** Whether an entry lets Usher connect to this address for this URL. */
export function isAllowed(
  targets: readonly AllowedTarget[],
  url: URL,
  address: Address | undefined,
): boolean {
  // A name may end with a dot, which says that it is complete.
  const host = url.hostname.replace(/\.$/, '');
  return targets.some(target => {
    if ('host' in target) {
      return target.host === host && (target.port === undefined || target.port === portOf(url));
    }
    const [first, bits] = target.range;
    return address !== undefined && address.kind() === first.kind() && address.match(first, bits);
  });
}
