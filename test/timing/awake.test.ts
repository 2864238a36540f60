/** Time in which the process ran: a stall does not count, and input is read before a timer judges. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { awakeMs, awakeTimeout } from '../../src/timing/awake.ts';
import { stall } from '../stall.ts';

test('a stall counts for a quarter of a second at most', () => {
  const beforeMs = awakeMs();
  stall(600);
  const passedMs = awakeMs() - beforeMs;
  expect(passedMs).toBeLessThanOrEqual(250);
  expect(passedMs).toBeGreaterThanOrEqual(0);
  expect(awakeMs()).toBeGreaterThanOrEqual(beforeMs + passedMs);
});

test('a timer waits until the process ran for its time', async () => {
  const beforeMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  awakeTimeout(resolve, 400);
  stall(600);
  await promise;
  expect(performance.now() - beforeMs).toBeGreaterThan(700);
});

test('a timer that is cleared does not fire, not even after its time', async () => {
  let fired = false;
  const timer = awakeTimeout(() => {
    fired = true;
  }, 1);
  // Right behind it: it has seen that its time is over, and waits for the input to be read.
  const cleared = new Promise<void>(resolve => {
    setTimeout(() => {
      timer.clear();
      resolve();
    }, 1);
  });
  stall(20);
  await cleared;
  await new Promise(resolve => setImmediate(resolve));
  await new Promise(resolve => setImmediate(resolve));
  expect(fired).toBe(false);
});

test('what arrived before the time was over is read before the timer fires', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await once(server, 'connection');
  const order: string[] = [];
  const done = Promise.withResolvers<void>();
  socket.once('data', () => order.push('read'));
  client.write('late, but there');
  awakeTimeout(() => {
    order.push('judged');
    done.resolve();
  }, 20);
  stall(100);
  await done.promise;
  expect(order).toEqual(['read', 'judged']);
  client.destroy();
  server.close();
});
