/** Test files that run at the same time do not get each other's ports. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { freePort } from './free-port.ts';

afterEach(() => vi.restoreAllMocks());

/** Has the next random port be this one. */
function propose(port: number): void {
  vi.spyOn(Math, 'random').mockReturnValueOnce((port - 11_000 + 0.5) / 9000);
}

test('a port is given out once, before any server listens on it', async () => {
  const port = await freePort();
  propose(port);
  expect(await freePort()).not.toBe(port);
});

test('a port that another process was given is not given out', async () => {
  const other = new Worker(
    `import(${JSON.stringify(new URL('./free-port.ts', import.meta.url).href)})
      .then(({ freePort }) => freePort())
      .then(port => {
        require('node:worker_threads').parentPort.on('message', () => {}).postMessage(port);
      });`,
    { eval: true },
  );
  const [port] = await once(other, 'message');
  propose(port);
  expect(await freePort()).not.toBe(port);
  await other.terminate();
});
