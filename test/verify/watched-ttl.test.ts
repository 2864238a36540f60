/** The cache TTL of watched verdicts: until time alone ends them, in coarse steps. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Identity } from '../../src/verify/verdict.ts';
import { watchedTtlMs } from '../../src/verify/watched-ttl.ts';

const now = 1_708_574_091_000;
const dayMs = 24 * 60 * 60 * 1000;
const proven = (exp: number, provenUntil = Number.POSITIVE_INFINITY) => ({
  identity: { exp } as Identity,
  provenUntil,
});

test('nothing ends a token without an end', () => {
  expect(watchedTtlMs(proven(0), undefined, now)).toBeUndefined();
  expect(watchedTtlMs(proven(0), 'REVOKED', now)).toBeUndefined();
});

test('it is never longer than what is left, and hardly shorter', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 86_399 }), seconds => {
      const ttlMs = watchedTtlMs(proven(now / 1000 + seconds), undefined, now) ?? 0;
      expect(ttlMs).toBeLessThanOrEqual(seconds * 1000);
      expect(ttlMs).toBeGreaterThan(seconds * 1000 * 0.93);
    }),
  );
});

test('it is the same for many calls', () => {
  const seen = new Set<number | undefined>();
  for (let ms = 0; ms < 60_000; ms += 10) {
    seen.add(watchedTtlMs(proven(now / 1000 + 3600), undefined, now + ms));
  }
  expect(seen.size).toBeLessThanOrEqual(2);
});

test('it is a day at most, also for a token that ends in millions of years', () => {
  expect(watchedTtlMs(proven(2 ** 53 - 1), undefined, now)).toBe(dayMs);
});

test('it is limited where the feed does not report every change', () => {
  expect(watchedTtlMs(proven(0), undefined, now, 30_000)).toBeGreaterThan(28_000);
  expect(watchedTtlMs(proven(0), undefined, now, 30_000)).toBeLessThanOrEqual(30_000);
  expect(watchedTtlMs(proven(now / 1000 + 8), undefined, now, 30_000)).toBeLessThanOrEqual(8000);
});

test('the grace of a rotated secret ends it', () => {
  expect(watchedTtlMs(proven(0, now + 8), undefined, now)).toBe(8);
});

test('a valid token in its last second is not cached', () => {
  expect(watchedTtlMs(proven(now / 1000 - 0.5), undefined, now)).toBe(0);
});

test('what has ended does not end again, but the grace of its secret does', () => {
  expect(watchedTtlMs(proven(now / 1000 - 5), 'EXPIRED', now)).toBeUndefined();
  expect(watchedTtlMs(proven(now / 1000 - 5, now + 16), 'EXPIRED', now)).toBe(16);
});

test('a token that only becomes valid later is not cached', () => {
  expect(watchedTtlMs(proven(now / 1000 + 3600), 'NOT_YET_VALID', now)).toBe(0);
});
