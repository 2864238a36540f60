/** The settings that name files for the connections to the store. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig, SettingsError } from '../../src/settings/config.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { secrets } from '../server/run-server.ts';

let made: Certificates;
let other: Certificates;
beforeAll(async () => {
  [made, other] = await Promise.all([makeCertificates(), makeCertificates()]);
});
afterAll(() => {
  made.remove();
  other.remove();
});

const redis = { ...secrets, USHER_STORE: 'rediss://127.0.0.1:6379' };
const pair = () => ({
  USHER_STORE_CERT_FILE: made.path('client.pem'),
  USHER_STORE_KEY_FILE: made.path('client-key.pem'),
});

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
}

test('the files become a part of the address', () => {
  const config = readConfig({ ...redis, USHER_STORE_CA_FILE: made.path('ca.pem'), ...pair() });
  expect(config.store).toMatchObject({
    tlsFiles: {
      ca: made.path('ca.pem'),
      cert: made.path('client.pem'),
      key: made.path('client-key.pem'),
    },
  });
});

test.each(['redis://127.0.0.1:6379', 'redis-cluster://127.0.0.1:6379', 'lmdb:./data'])(
  'a store without TLS takes none: %s',
  store => {
    const env = { ...redis, ...pair(), USHER_STORE: store };
    expect(mistakes(env)).toEqual([
      'USHER_STORE_CERT_FILE is set, but USHER_STORE is not an address with TLS, such as rediss://; ' +
        'correct it, or unset the file',
    ]);
  },
);

test('a wrong address is told alone', () => {
  const env = { ...redis, ...pair(), USHER_STORE: 'rediss://' };
  expect(mistakes(env)).toEqual([expect.stringMatching(/^USHER_STORE is not an address of Redis/)]);
});

test('files that cannot be used are told with the name of the setting', () => {
  const { USHER_STORE_CERT_FILE, USHER_STORE_KEY_FILE } = pair();
  expect(mistakes({ ...redis, USHER_STORE_KEY_FILE })).toEqual([
    expect.stringMatching(/^USHER_STORE_KEY_FILE is set without a certificate;/),
  ]);
  expect(mistakes({ ...redis, USHER_STORE_CERT_FILE })).toEqual([
    expect.stringMatching(/^USHER_STORE_CERT_FILE is set without its key;/),
  ]);
  expect(mistakes({ ...redis, USHER_STORE_CA_FILE: made.path('gone.pem') })).toEqual([
    expect.stringMatching(/^USHER_STORE_CA_FILE names a file that cannot be read \(ENOENT\);/),
  ]);
  const wrongKey = other.path('client-key.pem');
  expect(mistakes({ ...redis, ...pair(), USHER_STORE_KEY_FILE: wrongKey })).toEqual([
    expect.stringMatching(/^USHER_STORE_KEY_FILE names the key of another certificate;/),
  ]);
});
