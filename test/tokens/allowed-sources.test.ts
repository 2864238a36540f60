/** The addresses from which a token may be used: what is accepted, and how it is written. */

import { describe, expect, test } from 'vitest';
import {
  canonicalSources,
  checkSources,
  isWithinSources,
} from '../../src/tokens/allowed-sources.ts';
import { auditFields } from '../../src/tokens/fields.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, audit } = openOffice();

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['192.0.2.0/24', '192.0.2.0/24'],
  ['192.0.2.128/25', '192.0.2.128/25'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['2001:0db8:0000::/32', '2001:db8::/32'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['2001:db8:0:8000::/49', '2001:db8:0:8000::/49'],
  ['::/0', '::/0'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  // IPv4-compatible (RFC 4291 section 2.5.5.1), which is not IPv4-mapped.
  ['::192.0.2.7', '::c000:207'],
  ['::FFFF:c000:200/120', '192.0.2.0/24'],
  ['::ffff:0:0/96', '0.0.0.0/0'],
])('%s becomes %s', (entry, canonical) => {
  checkSources('allowed_sources', [entry]);
  expect(canonicalSources([entry])).toEqual([canonical]);
  expect(canonicalSources([canonical])).toEqual([canonical]);
});

test('entries keep their order, each once whatever its spelling', () => {
  const entries = ['::1', '192.0.2.7', '0:0:0:0:0:0:0:1', '192.0.2.7/32', '::ffff:192.0.2.7'];
  expect(canonicalSources(entries)).toEqual(['::1', '192.0.2.7']);
});

describe('what is refused, by the text of the entry', () => {
  test.each([
    ['192.0.2.1/24', '192.0.2.0/24, or 192.0.2.1 '],
    ['192.0.2.129/25', '192.0.2.128/25, or 192.0.2.129 '],
    ['10.1.2.3/0', '0.0.0.0/0, or 10.1.2.3 '],
    ['2001:db8::1/32', '2001:db8::/32, or 2001:db8::1 '],
    ['2001:db8:0:c000::/49', '2001:db8:0:8000::/49, or 2001:db8:0:c000:: '],
    ['::ffff:192.0.2.1/120', '192.0.2.0/24, or 192.0.2.1 '],
    ['::ffff:0:0/95', '::fffe:0:0/95, or ::ffff:0:0 '],
  ])('%s has bits behind its prefix', (entry, meant) => {
    const text = `allowed_sources: "${entry}" has bits behind its prefix; write ${meant}for that`;
    expect(() => checkSources('allowed_sources', ['10.0.0.0/8', entry])).toThrow(text);
  });

  test.each([
    ...[
      'localhost',
      '*',
      'any',
      '192.0.2',
      '192.0.2.256',
      '192.0.02.1',
      '0xC0000207',
      '3221225985',
    ],
    ...['192.0.2.0/33', '192.0.2.0/', '192.0.2.0/-1', '192.0.2.0/024', '192.0.2.0/24/8', '/24'],
    ...['192.0.2.0/255.255.255.0', '192.0.2.1-9', '192.0.2.7:80', '[::1]', '::1/129', '::g'],
    ...['fe80::1%eth0', 'fe80::%1/64', ' 192.0.2.7', '192.0.2.7\n', '１９２.0.2.7', '1::2::3'],
  ])('%j is no address', entry => {
    const text = `allowed_sources: ${JSON.stringify(entry)} is not an IP address or CIDR range`;
    expect(() => checkSources('allowed_sources', [entry])).toThrow(text);
  });

  test('an empty entry, a long one, too many', () => {
    const refused = (entries: string[], text: string) =>
      expect(() => checkSources('allowed_sources', entries)).toThrow(text);
    refused([''], 'allowed_sources: has an empty entry');
    refused(['1'.repeat(9000)], `allowed_sources: "${'1'.repeat(50)}" is not`);
    refused(Array(65).fill('::1'), 'allowed_sources: has more than 64 entries');
    checkSources('allowed_sources', Array(64).fill('::1'));
  });
});

test.each([
  ['192.0.2.7', ['192.0.2.0/24'], true],
  ['192.0.2.0/25', ['192.0.2.0/24'], true],
  ['192.0.2.0/24', ['192.0.2.0/24'], true],
  ['192.0.2.0/23', ['192.0.2.0/24'], false],
  ['192.0.3.0/24', ['10.0.0.0/8', '192.0.2.0/24'], false],
  ['2001:db8:1::/48', ['2001:db8::/32'], true],
  ['192.0.2.7', ['::/0'], false],
  ['::1', ['0.0.0.0/0'], false],
  ['::ffff:192.0.2.7', ['192.0.2.0/24'], true],
])('%s is within %j: %s', (entry, others, isWithin) =>
  expect(isWithinSources(entry, others)).toBe(isWithin),
);

test('a record holds them in one spelling, and an update sets, changes and clears them', async () => {
  const some = fields({ allowedSources: ['2001:DB8::/32', '192.0.2.7/32'] });
  const { record } = await tokens.create(admin, 'static', some);
  expect(record.allowedSources).toEqual(['2001:db8::/32', '192.0.2.7']);
  const named = await tokens.update(admin, record.id, 1, { name: 'n' }, ['name']);
  expect(named.allowedSources).toEqual(record.allowedSources);
  const change = { allowedSources: ['::FFFF:10.0.0.0/104'] };
  const changed = await tokens.update(admin, record.id, 2, change, ['allowedSources']);
  expect(changed.allowedSources).toEqual(['10.0.0.0/8']);
  await tokens.update(admin, record.id, 3, {}, ['allowedSources']);
  expect(await store.get(record.id)).not.toHaveProperty('allowedSources');

  const { events } = await audit.list(admin, { pageSize: 2, oldestFirst: false });
  expect(
    events.map(({ before, after }) => [before?.allowedSources, after?.allowedSources]),
  ).toEqual([
    [['10.0.0.0/8'], undefined],
    [['2001:db8::/32', '192.0.2.7'], ['10.0.0.0/8']],
  ]);
  expect(auditFields(record)).toMatchObject({ allowedSources: record.allowedSources });
});

test('a wrong one changes nothing', async () => {
  const { record } = await tokens.create(admin, 'jwt', fields({ allowedSources: ['::1'] }));
  const wrong = { allowedSources: ['192.0.2.1/24'] };
  const create = tokens.create(admin, 'jwt', fields(wrong));
  await expectRefused(create, 'INVALID_ARGUMENT', /^allowed_sources: "192\.0\.2\.1\/24" has bits/);
  const update = tokens.update(admin, record.id, 1, wrong, ['allowedSources']);
  await expectRefused(update, 'INVALID_ARGUMENT', /^allowed_sources: /);
  expect((await store.get(record.id))?.allowedSources).toEqual(['::1']);
});
