/** The client address: X-Forwarded-For counts only from trusted proxies. */

import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddress, trustsRanges } from '../../../src/transport/http/client-address.ts';

const trusts = trustsRanges([
  ['10.0.0.0', 8],
  ['fd00::', 8],
]);

const addressOf = (remoteAddress: string, forwarded?: string) =>
  clientAddress(
    {
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    } as unknown as IncomingMessage,
    trusts,
  );

test.each([
  ['a stranger says what it likes', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['a proxy says whom it got it from', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['only the last stranger counts', '10.0.0.1', '1.2.3.4, 198.51.100.7, 10.9.9.9', '198.51.100.7'],
  ['proxies all the way', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
  ['a proxy that says nonsense', '10.0.0.1', '198.51.100.7, evil', '10.0.0.1'],
  ['IPv4 on a socket for both', '::ffff:10.0.0.1', '::ffff:198.51.100.7', '198.51.100.7'],
  ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
])('%s', (_, peer, forwarded, address) => {
  expect(addressOf(peer, forwarded)).toBe(address);
});

test('by default no proxy is trusted', () => {
  expect(trustsRanges([])('127.0.0.1')).toBe(false);
});
