/** Streams are written as fast as they are read, however long their messages are. */

import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { type Stream, writeAll } from '../../../src/transport/grpc-js/write-all.ts';

/** A stream whose caller reads a message whenever `read` is called. */
function slowStream() {
  const taken: (() => void)[] = [];
  const sink = new Writable({
    objectMode: true,
    write: (_chunk, _encoding, done) => void taken.push(done),
  });
  const stream = Object.assign(sink, { cancelled: false }) as unknown as Stream<unknown>;
  return {
    stream,
    sink,
    async read() {
      taken.shift()?.();
      await new Promise(resolve => setImmediate(resolve));
    },
  };
}

function counted(lengths: readonly number[]) {
  const asked = { count: 0 };
  async function* answers() {
    for (const length of lengths) {
      asked.count++;
      yield length;
    }
  }
  return { asked, answers: answers() };
}

const encode = (length: number) => new Uint8Array(length);
const settled = () => new Promise(resolve => setImmediate(resolve));

test('a long message waits until the one before is read', async () => {
  const { stream, sink, read } = slowStream();
  const { asked, answers } = counted([10, 5_000_000, 5_000_000]);
  const done = writeAll(stream, answers, encode);
  await settled();
  expect([asked.count, sink.writableLength]).toEqual([2, 1]);
  await read();
  expect([asked.count, sink.writableLength]).toEqual([3, 1]);
  await read();
  await done;
});

test('short messages do not wait for each other', async () => {
  const { stream, sink } = slowStream();
  const { answers } = counted(Array.from({ length: 12 }, () => 1000));
  await writeAll(stream, answers, encode);
  expect(sink.writableLength).toBe(12);
});

test('a stream that ends while a message waits takes no more', async () => {
  const { stream, sink } = slowStream();
  const { asked, answers } = counted([100_000, 100_000, 100_000]);
  const done = writeAll(stream, answers, encode);
  await settled();
  Object.assign(stream, { cancelled: true });
  sink.emit('cancelled');
  await done;
  expect(asked.count).toBe(2);
});
