/** The estimates of what a call takes that waits, against the heap. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { waitingCallBytes } from '../../../src/transport/grpc/unary-call.ts';
import { streamBytes } from '../../../src/transport/h2/stream.ts';

interface Measured {
  unread: number;
  waiting: number;
}

test('are right within a factor of two', async () => {
  const worker = new Worker(new URL('measure-calls.ts', import.meta.url));
  const [{ unread, waiting }] = (await once(worker, 'message')) as [Measured];
  for (const [bytes, estimate] of [
    [unread, streamBytes],
    [waiting, waitingCallBytes],
  ] as const) {
    expect(bytes).toBeGreaterThan(estimate / 2);
    expect(bytes).toBeLessThan(estimate * 2);
  }
});
