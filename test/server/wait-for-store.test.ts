/** `usher serve` is ready when its store is, and says what it waits for until then. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { secrets } from './run-server.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Starts `usher serve` and notes the lines of its standard output and of its log. */
async function startWaiting(store: string) {
  const http = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [main, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      USHER_STORE: store,
      USHER_GRPC_LISTEN: '127.0.0.1:0',
      USHER_HTTP_LISTEN: http,
      USHER_MANAGER_LISTEN: '127.0.0.1:0',
      USHER_METRICS_LISTEN: 'off',
      ...secrets,
    },
  });
  ends.push(() => child.kill('SIGKILL'));
  const out: string[] = [];
  const log: string[] = [];
  createInterface({ input: child.stdout }).on('line', line => out.push(line));
  createInterface({ input: child.stderr }).on('line', line => log.push(line));
  const readyz = async () => {
    const answer = await fetch(`http://${http}/readyz`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { child, out, log, readyz };
}

async function redis(port?: number): Promise<RedisServer> {
  const server = await startRedis(port === undefined ? {} : { port });
  ends.push(() => server.stop());
  return server;
}

test('it waits for a store that is not there, and is ready when it is', async () => {
  const port = await freePort();
  const usher = await startWaiting(`redis://127.0.0.1:${port}`);
  await until(() => usher.out.length > 0);
  expect(usher.out).toEqual([expect.stringMatching(/^Usher waits for its store: .*ECONNREFUSED/)]);
  expect(await usher.readyz()).toEqual({
    status: 503,
    body: { error: 'not ready', reasons: [expect.stringContaining('ECONNREFUSED')] },
  });
  const server = await redis(port);
  await until(() => usher.out.includes('Usher is ready.'));
  expect((await usher.readyz()).status).toBe(200);

  // Each change is a line, whatever runs in the background.
  const answers = () => usher.log.filter(line => line.includes('"the store answers"')).length;
  await until(() => answers() === 1);
  await server.kill();
  await until(async () => (await usher.readyz()).status === 503);
  await server.restart();
  await until(() => answers() === 2);
  const others = usher.log.filter(line => /"stack"|Unavailable|webhook|counts for/.test(line));
  expect(others).toEqual([]);
});

test('a wrong password is named, once, and never shown', async () => {
  const server = await redis();
  await server.send('CONFIG', 'SET', 'requirepass', 'right');
  const usher = await startWaiting(`redis://:hunter2@127.0.0.1:${server.port}/0`);
  await until(() => usher.out.some(line => line.includes('WRONGPASS')));
  const { status, body } = await usher.readyz();
  expect([status, body.reasons]).toEqual([503, [expect.stringContaining('WRONGPASS')]]);
  expect(usher.log.filter(line => line.includes('WRONGPASS'))).toHaveLength(1);
  expect([...usher.out, ...usher.log, JSON.stringify(body)].join('\n')).not.toContain('hunter2');
});

test.each([
  ['a database that Redis does not have', (port: number) => `127.0.0.1:${port}/16`, 'no database'],
  ['a host without an address', () => 'nowhere.invalid:6379/0', 'ENOTFOUND'],
])('%s is named, and nothing is written', async (_, at, words) => {
  const server = await redis();
  const usher = await startWaiting(`redis://${at(server.port)}`);
  await until(() => usher.out.some(line => line.includes(words)));
  const { status, body } = await usher.readyz();
  expect([status, body.reasons]).toEqual([503, [expect.stringContaining(words)]]);
  expect(usher.log.filter(line => line.includes(words))).toHaveLength(1);
  expect(await server.send('INFO', 'keyspace')).not.toContain('keys=');
});

test('SIGTERM ends the wait', async () => {
  const usher = await startWaiting(`redis://127.0.0.1:${await freePort()}`);
  await until(() => usher.out.length > 0);
  const exit = once(usher.child, 'exit');
  usher.child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  expect(usher.out).not.toContain('Usher is ready.');
});
