/** TLS in Usher's own processes: the start, and workers that share sessions. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { runUsher } from '../cli/run-usher.ts';
import { freePort } from '../free-port.ts';
import { makeFiles } from '../transport/tls/files.ts';
import { makeCertificate } from '../transport/tls/make-certificate.ts';
import { until } from '../until.ts';
import { startUsherProcess } from './usher-process.ts';

const files = makeFiles();
afterAll(() => files.remove());
const { cert, key } = files.client;

/** Connects to the HTTP port; returns whether the session was resumed, and a ticket. */
async function visit(address: string, session?: Buffer) {
  const port = Number(address.split(':')[1]);
  const trust = { ca: files.ca.cert, servername: 'localhost', ...{ cert, key } };
  const socket = connect({ port, ...trust, ...(session && { session }) });
  let ticket: Buffer | undefined;
  socket.on('session', each => {
    ticket = each;
  });
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await once(socket, 'secureConnect');
  const wasResumed = socket.isSessionReused();
  socket.resume();
  await once(socket, 'end');
  return { wasResumed, ticket };
}

test('a session is resumed at every worker, and at those that replace them', async () => {
  const usher = await startUsherProcess({ USHER_WORKERS: '2', ...files.env });
  try {
    const { ticket } = await visit(usher.http);
    const visits = () => Promise.all(Array.from({ length: 8 }, () => visit(usher.http, ticket)));
    const wereResumed = async () => (await visits()).every(({ wasResumed }) => wasResumed);
    expect(await wereResumed()).toBe(true);
    const replaced = usher.logged('all workers were replaced');
    usher.child.kill('SIGHUP');
    await replaced;
    await until(wereResumed);
  } finally {
    await usher.remove();
  }
});

const start = async (env: Record<string, string>) => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-start-'));
  const ports = { USHER_GRPC_LISTEN: 'off', USHER_HTTP_LISTEN: `127.0.0.1:${await freePort()}` };
  const others = { USHER_STORE: `lmdb:${folder}`, USHER_MANAGER_LISTEN: 'off', ...ports };
  try {
    return await runUsher(['serve'], { ...others, ...env });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test.each<[string, () => Record<string, string>, string]>([
  [
    'the key of another',
    () => ({ USHER_TLS_KEY_FILE: files.path('client.key') }),
    'USHER_TLS_KEY_FILE is the key of another certificate; give those that belong together',
  ],
  [
    'no file',
    () => ({ USHER_TLS_CERT_FILE: files.path('none.crt') }),
    'USHER_TLS_CERT_FILE names a file that cannot be read (ENOENT); check its path and its ' +
      'permissions',
  ],
  [
    'one that has ended',
    () => {
      const old = makeCertificate(files.ca, 'old', { fromMs: 0, toMs: 86_400_000 });
      writeFileSync(files.path('old.crt'), old.cert);
      writeFileSync(files.path('old.key'), old.key);
      return {
        USHER_TLS_CERT_FILE: files.path('old.crt'),
        USHER_TLS_KEY_FILE: files.path('old.key'),
      };
    },
    'USHER_TLS_CERT_FILE names a certificate that ended at 1970-01-02 00:00 UTC; renew it',
  ],
])('a server with %s does not start', async (_, wrong, sentence) => {
  const { USHER_TLS_CERT_FILE, USHER_TLS_KEY_FILE } = files.env;
  const right = { USHER_TLS_CERT_FILE, USHER_TLS_KEY_FILE } as Record<string, string>;
  const { code, err } = await start({ ...right, ...wrong() });
  expect(err).toContain(sentence);
  expect(code).toBe(78);
});

test('the addresses that it prints are those of TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-start-'));
  const [http, manager] = [await freePort(), await freePort()];
  const main = join(import.meta.dirname, '../../src/main.ts');
  const child = spawn(process.execPath, [main, 'serve'], {
    env: {
      ...{ PATH: process.env.PATH, USHER_STORE: `lmdb:${folder}`, ...files.env },
      ...{ USHER_GRPC_LISTEN: '127.0.0.1:0', USHER_HTTP_LISTEN: `127.0.0.1:${http}` },
      USHER_MANAGER_LISTEN: `127.0.0.1:${manager}`,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  for await (const line of createInterface({ input: child.stdout })) {
    said += `${line}\n`;
    if (line.includes(' login ')) break;
  }
  child.kill();
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
  expect(said).toContain(`https://127.0.0.1:${manager}/login#`);
  expect(said).toMatch(/gRPC {9}127\.0\.0\.1:\d+ \(TLS\)\n/);
  expect(said).toContain(`https://127.0.0.1:${http}\n`);
  expect(said).toContain(`USHER_MANAGER_URL=https://127.0.0.1:${manager} `);
});
