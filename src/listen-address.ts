/** Addresses as people write them. */

import type { AddressInfo } from 'node:net';

/** "host:port", with an IPv6 address in brackets. */
export function addressText({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
