/** Sources and limits in the SDK: what is asked, what is cached for which source, and what never is. */

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sourceIn } from '../../src/client/source.ts';
import type { VerifyRequest } from '../../src/gen/usher/v1/verifier_pb.ts';
import { Reason } from '../../src/gen/usher/v1/verifier_pb.ts';
import { type FakeServer, type FakeWorld, fakeWorld, good } from './fake-usher.ts';

let world: FakeWorld;
let server: FakeServer;
let asked: string[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  world = fakeWorld();
  server = world.servers[0] as FakeServer;
  await world.begin();
  asked = [];
  answerBy(good);
});
afterEach(() => {
  world.usher.close();
  vi.useRealTimers();
});

/** Answers, and notes the sources that were asked for. */
function answerBy(answer: FakeServer['answer']) {
  server.answer = request => {
    asked.push(request.source);
    return answer(request);
  };
}

/** The verdict of a server on a token that may be used from 192.0.2.7 only. */
const restricted = (request: VerifyRequest) =>
  request.source === '192.0.2.7'
    ? { ...good(request), sourceDependent: true }
    : {
        ...{ reason: Reason.WRONG_SOURCE, message: 'no', httpStatus: 403 },
        ...{ tokenId: request.header, sourceDependent: true },
      };

describe('an address', () => {
  test.each([
    ...['192.0.2.7', '0.0.0.0', '255.255.255.255', '::', '::1', '2001:DB8::7', '::ffff:192.0.2.7'],
    ...['1:2:3:4:5:6:7:8', 'fe80::1:2'],
  ])('%s', address => {
    expect(sourceIn(address)).toBe(address);
    expect(sourceIn(` ${address} `)).toBe(address);
  });
  test.each([
    ...[
      '',
      'unknown',
      '192.0.2',
      '192.0.2.256',
      '192.0.2.7.',
      '192.0.02.7',
      '192.0.2.7:80',
      '1.2.3.4.5',
    ],
    ...[
      '[::1]',
      '::1%eth0',
      '1::2::3',
      ':::',
      '12345::',
      '::1/64',
      '1:2:3:4:5:6:7',
      'g::1',
      '::1]/x[',
    ],
    ...['::ffff:1.2.3.256', '0'.repeat(46), '192.0.2.7, 10.0.0.1', '١٩٢.0.2.7'],
  ])('%j is none', text => expect(sourceIn(text)).toBe(''));
});

describe('a verdict that depends on the source', () => {
  beforeEach(() => answerBy(restricted));
  const from = (source?: string) => world.usher.verify('a', { source });

  test('is cached for its source alone', async () => {
    for (let round = 0; round < 2; round++) {
      expect(await from('192.0.2.7')).toMatchObject({ valid: true });
      expect(await from('192.0.2.8')).toMatchObject({ valid: false, reason: 'WRONG_SOURCE' });
      expect(await from()).toMatchObject({ valid: false, reason: 'WRONG_SOURCE' });
    }
    expect(asked).toEqual(['192.0.2.7', '192.0.2.8', '']);
    expect(world.usher.cached('a', { source: '192.0.2.7' })?.valid).toBe(true);
    expect(world.usher.cached('a', { source: '192.0.2.9' })).toBeUndefined();
    expect(world.usher.cached('a')?.valid).toBe(false);
  });

  test('what is no address is not known, and fails no other question', async () => {
    const [wrong, right] = await Promise.all([from('unknown, \n'), from('192.0.2.7')]);
    expect([wrong.valid, right.valid]).toEqual([false, true]);
    await from('garbage');
    expect(asked).toEqual(['', '192.0.2.7']);
  });

  test('concurrent questions from several sources are not shared', async () => {
    const sources = ['192.0.2.7', '192.0.2.8', '192.0.2.7'];
    const verdicts = await Promise.all(sources.map(source => from(source)));
    expect(verdicts.map(({ valid }) => valid)).toEqual([true, false, true]);
    expect(asked).toEqual(['192.0.2.7', '192.0.2.8']);
  });

  test('is bounded per header: the oldest of 64 sources goes', async () => {
    for (let n = 0; n < 65; n++) await from(`10.0.0.${n}`);
    expect(world.usher.cached('a', { source: '10.0.0.0' })).toBeUndefined();
    expect(world.usher.cached('a', { source: '10.0.0.1' })).toBeDefined();
  });

  test('goes when the access token changes', async () => {
    await from('192.0.2.7');
    const watch = await world.watch();
    const value = { tokenIds: ['a'] };
    await watch.tell({ event: { case: 'changed', value }, position: 'instance-0:1' });
    expect(world.usher.cached('a', { source: '192.0.2.7' })).toBeUndefined();
  });
});

test('a verdict that depends on none is cached for all sources', async () => {
  await world.usher.verify('a', { source: '192.0.2.7' });
  await world.usher.verify('a', { source: '192.0.2.8' });
  await world.usher.verify('a');
  expect(asked).toEqual(['192.0.2.7']);
});

describe('a token with a limit', () => {
  test('has no cached verdict: each use is asked', async () => {
    answerBy(request => ({ ...good(request), watchedTtl: durationFromMs(0) }));
    for (let n = 0; n < 3; n++)
      expect(await world.usher.verify('a')).toMatchObject({ valid: true });
    expect(asked).toHaveLength(3);
    expect(world.usher.cached('a')).toBeUndefined();
  });

  test('concurrent uses count each', async () => {
    let left = 2;
    answerBy(request => {
      if (left-- > 0) return { ...good(request), watchedTtl: durationFromMs(0) };
      const refusal = { reason: Reason.RATE_LIMITED, message: 'no', httpStatus: 429 };
      const ends = { watchedTtl: durationFromMs(0), retryAfter: durationFromMs(1500) };
      return { ...refusal, ...ends, tokenId: request.header };
    });
    const verdicts = await Promise.all([1, 2, 3, 4].map(() => world.usher.verify('a')));
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(2);
    const over = { reason: 'RATE_LIMITED', httpStatus: 429, retryAfterMs: 1500 };
    expect(verdicts.filter(({ valid }) => !valid)).toMatchObject([over, over]);
    expect(asked).toHaveLength(4);
  });
});

test('a misspelt source is named', async () => {
  const wrong = { sources: '::1' } as object;
  await expect(world.usher.verify('a', wrong)).rejects.toThrow(
    'a requirement has no member sources; did you mean source?',
  );
});
