/** The watch of the SDK: it resumes, and moves to another server when it breaks or falls silent. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FakeServer, type FakeWorld, fakeWorld, soon } from './fake-usher.ts';

let world: FakeWorld | undefined;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => {
  world?.usher.close();
  vi.useRealTimers();
});

function start(servers = 1) {
  world = fakeWorld({ servers });
  return {
    ...world,
    server: world.servers[0] as FakeServer,
    other: world.servers[1] as FakeServer,
  };
}

test('resumes at its position, and the cache stays', async () => {
  const { usher, server, clock, begin, watch } = start();
  const first = await begin();
  await usher.verify('a');
  await first.tell({ position: 'instance-0:7', heardMs: 0 });
  first.end();
  await soon(() => expect(server.watches).toHaveLength(2));
  const second = await watch();
  expect(second.resumePosition).toBe('instance-0:7');
  clock.ms += 1000;
  await second.tell({ position: 'instance-0:7', heardMs: 1000, leaseMs: 2000 });
  clock.ms += 1500;
  expect(usher.cached('a')).toBeDefined();
});

test('changes during a break are evicted before the cache is used again', async () => {
  const { usher, server, clock, begin, watch } = start();
  const first = await begin();
  await usher.verify('a');
  first.end();
  await soon(() => expect(server.watches).toHaveLength(2));
  clock.ms += 5000;
  const tokenIds = ['a'];
  await (await watch()).tell({
    event: { case: 'changed', value: { tokenIds } },
    position: 'instance-0:1',
    heardMs: 5000,
    leaseMs: 2000,
  });
  expect(usher.isWatching()).toBe(true);
  expect(usher.cached('a')).toBeUndefined();
});

test('moves to another address, and empties the cache', async () => {
  const { usher, server, other, begin } = start(2);
  const first = await begin();
  await usher.verify('a');
  server.down = true;
  first.end();
  await begin(1);
  expect(usher.cached('a')).toBeUndefined();
  await usher.verify('a');
  expect(other.messages).toEqual([['a']]);
  expect(usher.cached('a')).toBeDefined();
});

test('another instance at the same address is another one, also when it says no reset', async () => {
  const { usher, server, begin, watch } = start();
  const first = await begin();
  await usher.verify('a');
  first.end();
  await soon(() => expect(server.watches).toHaveLength(2));
  await (await watch()).tell({ position: 'instance-5:3', heardMs: 0, leaseMs: 2000 });
  expect(usher.isWatching()).toBe(true);
  expect(usher.cached('a')).toBeUndefined();
});

test('leaves a silent server when the lease has expired', async () => {
  const { usher, clock, other, begin, watch } = start(2);
  const silent = await begin();
  clock.ms += 1999;
  vi.advanceTimersByTime(1000);
  expect(silent.isOpen()).toBe(true);
  clock.ms += 1;
  vi.advanceTimersByTime(1000);
  await watch(1);
  expect(silent.isOpen()).toBe(false);
  await usher.verify('a');
  expect(other.messages).toEqual([['a']]);
});

test('leaves a server that never sends anything', async () => {
  const { clock, watch } = start(2);
  const silent = await watch();
  clock.ms += 2000;
  vi.advanceTimersByTime(1000);
  await watch(1);
  expect(silent.isOpen()).toBe(false);
});

test('is ready at the first live lease', async () => {
  const { usher, begin } = start();
  let ready = false;
  const waiting = usher.ready().then(() => {
    ready = true;
  });
  await usher.verify('a');
  expect(ready).toBe(false);
  await begin();
  await waiting;
  expect(ready).toBe(true);
});

test('ends with the client', async () => {
  const { usher, begin } = start();
  const watch = await begin();
  usher.close();
  await soon(() => expect(watch.isOpen()).toBe(false));
  expect(usher.isWatching()).toBe(false);
  await soon(() => expect(vi.getTimerCount()).toBe(0));
});

test('an implausibly long lease is limited', async () => {
  const { usher, clock, watch } = start();
  await (await watch()).tell({ position: 'instance-0:0', heardMs: 0, leaseMs: 3_600_000 });
  clock.ms += 59_999;
  expect(usher.isWatching()).toBe(true);
  clock.ms += 1;
  expect(usher.isWatching()).toBe(false);
});
