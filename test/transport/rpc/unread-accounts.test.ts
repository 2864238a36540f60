/** Calls wait while their connection, or the process, holds answers that are not read. */

import { expect, onTestFinished, test, vi } from 'vitest';
import { createUnread, type Reader } from '../../../src/transport/rpc/unread.ts';
import { createAccounts } from '../../../src/transport/rpc/unread-accounts.ts';
import { createGarbage } from '../../../src/transport/rpc/unread-garbage.ts';

const turn = () => new Promise<void>(resolve => setImmediate(resolve));

test('a call waits until answers of its connection were read', async () => {
  const unread = createUnread({ connectionBytesMax: 200, processBytesMax: 1000 });
  const [slow, other] = [unread.account(), unread.account()];
  slow.hold(100);
  expect([slow.hasRoom(), other.hasRoom()]).toEqual([false, true]);
  const ran: string[] = [];
  slow.wait(() => ran.push('first'));
  await turn();
  expect(ran).toEqual([]);
  slow.free(1);
  await turn();
  expect(ran).toEqual(['first']);
  expect(unread.bytes).toBe(99);
});

test('the answers of those who wait are bounded too, and each connection has its turn', async () => {
  const unread = createUnread({ connectionBytesMax: 400, processBytesMax: 100 });
  const [one, many] = [unread.account(), unread.account()];
  const ran: string[] = [];
  many.hold(100);
  for (const account of [many, many, one]) {
    const name = account === one ? 'one' : 'many';
    account.wait(() => {
      ran.push(name);
      account.hold(40);
    });
  }
  many.free(100);
  await turn();
  expect(ran).toEqual(['many', 'one']);
  await turn();
  await turn();
  expect(ran).toEqual(['many', 'one', 'many']);
  expect(unread.bytes).toBe(120);
});

test('what a closed connection held is collected once its close had its effect', async () => {
  const seen: string[] = [];
  await new Promise<void>(resolve => {
    const readers = new Set<Reader>();
    const heap = {
      bytes: () => 1000,
      collect() {
        seen.push('collected');
        unwatch();
        resolve();
      },
    };
    const unread = createUnread({ connectionBytesMax: 100, processBytesMax: 400 }, heap);
    const account = unread.account();
    account.hold(101);
    const reader = {
      ...{ bytes: 101, waitingBytes: 0 },
      close() {
        readers.delete(reader);
        account.free(101);
        setImmediate(() => seen.push('gone'));
      },
    };
    readers.add(reader);
    const unwatch = unread.watch(
      () => readers,
      reason => seen.push(reason),
    );
  });
  expect(seen).toEqual(['connection', 'gone', 'collected']);
});

test('a call waits while garbage takes the room of unread answers', async () => {
  const accounts = createAccounts(1000, 400);
  const account = accounts.open();
  account.hold(100);
  accounts.setGarbage(300);
  expect(account.hasRoom()).toBe(false);
  const ran: string[] = [];
  account.wait(() => ran.push('first'));
  await turn();
  expect(ran).toEqual([]);
  accounts.setGarbage(299);
  await turn();
  expect(ran).toEqual(['first']);
});

test('garbage is collected beside many unread answers, and stays while the collector rests', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const cpu = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 15_000, system: 5000 });
  onTestFinished(() => {
    vi.useRealTimers();
    cpu.mockRestore();
  });
  let garbageBytes = 0;
  const heap = {
    bytes: () => 1000 + garbageBytes,
    collect() {
      garbageBytes = 0;
    },
  };
  const garbage = createGarbage(heap, 400);
  expect(garbage.collect(100)).toBe(0);
  garbageBytes = 49;
  expect(garbage.collect(100)).toBe(49);
  garbageBytes = 50;
  expect([garbage.collect(100), garbageBytes]).toEqual([0, 0]);
  garbageBytes = 300;
  vi.advanceTimersByTime(99);
  expect(garbage.collect(100)).toBe(300);
  vi.advanceTimersByTime(1);
  expect([garbage.collect(100), garbageBytes]).toEqual([0, 0]);
});

test('a heap that grows while all answers are read is left to V8', () => {
  let bytes = 1000;
  const heap = {
    bytes: () => bytes,
    collect() {
      throw new Error('collected');
    },
  };
  const garbage = createGarbage(heap, 400);
  expect(garbage.collect(99)).toBe(0);
  bytes = 10_000;
  expect(garbage.collect(0)).toBe(0);
});
