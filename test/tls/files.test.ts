/** PEM files that cannot be used, and what is said of them. */

import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTlsFiles, TlsFileError, type TlsFiles } from '../../src/tls/files.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';

let made: Certificates;
beforeAll(async () => {
  made = await makeCertificates();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const format = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  writeFileSync(made.path('locked.pem'), privateKey.export(format));
  writeFileSync(made.path('empty.pem'), '');
  writeFileSync(made.path('long.pem'), ' '.repeat(4_194_305));
  execFileSync('mkfifo', [made.path('pipe')]);
  const damaged = made.authority.cert.replace(/\n[^-]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  writeFileSync(made.path('damaged.pem'), damaged);
});
afterAll(() => made.remove());

test('files that fit together are read', () => {
  const { path } = made;
  const files = { ca: path('ca.pem'), cert: path('client.pem'), key: path('client-key.pem') };
  const pems = readTlsFiles(files);
  expect(pems.ca).toBe(made.authority.cert);
  expect(pems.key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(readTlsFiles({})).toEqual({});
});

test.each<[TlsFiles, keyof TlsFiles, string]>([
  [{ ca: 'gone.pem' }, 'ca', 'names a file that cannot be read (ENOENT)'],
  [{ ca: '.' }, 'ca', 'names what is not a file'],
  [{ ca: 'pipe' }, 'ca', 'names what is not a file'],
  [{ ca: 'long.pem' }, 'ca', 'of more than 4194304 bytes'],
  [{ ca: 'empty.pem' }, 'ca', 'holds no certificate'],
  [{ ca: 'client-key.pem' }, 'ca', 'holds no certificate'],
  [{ ca: 'damaged.pem' }, 'ca', 'damaged certificate'],
  [{ key: 'client-key.pem' }, 'key', 'without a certificate'],
  [{ cert: 'client.pem' }, 'cert', 'without its key'],
  [{ cert: 'client.pem', key: 'server-key.pem' }, 'key', 'of another certificate'],
  [{ cert: 'client.pem', key: 'locked.pem' }, 'key', 'passphrase'],
  [{ cert: 'client.pem', key: 'client.pem' }, 'key', 'holds no private key'],
])('%o', (names, file, text) => {
  const files: TlsFiles = Object.fromEntries(
    Object.entries(names).map(([key, name]) => [key, made.path(name)]),
  );
  let thrown: unknown;
  try {
    readTlsFiles(files);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(TlsFileError);
  expect(thrown).toMatchObject({ file, message: expect.stringContaining(text) });
  expect(String(thrown)).not.toContain('BEGIN');
});
