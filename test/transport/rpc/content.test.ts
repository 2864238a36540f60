import { expect, test, vi } from 'vitest';
import { MessageReader } from '../../../src/transport/grpc/message-reader.ts';
import { Content } from '../../../src/transport/rpc/content.ts';

test('content is whole again, in whatever parts it came', () => {
  const content = new Content();
  expect(content.take(Buffer.from('alone')).toString()).toBe('alone');
  for (const part of ['a', '', 'bc', 'def', 'g'.repeat(100)]) content.add(Buffer.from(part));
  expect(content.length).toBe(106);
  expect(content.take(Buffer.from('!')).toString()).toBe(`abcdef${'g'.repeat(100)}!`);
  expect(content.length).toBe(0);
  content.add(Buffer.from('next'));
  expect(content.take(Buffer.alloc(0)).toString()).toBe('next');
});

test('content of single bytes takes twice its length at most, and no object for each', () => {
  const count = 500_000;
  const byte = Buffer.of(1);
  const content = new Content();
  const reader = new MessageReader(2 * count);
  const before = process.memoryUsage();
  reader.read(Buffer.from([0, 0, 0x0f, 0, 0]));
  for (let n = 0; n < count; n++) {
    content.add(byte);
    reader.read(byte);
  }
  const after = process.memoryUsage();
  expect(content.length).toBe(count);
  expect(reader.heldBytes).toBe(count + 5);
  // As single buffers, each of them takes 100 MB.
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  expect(grown).toBeLessThan(50_000_000);
});

test('a message of two frames is copied into one buffer of its length', () => {
  const message = Buffer.alloc(20_005);
  message.writeUInt32BE(20_000, 1);
  const content = new Content();
  content.add(message.subarray(0, 16_384));
  expect(content.take(message.subarray(16_384)).buffer.byteLength).toBe(20_005);
});

test('content beyond the length that it says is not copied with each part', () => {
  const content = new Content();
  const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow');
  for (let n = 0; n < 10_000; n++) content.add(Buffer.of(0));
  expect(allocated.mock.calls.length).toBeLessThan(20);
  allocated.mockRestore();
  expect(content.take(Buffer.of(1))).toHaveLength(10_001);
});
