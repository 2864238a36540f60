/** USHER_VERIFY_ACCESS and USHER_TLS_CLIENT_SANS: forms, contradictions, and the choice that is required. */

import { describe, expect, test } from 'vitest';
import { type Environment, readConfig, SettingsError } from '../../src/settings/config.ts';
import { accessWarnings } from '../../src/settings/verify-access.ts';

function mistakesOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

const tls = {
  USHER_TLS_CERT_FILE: '/etc/usher/tls.crt',
  USHER_TLS_KEY_FILE: '/etc/usher/tls.key',
  USHER_TLS_CLIENT_CA_FILE: '/etc/usher/ca.crt',
};
const mtls = { ...tls, USHER_VERIFY_ACCESS: 'mtls', USHER_TLS_CLIENT_SANS: 'web.example.com' };
const sansOf = (text: string) => readConfig({ ...mtls, USHER_TLS_CLIENT_SANS: text }).tlsClientSans;

test.each<[string, unknown]>([
  ['open', 'open'],
  ['token', ['token']],
  [' token , mtls', ['token', 'mtls']],
])('access %s', (text, expected) => {
  const env = { ...(text.includes('mtls') ? mtls : {}), USHER_VERIFY_ACCESS: text };
  expect(readConfig(env).verifyAccess).toEqual(expected);
});

test.each([
  ['', /is not open, token, mtls/],
  ['opened', /is not open, token, mtls/],
  ['OPEN', /is not open, token, mtls/],
  ['token,', /is not open, token, mtls/],
  ['token,token', /names a way twice/],
  ['open,token', /has open beside others/],
  ['mtls,open', /has open beside others/],
])('access "%s" is refused', (text, expected) => {
  expect(mistakesOf({ USHER_VERIFY_ACCESS: text })).toEqual([expect.stringMatching(expected)]);
});

test('names of clients, with owners', () => {
  const names = [
    'gateway.example.com',
    '*.Example.com=Shop & Sons = 1',
    'localhost',
    'spiffe://example.org',
    'spiffe://example.org/ns/web=ann',
    'spiffe://example.org/ns/*',
  ];
  expect(sansOf(names.join(', '))).toEqual([
    { name: 'gateway.example.com' },
    { name: '*.Example.com', owner: 'Shop & Sons = 1' },
    { name: 'localhost' },
    { name: 'spiffe://example.org' },
    { name: 'spiffe://example.org/ns/web', owner: 'ann' },
    { name: 'spiffe://example.org/ns/*' },
  ]);
});

test.each([
  ['*', /neither a DNS name nor a SPIFFE id \(entry 1\)/],
  ['a.test,*.*.test', /\(entry 2\)/],
  ['web.*.test', /\(entry 1\)/],
  ['w*.test', /\(entry 1\)/],
  ['.test', /\(entry 1\)/],
  ['a..test', /\(entry 1\)/],
  ['a.test.', /\(entry 1\)/],
  [`${'a'.repeat(64)}.test`, /\(entry 1\)/],
  ['a b.test', /\(entry 1\)/],
  ['a.test,,b.test', /\(entry 2\)/],
  ['=ann', /\(entry 1\)/],
  ['https://example.org/x', /\(entry 1\)/],
  ['spiffe:example.org', /\(entry 1\)/],
  ['spiffe://Example.org/x', /\(entry 1\)/],
  ['spiffe://example.org/', /\(entry 1\)/],
  ['spiffe://example.org/a//b', /\(entry 1\)/],
  ['spiffe://example.org/a/../b', /\(entry 1\)/],
  ['spiffe://example.org/*/b', /\(entry 1\)/],
  ['spiffe://example.org/a*', /\(entry 1\)/],
  ['spiffe://*/a', /\(entry 1\)/],
  ['spiffe://example.org:8443/a', /\(entry 1\)/],
  ['a.test=', /owner that is empty/],
  [`a.test=${'x'.repeat(129)}`, /longer than 128 characters/],
  ['a.test,A.TEST=ann', /names a client twice \(entry 2\)/],
])('the name "%s" is refused', (text, expected) => {
  const mistakes = mistakesOf({ ...mtls, USHER_TLS_CLIENT_SANS: text });
  expect(mistakes[0]).toMatch(expected);
  expect(mistakes.join(' ')).not.toContain('ann');
});

test.each<[string, Environment, RegExp[]]>([
  [
    'mtls without a CA',
    { ...mtls, USHER_TLS_CLIENT_CA_FILE: undefined },
    [/has mtls without USHER_TLS_CLIENT_CA/],
  ],
  [
    'mtls without names',
    { ...mtls, USHER_TLS_CLIENT_SANS: undefined },
    [/has mtls without USHER_TLS_CLIENT_SANS/],
  ],
  [
    'names without mtls',
    { ...mtls, USHER_VERIFY_ACCESS: 'token' },
    [/SANS is set while USHER_VERIFY_ACCESS/],
  ],
  [
    'names alone',
    { ...mtls, USHER_VERIFY_ACCESS: undefined },
    [/SANS is set while USHER_VERIFY_ACCESS/],
  ],
  ['mtls as it should be', mtls, []],
])('%s', (_, env, expected) => {
  expect(mistakesOf(env)).toEqual(expected.map(each => expect.stringMatching(each)));
});

const loopback = [
  ...['127.0.0.1:1', '127.8.9.1:1', '[::1]:1', '[::1%lo]:1', '[::ffff:127.0.0.1]:1'],
  ...['localhost:1', 'LOCALHOST:1', 'off'],
];
const exposed = [
  ...['0.0.0.0:1', '10.0.0.7:1', '[::]:1', '[fe80::1]:1', '[fe80::1%lo]:1', '[::ffff:0.0.0.0]:1'],
  ...['[::127.0.0.1]:1', 'localhost.:1', '0x7f.0.0.1:1', 'usher.internal:1'],
];

describe('a listener for verdicts', () => {
  test.each(loopback)('at %s needs no choice', where => {
    expect(mistakesOf({ USHER_GRPC_LISTEN: where, USHER_HTTP_LISTEN: '127.0.0.1:2' })).toEqual([]);
  });

  test.each(exposed)('at %s needs one', where => {
    const needed =
      /^USHER_GRPC_LISTEN can be reached from other machines: say with USHER_VERIFY_ACCESS .* token .* mtls .* open /;
    expect(mistakesOf({ USHER_GRPC_LISTEN: where })).toEqual([expect.stringMatching(needed)]);
    const http = { USHER_HTTP_LISTEN: where };
    expect(mistakesOf(http)[0]).toMatch(/^USHER_HTTP_LISTEN can be reached/);
    expect(mistakesOf({ ...http, USHER_VERIFY_ACCESS: 'open' })).toEqual([]);
    expect(mistakesOf({ ...http, USHER_VERIFY_ACCESS: 'token' })).toEqual([]);
  });

  test('of the API Manager has a sign-in of its own', () => {
    expect(mistakesOf({ USHER_MANAGER_LISTEN: '0.0.0.0:1' })).toEqual([]);
  });
});

test.each<[string, Environment, RegExp[]]>([
  ['open on loopback', { USHER_VERIFY_ACCESS: 'open' }, []],
  [
    'open elsewhere',
    { USHER_HTTP_LISTEN: '0.0.0.0:1', USHER_VERIFY_ACCESS: 'open' },
    [/is open: anyone who/],
  ],
  [
    'token without TLS',
    { USHER_HTTP_LISTEN: '0.0.0.0:1', USHER_VERIFY_ACCESS: 'token' },
    [/without TLS/],
  ],
  ['token with TLS', { ...tls, USHER_HTTP_LISTEN: '0.0.0.0:1', USHER_VERIFY_ACCESS: 'token' }, []],
  ['token on loopback', { USHER_VERIFY_ACCESS: 'token' }, []],
  ['mtls', { ...mtls, USHER_HTTP_LISTEN: '0.0.0.0:1' }, []],
])('what is warned of: %s', (_, env, expected) => {
  expect(accessWarnings(readConfig(env))).toEqual(
    expected.map(each => expect.stringMatching(each)),
  );
});
