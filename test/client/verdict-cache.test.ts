/** The cache of the SDK: the lease, invalidations, resets, and answers in progress. */

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type FakeServer,
  type FakeWatch,
  type FakeWorld,
  fakeWorld,
  good,
  soon,
} from './fake-usher.ts';

let world: FakeWorld;
let server: FakeServer;
let watch: FakeWatch;
const asked = () => server.messages.flat();

beforeEach(async () => {
  // So that the client does not give up the watch while a test moves its clock.
  vi.useFakeTimers({ toFake: ['setInterval'] });
  world = fakeWorld();
  server = world.servers[0] as FakeServer;
  watch = await world.begin();
});
afterEach(() => {
  world.usher.close();
  vi.useRealTimers();
});

const position = 'instance-0:1';
const changed = (...tokenIds: string[]) => ({
  event: { case: 'changed' as const, value: { tokenIds } },
  position,
});
const reset = { event: { case: 'reset' as const, value: {} }, position };

describe('while the watch is live', () => {
  test('a verdict is fetched once', async () => {
    const first = await world.usher.verify('a');
    expect(first).toMatchObject({ valid: true, identity: { tokenId: 'a' } });
    expect(await world.usher.verify('a')).toBe(first);
    expect(world.usher.cached('a')).toBe(first);
    expect(asked()).toEqual(['a']);
  });

  test('each requirement has its own verdict', async () => {
    await world.usher.verify('a');
    await world.usher.verify('a', { audience: 'shop' });
    await world.usher.verify('a', { scopes: ['x', 'y'] });
    await world.usher.verify('a', { scopes: ['x y'] }).catch(() => undefined);
    await world.usher.verify('a', { audience: 'shop' });
    await world.usher.verify('a', { scopes: ['x', 'y'] });
    expect(asked()).toHaveLength(3);
  });

  test('what a caller was given cannot be changed', async () => {
    server.answer = request => ({ ...good(request), claims: { deep: { list: [1] } } });
    const verdict = await world.usher.verify('a');
    if (!verdict.valid) throw new Error('refused');
    expect(() => (verdict.identity.scopes as string[]).push('admin')).toThrow(TypeError);
    expect(() => {
      (verdict.identity.claims as { deep: { list: number[] } }).deep.list[0] = 2;
    }).toThrow(TypeError);
  });

  test('a refusal of a known token is cached and evicted like a valid verdict', async () => {
    server.answer = ({ header }) => ({
      reason: 8,
      message: 'no',
      httpStatus: 401,
      tokenId: header,
    });
    expect(await world.usher.verify('a')).toMatchObject({ valid: false, reason: 'REVOKED' });
    await world.usher.verify('a');
    expect(asked()).toEqual(['a']);
    await watch.tell(changed('a'));
    expect(world.usher.cached('a')).toBeUndefined();
  });
});

describe('the lease', () => {
  test('ends by time alone', async () => {
    await world.usher.verify('a');
    world.clock.ms += 1999;
    expect(world.usher.cached('a')).toBeDefined();
    world.clock.ms += 1;
    expect(world.usher.cached('a')).toBeUndefined();
    expect(world.usher.isWatching()).toBe(false);
    await world.usher.verify('a');
    expect(asked()).toEqual(['a', 'a']);
  });

  test("extends by the server's `heard`, counted from when the call was opened", async () => {
    await world.usher.verify('a');
    world.clock.ms += 1500;
    await watch.tell({ position, heardMs: 1200 });
    world.clock.ms += 1699;
    expect(world.usher.cached('a')).toBeDefined();
    world.clock.ms += 1;
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('is not renewed by old messages that a suspended client reads late', async () => {
    await world.usher.verify('a');
    world.clock.ms += 60_000;
    for (const heardMs of [250, 500, 57_999]) await watch.tell({ position, heardMs });
    await watch.tell({ position, heardMs: 58_000 });
    expect(world.usher.cached('a')).toBeUndefined();
    await watch.tell({ position, heardMs: 58_001 });
    expect(world.usher.cached('a')).toBeDefined();
  });

  test('is not renewed by a server that hears nothing itself', async () => {
    await world.usher.verify('a');
    world.clock.ms += 1999;
    await watch.tell({ position });
    world.clock.ms += 1;
    expect(world.usher.cached('a')).toBeUndefined();
  });
});

describe('an invalidation', () => {
  test('evicts only that access token', async () => {
    await Promise.all([world.usher.verify('a'), world.usher.verify('b')]);
    await watch.tell(changed('a'));
    expect(world.usher.cached('a')).toBeUndefined();
    expect(world.usher.cached('b')).toBeDefined();
    await world.usher.verify('a');
    expect(world.usher.cached('a')).toBeDefined();
  });

  test('evicts every header and requirement of it', async () => {
    server.answer = request => ({ ...good(request), tokenId: 'same' });
    await world.usher.verify('a');
    await world.usher.verify('a', { audience: 'shop' });
    await world.usher.verify('b');
    await watch.tell(changed('same'));
    for (const [header, audience] of [
      ['a', ''],
      ['a', 'shop'],
      ['b', ''],
    ] as const) {
      expect(world.usher.cached(header, { audience })).toBeUndefined();
    }
  });

  test('of everything (a reset) empties the cache', async () => {
    await Promise.all([world.usher.verify('a'), world.usher.verify('b')]);
    await watch.tell(reset);
    expect(world.usher.cached('a')).toBeUndefined();
    expect(world.usher.cached('b')).toBeUndefined();
  });
});

describe('an answer in progress', () => {
  const hold = () => {
    const gate = Promise.withResolvers<void>();
    server.answer = async request => {
      if (request.header === 'a') await gate.promise;
      return good(request);
    };
    return gate.resolve;
  };
  test.each([
    ['its token changed', changed('a')],
    ['all changed', reset],
  ])('is returned, but not cached, when %s meanwhile', async (_, message) => {
    const release = hold();
    const answer = world.usher.verify('a');
    await soon(() => expect(asked()).toEqual(['a']));
    await watch.tell({ ...message, heardMs: 0 });
    release();
    expect(await answer).toMatchObject({ valid: true });
    expect(world.usher.isWatching()).toBe(true);
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('is cached when another token changed meanwhile', async () => {
    const release = hold();
    const answer = world.usher.verify('a');
    await soon(() => expect(asked()).toEqual(['a']));
    await watch.tell(changed('b'));
    release();
    await answer;
    expect(world.usher.cached('a')).toBeDefined();
  });

  test('is not cached when too many tokens changed meanwhile', async () => {
    const release = hold();
    const answer = world.usher.verify('a');
    await soon(() => expect(asked()).toEqual(['a']));
    await watch.tell(changed(...Array.from({ length: 10_001 }, (_, n) => `id ${n}`)));
    release();
    await answer;
    expect(world.usher.cached('a')).toBeUndefined();
  });
});

describe('never cached is', () => {
  test('what another instance of the server says', async () => {
    server.instance = 'instance-9';
    await world.usher.verify('a');
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('what the server cannot vouch for', async () => {
    server.answer = request => ({ ...good(request), stale: true });
    expect(await world.usher.verify('a')).toMatchObject({ valid: true, stale: true });
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('what time alone turns', async () => {
    server.answer = request => ({ ...good(request), watchedTtl: durationFromMs(0) });
    await world.usher.verify('a');
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('valid without saying whose', async () => {
    server.answer = () => ({ valid: true, httpStatus: 200 });
    expect(await world.usher.verify('a')).toMatchObject({ valid: false, httpStatus: 401 });
  });
});

test('a verdict expires with its token, counted from the time of the request', async () => {
  server.answer = async request => {
    world.clock.ms += 300;
    return { ...good(request), watchedTtl: durationFromMs(1000) };
  };
  await world.usher.verify('a');
  world.clock.ms += 699;
  expect(world.usher.cached('a')).toBeDefined();
  world.clock.ms += 1;
  expect(world.usher.cached('a')).toBeUndefined();
});

test('the refusal of an unknown token is cached briefly', async () => {
  server.answer = () => ({ reason: 4, message: 'token is not valid', httpStatus: 401 });
  await world.usher.verify('garbage');
  world.clock.ms += 999;
  expect(world.usher.cached('garbage')).toMatchObject({ reason: 'INVALID_TOKEN' });
  world.clock.ms += 1;
  expect(world.usher.cached('garbage')).toBeUndefined();
});

test('a flood of garbage evicts no valid token', async () => {
  await world.usher.verify('a');
  server.answer = () => ({ reason: 4, message: 'token is not valid', httpStatus: 401 });
  await Promise.all(Array.from({ length: 5000 }, (_, n) => world.usher.verify(`garbage ${n}`)));
  expect(world.usher.cached('a')).toBeDefined();
});

test('the cache is bounded', async () => {
  const small = fakeWorld({ cacheEntriesMax: 2 });
  await small.begin();
  for (const header of ['a', 'b', 'c']) await small.usher.verify(header);
  expect(small.usher.cached('a')).toBeUndefined();
  expect(small.usher.cached('c')).toBeDefined();
  small.usher.close();
});

test('without a watch nothing is cached', async () => {
  const unwatched = fakeWorld();
  await unwatched.usher.verify('a');
  await unwatched.usher.verify('a');
  expect(unwatched.servers[0]?.messages).toEqual([['a'], ['a']]);
  unwatched.usher.close();
});
