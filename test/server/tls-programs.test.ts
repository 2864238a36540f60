/** TLS with the programs that people use: OpenSSL, curl and h2spec. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownEngine } from '../engine.ts';
import { program } from '../program.ts';
import { makeFiles } from '../transport/tls/files.ts';
import { runServer, type TestServer } from './run-server.ts';

const run = promisify(execFile);
const files = makeFiles();
const { path } = files;
let server: TestServer;
beforeAll(async () => {
  const USHER_MANAGER_TLS_CLIENT_CA_FILE = path('clientCa.crt');
  server = await runServer({ ...ownEngine, ...files.env, USHER_MANAGER_TLS_CLIENT_CA_FILE });
});
afterAll(async () => {
  await server.stop();
  files.remove();
});

/** The address with a name that the certificate has. */
const named = (address: string) => address.replace('127.0.0.1', 'localhost');
const certificate = (name: string) => ['--cert', path(`${name}.crt`), '--key', path(`${name}.key`)];

async function curl(url: string, ...more: string[]) {
  const write = ['-w', '\n%{http_code} %{http_version}'];
  const args = ['-sS', '--cacert', path('ca.crt'), ...write, ...more, url];
  return await run(program('curl'), args).then(
    ({ stdout }) => stdout.split('\n').at(-1),
    error => `curl ${error.code}`,
  );
}

async function sClient(address: string, ...more: string[]): Promise<string> {
  const child = run(program('openssl'), [
    ...['s_client', '-connect', named(address), '-servername', 'localhost'],
    ...['-CAfile', path('ca.crt'), '-verify_return_error', ...more],
  ]);
  child.child.stdin?.end('Q\n');
  return await child.then(
    ({ stdout, stderr }) => stdout + stderr,
    error => `${error.stdout}${error.stderr}`,
  );
}

test('curl: both versions of HTTP, with and without a certificate', async () => {
  const url = `https://${named(server.http)}/healthz`;
  expect(await curl(url)).toBe('200 2');
  expect(await curl(url, '--http1.1')).toBe('200 1.1');
  expect(await curl(url, '--no-alpn')).toBe('200 1.1');
  expect(await curl(url, ...certificate('client'))).toBe('200 2');
  expect(await curl(url, '--tlsv1.2', '--tls-max', '1.2')).toBe('200 2');
  expect(await curl(url, '--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0')).toBe('curl 35');
  expect(await curl(url, ...certificate('stranger'))).toMatch(/^curl (16|18|52|55|56)$/);
  // Someone who speaks plain text is told.
  expect(await curl(url.replace('https', 'http'))).toBe('400 1.1');
});

test('curl: a certificate that it does not trust', async () => {
  const args = ['-sS', `https://${named(server.http)}/healthz`];
  await expect(run(program('curl'), args)).rejects.toThrow(/60|certificate/);
  await expect
    .poll(() => server.logged.join(''))
    .toContain('a caller does not trust the certificate of this listener: give it the CA');
});

test('curl: the API Manager requires a certificate, and its cookie is one for TLS', async () => {
  const url = `https://${named(server.manager)}`;
  expect(await curl(`${url}/healthz`)).toMatch(/^curl (35|52|55|56)$/);
  expect(await curl(`${url}/healthz`, ...certificate('stranger'))).toMatch(/^curl /);
  // Browsers speak both, and get what the web app is served with.
  expect(await curl(`${url}/`, ...certificate('client'))).toBe('200 1.1');
  const code = server.issueLoginCode();
  const { stdout } = await run(program('curl'), [
    ...['-sSi', '--cacert', path('ca.crt'), ...certificate('client')],
    ...['-H', 'content-type: application/json', '-H', `origin: ${url}`],
    ...['-d', JSON.stringify({ code }), `${url}/session`],
  ]);
  expect(stdout).toMatch(/^set-cookie: .*; secure/im);
});

test('OpenSSL: what is agreed on', async () => {
  const grpc = await sClient(server.grpc, '-alpn', 'h2');
  expect(grpc).toContain('New, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256');
  expect(grpc).toContain('ALPN protocol: h2');
  expect(grpc).toContain('Verify return code: 0 (ok)');
  // The client is told which CAs are known.
  expect(grpc).toMatch(/Acceptable client certificate CA names\s+CN = Client CA/);
  const http = await sClient(server.http, '-alpn', 'http/1.1,h2', '-tls1_2');
  expect(http).toContain('New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256');
  expect(http).toContain('ALPN protocol: h2');
  expect(http).toMatch(/Secure Renegotiation IS supported.*Compression: NONE/s);
  for (const weak of [
    'ECDHE-ECDSA-AES256-SHA384',
    'AES256-GCM-SHA384',
    'DHE-RSA-AES256-GCM-SHA384',
  ]) {
    const refused = await sClient(server.http, '-tls1_2', '-cipher', weak);
    expect(refused).toContain('handshake failure');
  }
  expect(await sClient(server.http, '-alpn', 'h3')).toContain('no application protocol');
});

test('OpenSSL: sessions are resumed, and never with early data', async () => {
  for (const version of ['-tls1_3', '-tls1_2']) {
    const file = path(`session${version}`);
    const line = ['-alpn', 'http/1.1', version, '-ign_eof'];
    await sClient(server.http, ...line, '-sess_out', file);
    const again = await sClient(server.http, ...line, '-sess_in', file);
    expect(again).toMatch(/^Reused, TLSv1\.[23]/m);
    expect(again).not.toContain('Early data was accepted');
  }
});

test('h2spec: no case fails over TLS', async () => {
  const [host = '', port = ''] = named(server.grpc).split(':');
  const place = ['--host', host, '--port', port, '--timeout', '5'];
  const args = [...place, '--tls', '--insecure', '--strict'];
  const { stdout } = await run(program('h2spec'), args).catch(error => error);
  expect(stdout.trim().split('\n').at(-1)).toBe('146 tests, 146 passed, 0 skipped, 0 failed');
}, 120_000);
