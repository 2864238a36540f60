/** Another master key under a known id: the server does not start, and says why. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startRedis } from '../store/redis/server.ts';
import { runServer, secrets } from './run-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Runs a server with a new master key k1; answers its exit code and what it said. */
async function startWithNewKey(store: string): Promise<[number, string]> {
  const child = spawn(process.execPath, [main, 'serve'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: store,
      USHER_GRPC_LISTEN: '127.0.0.1:0',
      USHER_HTTP_LISTEN: '127.0.0.1:0',
      USHER_MANAGER_LISTEN: '127.0.0.1:0',
      USHER_METRICS_LISTEN: 'off',
      ...secrets,
      USHER_MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    },
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return [code, said];
}

async function place(store: string) {
  if (store === 'Redis') {
    const redis = await startRedis();
    return { url: `redis://127.0.0.1:${redis.port}`, end: () => redis.stop() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'usher-keys-'));
  return { url: `lmdb:${folder}`, end: async () => rmSync(folder, { recursive: true }) };
}

test.each(['LMDB', 'Redis'])('on %s', async store => {
  const { url, end } = await place(store);
  try {
    await (await runServer({ USHER_STORE: url })).stop();
    const [code, said] = await startWithNewKey(url);
    expect(code).toBe(78);
    // With Redis the log names it, too.
    expect(said).toMatch(
      /^usher: the settings are wrong:\n {2}the master key k1 is not the one that this store was written with/m,
    );
    await (await runServer({ USHER_STORE: url })).stop();
  } finally {
    await end();
  }
});
