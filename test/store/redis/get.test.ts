/**
 * Keys are read only from masters: the role was checked within the lease, or is checked with the
 * read.
 */

import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { asker } from '../../../src/store/redis/ask.ts';
import type { RedisClient } from '../../../src/store/redis/client.ts';
import { masterGet } from '../../../src/store/redis/get.ts';
import type { RedisHealth } from '../../../src/store/redis/health.ts';
import { Unavailable } from '../../../src/store/store.ts';

const leaseMs = 2000;

/** Reads from a server of this role that was last seen as a master `masterMsAgo` ago. */
function reading(role: 'master' | 'slave', masterMsAgo: number) {
  const sent: string[] = [];
  const client = {
    on: () => undefined,
    get: async () => sent.push('GET') && 'value',
    call: async (name: string) => sent.push(name) && [role],
  } as unknown as RedisClient;
  const watch = { masterMsAgo: () => masterMsAgo } as unknown as RedisHealth;
  const get = masterGet(
    asker(client, () => undefined),
    watch,
    leaseMs,
  );
  return { sent, read: () => get('key') };
}

test('one command if the server was a master within the lease', async () => {
  const { sent, read } = reading('master', leaseMs - 1);
  expect(await read()).toBe('value');
  expect(sent).toEqual(['GET']);
});

test('the role is checked before the key if that was too long ago', async () => {
  const { sent, read } = reading('master', leaseMs);
  expect(await read()).toBe('value');
  expect(sent).toEqual(['ROLE', 'GET']);
});

test('the answer of a replica is refused', async () => {
  const { read } = reading('slave', Number.POSITIVE_INFINITY);
  await expect(read()).rejects.toBeInstanceOf(Unavailable);
});

test('the commands of one turn are sent by one write', async () => {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      writes.push(text);
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => chunk).join(' '));
      done();
    },
  });
  const get = async (key: string) => stream.write(key) && 'value';
  const client = { on: () => undefined, stream, get } as unknown as RedisClient;
  const watch = { masterMsAgo: () => 0 } as unknown as RedisHealth;
  const read = masterGet(
    asker(client, () => undefined),
    watch,
    leaseMs,
  );
  await Promise.all([read('one'), read('two')]);
  expect(writes).toEqual([]);
  await new Promise(setImmediate);
  expect(writes).toEqual(['one two']);
  await read('three');
  await new Promise(setImmediate);
  expect(writes).toEqual(['one two', 'three']);
});
