import { expect, test } from 'vitest';
import { readConfig, SettingsError } from '../../src/settings/config.ts';

const files = {
  USHER_TLS_CERT_FILE: './tls.crt',
  USHER_TLS_KEY_FILE: './tls.key',
  USHER_TLS_CLIENT_CA_FILE: './ca.crt',
  USHER_MANAGER_TLS_CERT_FILE: './manager.crt',
  USHER_MANAGER_TLS_KEY_FILE: './manager.key',
  USHER_MANAGER_TLS_CLIENT_CA_FILE: './manager-ca.crt',
};

type Name = keyof typeof files;

/** The mistakes that reading these settings reports. */
function mistakesOf(names: Name[], others: Record<string, string> = {}): readonly string[] {
  const env = Object.fromEntries(names.map(name => [name, files[name]]));
  try {
    readConfig({ ...env, ...others });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
}

test('the files of TLS are read with all of their names', () => {
  expect(readConfig(files)).toMatchObject({
    tlsCertFile: './tls.crt',
    tlsKeyFile: './tls.key',
    tlsClientCaFile: './ca.crt',
    managerTlsCertFile: './manager.crt',
    managerTlsKeyFile: './manager.key',
    managerTlsClientCaFile: './manager-ca.crt',
  });
  expect(readConfig({})).not.toHaveProperty('tlsCertFile');
});

test.each<[Name[], RegExp, Record<string, string>?]>([
  [['USHER_TLS_CERT_FILE'], /CERT_FILE is set without USHER_TLS_KEY_FILE/],
  [['USHER_TLS_KEY_FILE'], /KEY_FILE is set without USHER_TLS_CERT_FILE/],
  [['USHER_TLS_CLIENT_CA_FILE'], /CLIENT_CA_FILE is set without USHER_TLS_CERT_FILE/],
  [['USHER_MANAGER_TLS_CERT_FILE'], /set without USHER_MANAGER_TLS_KEY_FILE/],
  [['USHER_MANAGER_TLS_KEY_FILE'], /set without USHER_MANAGER_TLS_CERT_FILE/],
  [['USHER_MANAGER_TLS_CLIENT_CA_FILE'], /set without USHER_MANAGER_TLS_CERT_FILE/],
  [
    ['USHER_MANAGER_TLS_CERT_FILE', 'USHER_MANAGER_TLS_KEY_FILE'],
    /set while USHER_MANAGER_LISTEN is off/,
    { USHER_MANAGER_LISTEN: 'off' },
  ],
  [
    ['USHER_TLS_CERT_FILE', 'USHER_TLS_KEY_FILE'],
    /set while USHER_GRPC_LISTEN and USHER_HTTP_LISTEN are off/,
    { USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: 'off' },
  ],
])('%j alone is a mistake', (names, text, others) => {
  expect(mistakesOf(names, others)).toEqual([expect.stringMatching(text)]);
});

test('a path is a mistake if it could be something else', () => {
  expect(mistakesOf([], { USHER_TLS_CERT_FILE: 'tls.crt', USHER_TLS_KEY_FILE: './k' })).toEqual([
    'USHER_TLS_CERT_FILE is not the path of a file that begins with /, ./ or ../',
    'USHER_TLS_KEY_FILE is set without USHER_TLS_CERT_FILE; set both',
  ]);
});
