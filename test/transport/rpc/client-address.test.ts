/** The client's address: X-Forwarded-For counts only from trusted proxies, and only from its end. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainAddress } from '../../../src/tokens/source.ts';
import {
  addressIn,
  createOrigins,
  originOf,
  trustsRanges,
} from '../../../src/transport/rpc/client-address.ts';

const trusts = trustsRanges([
  ['10.0.0.0', 8],
  ['fd00::', 8],
]);

const many = Array.from({ length: 10_000 }, () => '192.0.2.66').join(', ');

test.each([
  ['a stranger says what it likes', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['a proxy says whom it got it from', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['only the last stranger counts', '10.0.0.1', '1.2.3.4, 198.51.100.7, 10.9.9.9', '198.51.100.7'],
  ['proxies all the way', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ['a proxy that says nothing', '10.0.0.1', '', '10.0.0.1'],
  ['IPv4 on a socket for both', '::ffff:10.0.0.1', '::ffff:198.51.100.7', '198.51.100.7'],
  ['the same in hexadecimal', '::ffff:a00:1', '::FFFF:c633:6407', '198.51.100.7'],
  ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
  ['a port', '10.0.0.1', '198.51.100.7:51234', '198.51.100.7'],
  ['IPv6 in brackets', '10.0.0.1', '[2001:db8::7]', '2001:db8::7'],
  ['IPv6 in brackets with a port', '10.0.0.1', '[2001:db8::7]:51234', '2001:db8::7'],
  ['blanks around', '10.0.0.1', ' \t198.51.100.7 \t', '198.51.100.7'],
  ['10,000 forged entries before it', '10.0.0.1', `${many},198.51.100.7`, '198.51.100.7'],
  ['an empty entry before it', '10.0.0.1', ', 198.51.100.7', '198.51.100.7'],
])('%s', (_, peer, forwarded, address) => {
  expect(originOf(peer, forwarded, trusts)).toMatchObject({ address });
});

test.each([
  ['nonsense', '198.51.100.7, evil'],
  ['"unknown"', '198.51.100.7, unknown'],
  ['an empty entry', '198.51.100.7, '],
  ['nothing but a comma', ','],
  ['a blank', ' '],
  ['an empty entry before a proxy', ', 10.0.0.2'],
  ['a zone', '198.51.100.7, fe80::1%eth0'],
  ['a port without a number', '198.51.100.7:'],
  ['IPv4 in brackets', '[198.51.100.7]'],
  ['a bracket that does not end', '[2001:db8::7'],
  ['an address in quotes', '"198.51.100.7"'],
  ['a number in another base', '0xc6.51.100.7'],
  ['leading zeros', '198.051.100.007'],
  ['two addresses in one entry', '1.2.3.4 198.51.100.7'],
  ['a line feed', '1.2.3.4\n198.51.100.7'],
  ['a kilobyte', 'x'.repeat(1024)],
])('a proxy that names %s leaves the address unknown, whatever stands before it', (_, text) => {
  expect(originOf('10.0.0.1', text, trusts)).toEqual({ address: '', isForwarded: true });
});

test('whatever a client writes, the proxy appends its address, and that one counts', () => {
  const claimed = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.9', 'unknown', '')), {
      maxLength: 5,
    }),
  );
  const peer = fc.oneof(fc.ipV4(), fc.ipV6()).filter(address => !trusts(plainAddress(address)));
  fc.assert(
    fc.property(claimed, peer, fc.constantFrom(', ', ',', ' , '), (text, address, comma) => {
      const before = Array.isArray(text) ? text.join(comma) : text;
      const { address: found } = originOf('10.0.0.1', `${before}${comma}${address}`, trusts);
      expect(found).toBe(plainAddress(address));
    }),
  );
});

test('whether a proxy named the address', () => {
  expect(originOf('10.0.0.1', '192.0.2.1', trusts).isForwarded).toBe(true);
  expect(originOf('10.0.0.1', '', trusts).isForwarded).toBe(false);
  expect(originOf('192.0.2.1', '198.51.100.7', trusts).isForwarded).toBe(false);
});

test('several lines of the header are one list, whatever the protocol', () => {
  const origins = createOrigins(trusts);
  const lines = ['192.0.2.66', '198.51.100.7'];
  const call = { peer: '10.0.0.1', header: () => lines };
  const joined = { 'x-forwarded-for': lines.join(', ') };
  expect(origins.call(call).address).toBe('198.51.100.7');
  const req = { socket: { remoteAddress: '10.0.0.1' }, headers: joined };
  expect(origins.request(req).address).toBe('198.51.100.7');
});

test('by default no proxy is trusted', () => {
  expect(trustsRanges([])('127.0.0.1')).toBe(false);
});

test('a range of IPv6 holds no address of IPv4, and the other way round', () => {
  const six = trustsRanges([['::', 8]]);
  expect(six('::1')).toBe(true);
  expect(six('192.0.2.1')).toBe(false);
  expect(trustsRanges([['0.0.0.0', 1]])('::1')).toBe(false);
});

test.each([
  ['1.2.3.4:5', '1.2.3.4'],
  ['2001:db8::1', '2001:db8::1'],
  ['[::ffff:1.2.3.4]:5', '1.2.3.4'],
  ['1.2.3.4:123456', ''],
  ['localhost', ''],
])('the address of %j is %j', (entry, address) => expect(addressIn(entry)).toBe(address));
