/** The settings of what Usher itself calls. */

import { expect, test } from 'vitest';
import { readConfig, SettingsError } from '../../src/settings/config.ts';

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
}

test('hosts, ports, addresses and ranges', () => {
  const text =
    'Hooks.Internal,localhost:9000, 10.1.0.0/16,10.0.0.7,10.0.0.7:8443,[::1]:9000,[::1],fd00::/8';
  const { outboundAllow } = readConfig({ USHER_OUTBOUND_ALLOW: text });
  expect(outboundAllow.map(each => ('host' in each ? each : String(each.range)))).toEqual([
    { host: 'hooks.internal' },
    { host: 'localhost', port: 9000 },
    '10.1.0.0,16',
    '10.0.0.7,32',
    { host: '10.0.0.7', port: 8443 },
    { host: '[::1]', port: 9000 },
    { host: '[::1]' },
    'fd00::,8',
  ]);
  expect(readConfig({}).outboundAllow).toEqual([]);
});

test.each([
  'https://hooks.internal',
  'hooks.internal/path',
  'hooks.internal:0',
  'hooks.internal:70000',
  '127.1',
  '0x7f000001',
  'a b',
  '*',
  '',
])('no target: %s', entry => {
  expect(mistakes({ USHER_OUTBOUND_ALLOW: `localhost,${entry}` })).toEqual([
    expect.stringMatching(
      /^USHER_OUTBOUND_ALLOW has an entry .* \(entry 2\); write hooks\.internal/,
    ),
  ]);
});

test.each(['0.0.0.0/0', '::/0'])('%s would allow all', entry => {
  expect(mistakes({ USHER_OUTBOUND_ALLOW: entry })).toEqual([
    'USHER_OUTBOUND_ALLOW allows every address (entry 1), which would mean nothing; name what is called',
  ]);
});

test('a file of authorities is read at the start', () => {
  expect(mistakes({ USHER_OUTBOUND_CA_FILE: '/nowhere/ca.pem' })).toEqual([
    'USHER_OUTBOUND_CA_FILE names a file that cannot be read (ENOENT); check its path and its permissions',
  ]);
});
