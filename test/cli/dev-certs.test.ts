/** `usher dev-certs`, run as a process, and judged by OpenSSL. */

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAuthority, makeLeaf } from '../../src/cli/dev-certs/certificate.ts';
import { past, today } from '../certificates.ts';
import { program } from '../program.ts';
import { runUsher } from './run-usher.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'usher-dev-certs-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const make = (...args: string[]) => runUsher(['dev-certs', ...args], {}, { cwd });
const text = (name: string, folder = 'dev-certs') => readFileSync(join(cwd, folder, name), 'utf8');
const certificate = (name: string) => new X509Certificate(text(name));
const openssl = (...args: string[]) =>
  execFileSync(program('openssl'), args, { cwd: join(cwd, 'dev-certs'), encoding: 'utf8' });

test('makes an authority, and what OpenSSL accepts by the strict rules', async () => {
  expect(await make('--name', 'usher.test', '--name', '10.1.2.3')).toMatchObject({
    code: 0,
    err: '',
  });
  const verify = ['verify', '-x509_strict', '-CAfile', 'ca.pem', '-purpose'];
  expect(openssl(...verify, 'sslserver', 'server.pem')).toBe('server.pem: OK\n');
  expect(openssl(...verify, 'sslclient', 'client.pem')).toBe('client.pem: OK\n');
  const server = certificate('server.pem');
  for (const host of ['localhost', 'usher.test']) expect(server.checkHost(host)).toBe(host);
  for (const ip of ['127.0.0.1', '::1', '10.1.2.3']) expect(server.checkIP(ip)).toBe(ip);
  expect(server.checkHost('other.test')).toBeUndefined();
  expect(certificate('client.pem').subjectAltName).toBe('DNS:usher-client.internal');
  for (const name of ['ca.pem', 'server.pem', 'client.pem']) {
    const { validFromDate, validToDate } = certificate(name);
    const days = (validToDate.getTime() - validFromDate.getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(364);
    expect(days).toBeLessThanOrEqual(365.01);
  }
  for (const name of ['ca', 'server', 'client']) {
    expect(statSync(join(cwd, 'dev-certs', `${name}-key.pem`)).mode & 0o777).toBe(0o600);
  }
  expect(statSync(join(cwd, 'dev-certs')).mode & 0o777).toBe(0o700);
});

test('the next run renews the certificates, and keeps the authority and the names', async () => {
  await make('certs', '--name', 'usher.test');
  const before = ['ca.pem', 'ca-key.pem', 'server.pem', 'client.pem'].map(name =>
    text(name, 'certs'),
  );
  const { out, err } = await make('certs', '--json');
  expect(err).toBe('');
  expect(JSON.parse(out)).toMatchObject({
    authorityKept: true,
    serverNames: ['localhost', '127.0.0.1', '::1', 'usher.test'],
  });
  const after = ['ca.pem', 'ca-key.pem', 'server.pem', 'client.pem'].map(name =>
    text(name, 'certs'),
  );
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[2]).not.toBe(before[2]);
  expect(after[3]).not.toBe(before[3]);
  expect(out).not.toContain('PRIVATE');
});

test('--force makes a new authority', async () => {
  await make();
  const before = text('ca.pem');
  expect(await make('--force')).toMatchObject({ code: 0 });
  expect(text('ca.pem')).not.toBe(before);
  expect(openssl('verify', '-CAfile', 'ca.pem', 'server.pem')).toBe('server.pem: OK\n');
});

test('what it did not make is not overwritten without --force', async () => {
  await make();
  const put = (name: string, content: string) =>
    writeFileSync(join(cwd, 'dev-certs', name), content);
  const refused = async (sentence: RegExp) => {
    expect(await make()).toMatchObject({ code: 2, err: expect.stringMatching(sentence) });
  };
  const other = await makeAuthority('other', today());
  put('server.pem', (await makeLeaf(other, 'server', ['localhost'], today())).cert);
  await refused(/server\.pem is of another authority: .*--force/);
  put('ca.pem', other.cert);
  await refused(/are no authority with its key/);
  const ended = await makeAuthority('ended', past);
  put('ca.pem', ended.cert);
  put('ca-key.pem', ended.key);
  await refused(/the authority in dev-certs has ended: .*--force/);
  rmSync(join(cwd, 'dev-certs', 'ca.pem'));
  await refused(/ca-key\.pem is there, without the authority that made it/);
  expect(await make('--force')).toMatchObject({ code: 0 });
});

test('a certificate never outlives the authority', async () => {
  await make();
  const authority = await makeAuthority('short', today());
  writeFileSync(join(cwd, 'dev-certs', 'ca.pem'), authority.cert);
  writeFileSync(join(cwd, 'dev-certs', 'ca-key.pem'), authority.key);
  for (const name of ['server', 'client']) rmSync(join(cwd, 'dev-certs', `${name}.pem`));
  expect(await make()).toMatchObject({ code: 0 });
  expect(certificate('server.pem').validTo).toBe(certificate('ca.pem').validTo);
});

test.each(['a b', '-x.', 'https://usher', ''])('%o is no name', async name => {
  expect(await make(`--name=${name}`)).toMatchObject({ code: 2 });
});
