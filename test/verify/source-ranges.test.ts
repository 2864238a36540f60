/** Access tokens that may be used from some addresses only. */

import { expect, test } from 'vitest';
import { isAllowedSource } from '../../src/verify/source-ranges.ts';
import { answer, staticRecord } from './setup.ts';

const ranges = ['192.0.2.0/24', '198.51.100.7', '2001:db8:1::/48', '2001:db8:2::9'];

test.each([
  ['192.0.2.0', true],
  ['192.0.2.255', true],
  ['192.0.3.0', false],
  ['198.51.100.7', true],
  ['198.51.100.8', false],
  ['2001:db8:1:ffff::1', true],
  ['2001:DB8:0001::', true],
  ['2001:db8:2::9', true],
  ['2001:db8:2::a', false],
  ['::ffff:192.0.2.9', true],
  ['::ffff:c000:209', true],
  ['::ffff:198.51.100.8', false],
  ['', false],
  ['unknown', false],
  ['192.0.2.9:80', false],
  ['[2001:db8:2::9]', false],
  ['2001:db8:2::9%eth0', false],
  ['192.0.2', false],
  ['192.0.002.1', false],
])('%j: %j', (address, allowed) => {
  const own = [...ranges];
  expect(isAllowedSource(own, address)).toBe(allowed);
  // The second time by what was read the first time.
  expect(isAllowedSource(own, address)).toBe(allowed);
});

test('a token is refused elsewhere, once all about it that comes before is right', async () => {
  const { record, token } = staticRecord({ allowedSources: ranges });
  const told = (source?: string, more = {}) =>
    answer([{ ...record, ...more }], { header: token, ...(source !== undefined && { source }) });
  expect(await told('192.0.2.9')).toBe('valid');
  expect(await told('192.0.3.9')).toBe('WRONG_SOURCE');
  expect([await told(''), await told()]).toEqual(['WRONG_SOURCE', 'WRONG_SOURCE']);
  expect(await told('192.0.3.9', { revokedAt: 1 })).toBe('REVOKED');
});

test('a range of one address, with its bits', () => {
  expect(isAllowedSource(['192.0.2.1/32'], '192.0.2.1')).toBe(true);
  expect(isAllowedSource(['192.0.2.1/32'], '192.0.2.2')).toBe(false);
  expect(isAllowedSource(['2001:db8::1/128'], '2001:db8::1')).toBe(true);
  expect(isAllowedSource(['2001:db8::1/128'], '2001:db8::2')).toBe(false);
});

test('all of one family is nothing of the other', () => {
  expect(isAllowedSource(['0.0.0.0/0'], '192.0.2.1')).toBe(true);
  expect(isAllowedSource(['0.0.0.0/0'], '2001:db8::1')).toBe(false);
  expect(isAllowedSource(['::/0'], '2001:db8::1')).toBe(true);
  expect(isAllowedSource(['::/0'], '192.0.2.1')).toBe(false);
});

test('a range that cannot be read holds no address', () => {
  for (const range of [
    '192.0.2.1/33',
    '192.0.2.1/',
    '192.0.2.1/x',
    '192.0.2.1/8.5',
    'all',
    '',
    '::/129',
    '::/-1',
  ]) {
    expect(isAllowedSource([range], '192.0.2.1')).toBe(false);
    expect(isAllowedSource([range], '::1')).toBe(false);
  }
  expect(isAllowedSource([], '192.0.2.1')).toBe(false);
});
