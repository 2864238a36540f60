/** The names that a listener answers to, against DNS rebinding. */

import { expect, test } from 'vitest';
import { answersToHosts, hostName } from '../../../src/transport/http/hosts.ts';

const answersTo = answersToHosts(['usher.example.com', '10.0.0.7']);
const asks = (host: string | undefined, localAddress = '::ffff:192.0.2.5') =>
  answersTo(host, localAddress);

test.each([
  'localhost',
  'localhost:9000',
  'LocalHost.:8081',
  'usher.localhost:8081',
  '127.0.0.1:8081',
  '127.8.9.10',
  '[::1]:8081',
  '[0:0:0:0:0:0:0:1]:8081',
  'usher.example.com',
  'Usher.Example.COM.:443',
  '10.0.0.7:8081',
  '192.0.2.5:8081',
])('answers to %s', host => {
  expect(asks(host)).toBe(true);
});

test.each([
  'evil.example',
  'evil.example:8081',
  'usher.example.com.evil.example',
  'evil-usher.example.com',
  'notlocalhost',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '192.0.2.6',
  '10.0.0.8',
  '[::2]',
  'usher.example.com@evil.example',
  'a b',
  '',
  undefined,
])('does not answer to %s', host => {
  expect(asks(host)).toBe(false);
});

test('answers to the IPv6 address at which the connection arrived', () => {
  expect(asks('[2001:DB8:0::5]:8081', '2001:db8::5')).toBe(true);
  expect(asks('[2001:db8::6]:8081', '2001:db8::5')).toBe(false);
});

test('a name is as a URL has it', () => {
  expect(hostName('[2001:DB8:0::5]:8081')).toBe('[2001:db8::5]');
  expect(hostName('Name.:80')).toBe('name');
});
