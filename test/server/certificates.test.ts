/** Certificates are read again when their files change; connections and calls go on. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { unary } from '../transport/grpc/client.ts';
import { makeCa, makeCertificate } from '../transport/tls/make-certificate.ts';
import { until } from '../until.ts';
import { runServer, type TestServer } from './run-server.ts';

const ca = makeCa();
const dayMs = 86_400_000;
const names = ['DNS:localhost', 'IP:127.0.0.1'];
const made = (name: string, wanted = {}) => makeCertificate(ca, name, { names, ...wanted });

let folder = '';
let server: TestServer;
const path = (name: string) => join(folder, name);
const replaceFile = (name: string, content: string) => {
  writeFileSync(path(`.${name}`), content);
  renameSync(path(`.${name}`), path(name));
};
const env = () => ({
  USHER_TLS_CERT_FILE: path('tls.crt'),
  USHER_TLS_KEY_FILE: path('tls.key'),
  USHER_MANAGER_TLS_CERT_FILE: path('tls.crt'),
  USHER_MANAGER_TLS_KEY_FILE: path('tls.key'),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-tls-'));
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Starts a server with files of their own. */
async function startWithFiles(first = made('first'), engine = 'h2') {
  writeFileSync(path('tls.crt'), first.cert);
  writeFileSync(path('tls.key'), first.key, { mode: 0o600 });
  server = await runServer({ ...env(), USHER_GRPC_ENGINE: engine });
}

const portOf = (address: string) => Number(address.split(':')[1]);

function openTls(address: string, protocols = ['h2', 'http/1.1']): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: portOf(address), ca: ca.cert };
    const all = { ...options, servername: 'localhost', ALPNProtocols: protocols };
    const socket = connect(all, () => resolve(socket)).on('error', reject);
  });
}

/** The name in the certificate that a listener serves to new connections. */
async function servedAt(address: string): Promise<string> {
  const socket = await openTls(address);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

const all = () => [server.grpc, server.http, server.manager];
const served = () => Promise.all(all().map(servedAt));
const isServed = (name: string) => async () => (await served()).every(each => each === name);

async function read(address: string, at: string): Promise<string> {
  const agent = new Agent({ ca: ca.cert, keepAlive: false });
  const options = { agent, servername: 'localhost' };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get(`https://${address}${at}`, options, answer => {
    text(answer).then(resolve, reject);
  }).on('error', reject);
  return await promise;
}

/** Calls on kept and on new connections until it is stopped; returns how many went well. */
function load() {
  const state = { done: 0, failed: [] as unknown[], stopped: false };
  const open = () =>
    new Client(
      `localhost:${portOf(server.grpc)}`,
      credentials.createSsl(Buffer.from(ca.cert)),
      // Otherwise clients of one address share their connections.
      { 'grpc.use_local_subchannel_pool': 1 },
    );
  const caller = async (isKept: boolean) => {
    let client = open();
    while (!state.stopped) {
      try {
        await unary(client, VerifierService.method.verify, { header: 'Bearer x' });
        state.done++;
      } catch (error) {
        state.failed.push(error);
      }
      if (isKept) continue;
      client.close();
      client = open();
    }
    client.close();
  };
  const callers = [true, true, false, false].map(caller);
  return {
    state,
    async stop() {
      state.stopped = true;
      await Promise.all(callers);
      return state;
    },
  };
}

describe.each(['h2', 'grpc-js'])('with %s', engine => {
  test('files that are renamed over the old ones, under load', async () => {
    await startWithFiles(undefined, engine);
    expect(await served()).toEqual(['first', 'first', 'first']);
    const kept = await openTls(server.http, ['http/1.1']);
    // A connection may idle after its first request for longer than before it.
    kept.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(kept, 'data');
    const calls = load();
    for (const name of ['second', 'third']) {
      const { cert, key } = made(name);
      replaceFile('tls.crt', cert);
      replaceFile('tls.key', key);
      await until(isServed(name));
      const before = calls.state.done;
      await until(() => calls.state.done > before + 20);
    }
    const { done, failed } = await calls.stop();
    expect(failed).toEqual([]);
    expect(done).toBeGreaterThan(40);
    kept.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(await text(kept)).toContain('alive');
  });
});

test('a symbolic link that is swapped, as Kubernetes does', async () => {
  const write = (version: string) => {
    const { cert, key } = made(version);
    mkdirSync(path(version));
    writeFileSync(path(`${version}/tls.crt`), cert);
    writeFileSync(path(`${version}/tls.key`), key);
  };
  write('..first');
  symlinkSync('..first', path('..data'));
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(`..data/${file}`, path(file));
  server = await runServer(env());
  const calls = load();
  write('..second');
  symlinkSync('..second', path('..data_tmp'));
  renameSync(path('..data_tmp'), path('..data'));
  await until(isServed('..second'));
  expect((await calls.stop()).failed).toEqual([]);
});

test('a folder that is replaced as a whole is noticed, too', async () => {
  const { cert, key } = made('second');
  await startWithFiles();
  const moved = `${folder}-old`;
  renameSync(folder, moved);
  mkdirSync(folder);
  writeFileSync(path('tls.crt'), cert);
  writeFileSync(path('tls.key'), key);
  await until(isServed('second'));
  rmSync(moved, { recursive: true });
});

test.each<[string, () => void, RegExp]>([
  ['half of a file', () => replaceFile('tls.crt', made('x').cert.slice(0, 99)), /without a cert/],
  ['the key of another', () => replaceFile('tls.key', made('x').key), /key of another/],
  [
    'one that has ended',
    () => replaceFile('tls.crt', made('x', { fromMs: 0, toMs: dayMs }).cert),
    /ended at 1970-01-02/,
  ],
  [
    'one of tomorrow',
    () => replaceFile('tls.crt', made('x', { fromMs: Date.now() + dayMs }).cert),
    /is not valid before 2/,
  ],
  [
    'a pipe without a writer',
    () => {
      rmSync(path('tls.crt'));
      execFileSync('mkfifo', [path('tls.crt')]);
    },
    /names what is not a file/,
  ],
  ['no file', () => rmSync(path('tls.key')), /cannot be read \(ENOENT\)/],
])('%s: the old certificate is served, and all is told', async (_, spoil, reason) => {
  const first = made('first');
  await startWithFiles(first);
  spoil();
  const isLogged = (message: string) => server.logged.some(line => line.includes(message));
  await until(() => isLogged('a changed certificate cannot be used'));
  expect(server.logged.join('')).toMatch(reason);
  expect(await served()).toEqual(['first', 'first', 'first']);
  const ready = JSON.parse(await read(server.http, '/readyz'));
  expect(ready).toMatchObject({ status: 'ready', degraded: [{ what: 'certificate' }] });
  expect(ready.degraded[0].detail).toMatch(/^the old certificate is served: USHER_TLS_/);
  const metrics = await read(server.manager, '/metrics');
  for (const listener of ['grpc', 'http', 'manager']) {
    expect(metrics).toContain(
      `usher_certificate_reload_failures_total{listener="${listener}"} 1\n`,
    );
    expect(metrics).toMatch(
      new RegExp(`usher_certificate_seconds\\{listener="${listener}"\\} 77[67]\\d{4}\n`),
    );
  }
  expect(metrics).toContain('usher_degraded{what="certificate"} 1\n');
  // What was right before is right again.
  replaceFile('tls.crt', first.cert);
  replaceFile('tls.key', first.key);
  await until(async () => (await read(server.http, '/readyz')).includes('"degraded":[]'));
  expect(server.logged.join('')).not.toContain('-----');
});

test('an end that is near is warned of', async () => {
  await startWithFiles(made('first', { toMs: Date.now() + 3 * dayMs }));
  const warnings = server.logged.filter(line => line.includes('a certificate ends soon'));
  expect(warnings).toHaveLength(2);
  const ready = JSON.parse(await read(server.http, '/readyz'));
  expect(ready.degraded[0].detail).toMatch(/the certificate of USHER_TLS_CERT_FILE ends at \d{4}-/);
  const { cert, key } = made('second');
  replaceFile('tls.crt', cert);
  replaceFile('tls.key', key);
  await until(async () => (await read(server.http, '/readyz')).includes('"degraded":[]'));
});

test('failed handshakes are counted by kind', async () => {
  await startWithFiles();
  const answer = await fetch(`http://${server.http}/`);
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { error: 'this port speaks TLS: use https' },
  ]);
  const metrics = await read(server.manager, '/metrics');
  expect(metrics).toContain(
    'usher_tls_handshake_failures_total{listener="http",kind="plain-text"} 1\n',
  );
  expect(server.logged.join('')).toContain('a caller speaks plain text where TLS is spoken');
});
