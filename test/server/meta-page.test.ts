/** A disk that is full, or fails, when the embedded store writes its meta page: LMDB then gives up its file. */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { givenUpText } from '../../src/store/lmdb/given-up.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const preload = fileURLToPath(new URL('./full-meta-page.ts', import.meta.url));
let usher: UsherProcess;

afterEach(async () => await usher.remove());

async function start(env: Record<string, string> = {}) {
  usher = await startUsherProcess({ NODE_OPTIONS: `--import=${preload}`, ...env });
  const admin = adminOf(usher);
  const make = async (name: string) => (await admin.create({ kind: Kind.STATIC, name })).token;
  // Each on a connection of its own: workers take turns.
  const hello = async (authorization: string) => {
    const request = get(`http://${usher.http}/`, { headers: { authorization }, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  return { make, hello };
}

/** Makes access tokens until one cannot be made; returns those that were acknowledged. */
async function untilRefused(make: (name: string) => Promise<string>): Promise<string[]> {
  const made: string[] = [];
  for (;;) {
    try {
      made.push(await make('x'));
    } catch {
      return made;
    }
  }
}

test('the process ends with a sentence, and one that is started again has all that was acknowledged', async () => {
  const { make, hello } = await start();
  const all = [await make('first')];
  usher.child.kill('SIGUSR2');
  const made = await Promise.all(Array.from({ length: 8 }, () => untilRefused(make)));
  all.push(...made.flat());
  await until(() => usher.child.exitCode !== null);
  expect(usher.child.exitCode).toBe(70);
  expect(usher.log.at(-1)).toMatchObject({ level: 'fatal', message: givenUpText });
  await usher.start();
  for (const token of all) expect(await hello(token)).toBe(200);
  await make('afterwards');
});

test('a worker ends, and is started again: the others go on', async () => {
  const { make, hello } = await start({ USHER_WORKERS: '2' });
  const token = await make('first');
  const { pid } = usher.child;
  const [worker] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number);
  if (worker === undefined) throw new Error('there is no worker');
  process.kill(worker, 'SIGUSR2');
  // Counts of use are what a worker writes.
  let isGone = false;
  void usher.logged('a worker exited; restarting it').then(() => {
    isGone = true;
  });
  await until(async () => {
    await hello(token).catch(() => undefined);
    return isGone;
  }, 60_000);
  expect(usher.log.map(({ message }) => message)).toContain(givenUpText);
  await until(async () => (await hello(token)) === 200);
  await make('afterwards');
});
