/** WatchInvalidations: changes once and in order, resets, and heartbeats that renew the lease. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WatchInvalidationsResponse } from '../../../src/gen/usher/v1/verifier_pb.ts';
import type { FeedListener } from '../../../src/store/feed.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { anyone, type VerifyCaller } from '../../../src/tokens/verify-callers.ts';
import { RpcError } from '../../../src/transport/rpc/rpc-error.ts';
import { type Changes, createChanges } from '../../../src/transport/services/changes.ts';
import { createWatch } from '../../../src/transport/services/watch.ts';
import { createWatchers, type Watchers } from '../../../src/transport/services/watchers.ts';

const limits = { leaseMs: 2000, heartbeatMs: 250, idsMax: 3 };
const counts = { watchersMax: 3, watchersPerCallerMax: 2 };
const backlogMax = 8;

let clock: number;
let feed: FeedListener;
let askedMs: number;
let isLive: boolean;
let changes: Changes;
let watch: ReturnType<typeof createWatch>;
let watchers: Watchers;
let caller: VerifyCaller;
let refusal: Error | undefined;
let records: Map<string, AccessTokenRecord>;

beforeEach(() => {
  // The test runner may have timers of other kinds.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = 10_000;
  askedMs = clock;
  isLive = true;
  const source = {
    kind: 'tracking' as const,
    isLive: () => isLive,
    lagMs: () => clock - askedMs,
    listen(listener: FeedListener) {
      feed = listener;
      return () => {};
    },
  };
  changes = createChanges(source, backlogMax, () => clock);
  caller = anyone;
  refusal = undefined;
  records = new Map();
  const find = (id: string) => ({ record: records.get(id), stale: false });
  watchers = createWatchers(counts);
  watch = createWatch({ changes, records: { find }, limits, watchers, monotonicMs: () => clock });
});
afterEach(() => void vi.useRealTimers());

function open(resumePosition = '') {
  const gone = new AbortController();
  const stream = watch({
    ...{ resumePosition, signal: gone.signal, caller },
    admitted() {
      if (refusal !== undefined) throw refusal;
      return caller;
    },
  });
  const next = async () => {
    const { value, done } = await stream.next();
    if (done === true) throw new Error('the stream ended');
    return told(value);
  };
  return { next, stream, leave: () => gone.abort() };
}

function told({ event, position, heard, lease }: WatchInvalidationsResponse) {
  return {
    event: event.case === 'changed' ? event.value.tokenIds : event.case,
    place: position.slice(position.indexOf(':') + 1),
    position,
    heardMs: heard && durationMs(heard),
    leaseMs: lease && durationMs(lease),
  };
}

test('begins with a reset, the lease, and the age of the feed', async () => {
  askedMs = clock - 300;
  const { next } = open();
  expect(await next()).toMatchObject({ event: 'reset', place: '0', heardMs: -300, leaseMs: 2000 });
});

test('names what changed, at once and in order', async () => {
  const { next } = open();
  await next();
  const waiting = next();
  feed.changed('a');
  feed.changed('b');
  expect(await waiting).toMatchObject({ event: ['a', 'b'], place: '2', heardMs: 0 });
});

test('a heartbeat has the last sign of life of the feed, on the clock of the call', async () => {
  const { next } = open();
  await next();
  clock += 700;
  askedMs = clock - 20;
  const waiting = next();
  await vi.advanceTimersByTimeAsync(limits.heartbeatMs);
  expect(await waiting).toMatchObject({ event: undefined, heardMs: 680, leaseMs: undefined });
});

test('while the feed is not live, heartbeats do not renew the lease', async () => {
  const { next } = open();
  await next();
  isLive = false;
  const waiting = next();
  await vi.advanceTimersByTimeAsync(limits.heartbeatMs);
  expect(await waiting).toMatchObject({ event: undefined, heardMs: undefined });
});

test('renews the lease only with the last of many changes', async () => {
  const { next } = open();
  await next();
  const waiting = next();
  for (const id of ['a', 'b', 'c', 'd']) feed.changed(id);
  expect(await waiting).toMatchObject({ event: ['a', 'b', 'c'], heardMs: undefined });
  expect(await next()).toMatchObject({ event: ['d'], heardMs: 0 });
});

test('an interruption of the feed causes a reset', async () => {
  const { next } = open();
  await next();
  const waiting = next();
  feed.changed('a');
  feed.changedAll();
  expect(await waiting).toMatchObject({ event: 'reset', place: '2' });
});

test('resumes from the position of a watcher', async () => {
  const first = open();
  await first.next();
  const waiting = first.next();
  feed.changed('a');
  const { position } = await waiting;
  first.leave();
  feed.changed('b');
  expect(await open(position).next()).toMatchObject({ event: ['b'], leaseMs: 2000, heardMs: 0 });
});

test.each([
  ['of another instance', () => '01a20bc6-43c3-7533-9789-0773a9c6802c:0'],
  ['that is malformed', () => 'latest'],
  ['not reached yet', () => `${changes.instance}:2`],
  ['that is too old', () => `${changes.instance}:0`],
  ['before a reset', () => `${changes.instance}:${backlogMax}`],
])('a position %s gets a reset', async (_, position) => {
  const listening = open();
  await listening.next();
  feed.changed('a');
  if (position() !== `${changes.instance}:2`) {
    for (let n = 0; n < backlogMax; n++) feed.changed('a');
    feed.changedAll();
  }
  expect(await open(position()).next()).toMatchObject({ event: 'reset' });
});

test('a watcher that reads too slowly is reset, and misses nothing after that', async () => {
  const { next } = open();
  await next();
  for (let n = 0; n <= backlogMax; n++) feed.changed(`id ${n}`);
  expect(await next()).toMatchObject({ event: 'reset', place: String(backlogMax + 1) });
  const waiting = next();
  feed.changed('later');
  expect(await waiting).toMatchObject({ event: ['later'] });
});

test('more watchers than allowed are refused until one leaves', async () => {
  const [first, ...others] = [open(), open(), open()];
  await Promise.all([first, ...others].map(({ next }) => next()));
  await expect(open().next()).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  const ended = first.stream.next();
  first.leave();
  expect(await ended).toMatchObject({ done: true });
  expect(await open().next()).toMatchObject({ event: 'reset' });
});

test('a caller takes no more than its part of the watchers, whoever has the same name', async () => {
  caller = { name: 'web', owners: ['ann'] };
  const [first, second] = [open(), open()];
  await Promise.all([first.next(), second.next()]);
  await expect(open().next()).rejects.toThrow(/^this caller has too many watchers/);
  caller = { name: 'web', owners: ['bob'] };
  await open().next();
  expect([...watchers.byName()]).toEqual([['web', 3]]);
  caller = { name: 'shop' };
  await expect(open().next()).rejects.toThrow(/^too many watchers/);
  const ended = first.stream.next();
  first.leave();
  await ended;
  await open().next();
  expect([...watchers.byName()]).toEqual([
    ['web', 2],
    ['shop', 1],
  ]);
});

test('a watcher that disconnected is removed completely', async () => {
  const { next, stream, leave } = open();
  await next();
  const ended = stream.next();
  leave();
  await ended;
  expect(vi.getTimerCount()).toBe(0);
});

/** A record as far as a watch reads it. */
const recordOf = (id: string, owner: string, hadOtherOwner = false) =>
  ({ id, owner, ...(hadOtherOwner && { hadOtherOwner }) }) as AccessTokenRecord;

test('a caller with an owner is told of the access tokens of that owner alone', async () => {
  caller = { name: 'web', owners: ['ann'] };
  const { next } = open();
  expect(await next()).toMatchObject({ event: 'reset' });
  records.set('a', recordOf('a', 'ann')).set('b', recordOf('b', 'bob'));
  let waiting = next();
  for (const id of ['b', 'a']) feed.changed(id);
  expect(await waiting).toMatchObject({ event: ['a'], place: '2', heardMs: 0 });
  waiting = next();
  feed.changed('b');
  expect(await waiting).toMatchObject({ event: undefined, place: '3', heardMs: 0 });
});

test.each<[string, () => void]>([
  ['had another owner', () => records.set('b', recordOf('b', 'bob', true))],
  ['is gone', () => records.delete('b')],
  [
    'cannot be read',
    () => {
      records.get = () => {
        throw new Unavailable('no answer');
      };
    },
  ],
])('an access token that %s may have been of that owner: a reset', async (_, prepare) => {
  caller = { name: 'web', owners: ['ann'] };
  const { next } = open();
  await next();
  records.set('a', recordOf('a', 'ann', true)).set('b', recordOf('b', 'bob'));
  prepare();
  const waiting = next();
  for (const id of ['a', 'b']) feed.changed(id);
  expect(await waiting).toMatchObject({ event: 'reset', place: '2' });
});

test('a caller whose owner changes is reset', async () => {
  caller = { name: 'web', owners: ['ann'] };
  const { next } = open();
  await next();
  const waiting = next();
  caller = { name: 'web', owners: ['bob'] };
  await vi.advanceTimersByTimeAsync(limits.heartbeatMs);
  expect(await waiting).toMatchObject({ event: 'reset' });
});

test.each([
  new RpcError('UNAUTHENTICATED', 'the caller is not known'),
  new Unavailable('no answer'),
])('a watch ends within a heartbeat once its caller is not let in: %s', async error => {
  const { next } = open();
  await next();
  const ended = expect(next()).rejects.toBe(error);
  refusal = error;
  await vi.advanceTimersByTimeAsync(limits.heartbeatMs);
  await ended;
  expect(vi.getTimerCount()).toBe(0);
  refusal = undefined;
  await Promise.all([open().next(), open().next()]);
});
