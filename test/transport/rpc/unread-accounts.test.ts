/** Calls wait while their connection, or the process, holds answers that are not read. */

import { expect, test } from 'vitest';
import { createUnread, type Reader } from '../../../src/transport/rpc/unread.ts';

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

test('what was unread is collected when a quarter of the limit is gone', async () => {
  const readers = [{ bytes: 30, waitingBytes: 0, close: () => {} }];
  const reports: string[] = [];
  await new Promise<void>(resolve => {
    const unread = createUnread({ connectionBytesMax: 100, processBytesMax: 100 }, () => {
      unwatch();
      resolve();
    });
    function* listed() {
      yield* readers;
      // They are there in one sweep only.
      readers.length = 0;
    }
    const unwatch = unread.watch(listed, reason => reports.push(reason));
  });
  expect(reports).toEqual([]);
});

test('what a closed connection held is collected once its close had its effect', async () => {
  const seen: string[] = [];
  await new Promise<void>(resolve => {
    const unread = createUnread({ connectionBytesMax: 100, processBytesMax: 400 }, () => {
      seen.push('collected');
      unwatch();
      resolve();
    });
    const readers = new Set<Reader>();
    const reader = {
      ...{ bytes: 101, waitingBytes: 0 },
      close() {
        readers.delete(reader);
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
