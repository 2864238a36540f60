/** Streams end when their caller may not ask any longer, and outlive that it cannot be known. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Unavailable } from '../../../src/store/store.ts';
import { whileLetIn } from '../../../src/transport/services/let-in.ts';

const everyMs = 250;
const refusal = new Error('not let in');
let problem: Error | undefined;
let isClosed: boolean;
let send: (item: string) => void;

async function* items() {
  try {
    for (;;) {
      yield await new Promise<string>(resolve => {
        send = resolve;
      });
    }
  } finally {
    isClosed = true;
  }
}

const check = async () => {
  if (problem !== undefined) throw problem;
};

beforeEach(() => {
  // Only what is counted: the test runner has timers of its own.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  problem = undefined;
  isClosed = false;
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('a stream that waits for its next item ends with the refusal', async () => {
  const stream = whileLetIn(items(), check, everyMs);
  const first = stream.next();
  send('a');
  expect(await first).toEqual({ value: 'a', done: false });
  const ended = expect(stream.next()).rejects.toBe(refusal);
  problem = refusal;
  await vi.advanceTimersByTimeAsync(everyMs);
  await ended;
});

test('so does one whose item has not been taken', async () => {
  const stream = whileLetIn(items(), check, everyMs);
  const first = stream.next();
  send('a');
  await first;
  problem = refusal;
  await vi.advanceTimersByTimeAsync(everyMs);
  await expect(stream.next()).rejects.toBe(refusal);
  expect(isClosed).toBe(true);
});

test('an outage of the store ends nothing', async () => {
  const stream = whileLetIn(items(), check, everyMs);
  const first = stream.next();
  problem = new Unavailable('no answer');
  await vi.advanceTimersByTimeAsync(10 * everyMs);
  send('a');
  expect(await first).toEqual({ value: 'a', done: false });
  await stream.return(undefined);
  expect(isClosed).toBe(true);
});

test('ends with its source, and with the error of its source', async () => {
  async function* short() {
    yield 'a';
  }
  const stream = whileLetIn(short(), check, everyMs);
  expect(await stream.next()).toEqual({ value: 'a', done: false });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  async function* broken() {
    yield 'a';
    throw refusal;
  }
  const other = whileLetIn(broken(), check, everyMs);
  await other.next();
  await expect(other.next()).rejects.toBe(refusal);
});
