/** What a verdict says beside the decision: how long it may be reused, and whether it is stale. */

import { describe, expect, test } from 'vitest';
import { denied, granted, refused } from '../../src/verify/build-verdict.ts';
import type { Proven } from '../../src/verify/proof-cache.ts';
import { type Reason, reasons } from '../../src/verify/verdict.ts';
import { jwtRecord, nowMs } from './setup.ts';

const record = jwtRecord();
const identity = {
  ...{ tokenId: record.id, kind: 'jwt' as const, owner: '', subject: '', jti: '' },
  ...{ scopes: [], exp: 0, revision: 1 },
};

interface Some {
  exp?: number;
  stale?: boolean;
  until?: number;
  freshMs?: number;
  allowedSources?: string[];
}

function proven(some: Some = {}) {
  const { exp = 0, stale = false, until = Number.POSITIVE_INFINITY, freshMs, ...more } = some;
  const found = {
    record: { ...record, ...more },
    stale,
    ...(freshMs !== undefined && { freshMs }),
  };
  const all: Proven = {
    ...{ source: { found }, provenUntil: until, claims: undefined },
    identity: { ...identity, exp },
  };
  return all;
}

describe('a refusal before the proof', () => {
  test.each(Object.keys(reasons) as Reason[])('%s names the reason and nothing else', reason => {
    expect(denied(reason)).toEqual({ valid: false, reason, stale: false });
    expect(denied(reason)).toBe(denied(reason));
  });
});

describe('a refusal after the proof', () => {
  test('names the holder, and how long those who watch may reuse it', () => {
    const refusal = { reason: 'MALFORMED_CLAIM', claim: 'aud' } as const;
    expect(refused(refusal, proven({ until: nowMs + 16 }), nowMs)).toEqual({
      ...{ valid: false, ...refusal, identity, stale: false, watchedTtlMs: 16 },
    });
  });
  test('has no such time where only a change could end it', () => {
    const verdict = refused({ reason: 'REVOKED' }, proven({ stale: true }), nowMs);
    expect(verdict).toEqual({ valid: false, reason: 'REVOKED', identity, stale: true });
    expect(Object.hasOwn(verdict, 'watchedTtlMs')).toBe(false);
  });
  test('is not to be reused by time where its claims have come to be right', () => {
    const jwt = (claims: object, reason: Reason) => {
      const one = proven({ until: nowMs + 16 });
      const verdict = refused(
        { reason },
        { ...one, identity: { ...one.identity, claims: { ...claims } } },
        nowMs,
      );
      return verdict.watchedTtlMs;
    };
    expect(jwt({}, 'MALFORMED_CLAIM')).toBe(0);
    expect(jwt({ iat: 1 }, 'MALFORMED_CLAIM')).toBe(16);
    expect(jwt({}, 'WRONG_AUDIENCE')).toBe(16);
  });
  test('has no such time once its end is there, and a day at most', () => {
    const of = (some: Some) => refused({ reason: 'REVOKED' }, proven(some), nowMs).watchedTtlMs;
    expect(of({ exp: nowMs / 1000 })).toBeUndefined();
    expect(of({ until: nowMs })).toBeUndefined();
    expect(of({ until: nowMs + 86_400_000 })).toBe(86_400_000);
    expect(of({ until: nowMs + 86_400_001 })).toBe(86_400_000);
  });
  test('where the feed does not report all changes, has the time of the record', () => {
    const verdict = refused({ reason: 'REVOKED' }, proven({ freshMs: 16 }), nowMs);
    expect(verdict.watchedTtlMs).toBe(16);
  });
});

describe('a verdict depends on the address from which the token was used', () => {
  const ranged = proven({ allowedSources: ['192.0.2.0/24'] });

  test.each<[Reason, boolean]>([
    ['MALFORMED_CLAIM', false],
    ['NOT_YET_VALID', false],
    ['EXPIRED', false],
    ['REVOKED', false],
    ['WRONG_SOURCE', true],
    ['WRONG_AUDIENCE', true],
    ['INSUFFICIENT_SCOPE', true],
    ['RATE_LIMITED', true],
  ])('of a token for some addresses only, refused as %s: %j', (reason, depends) => {
    expect(refused({ reason }, ranged, nowMs).sourceDependent).toBe(depends || undefined);
    expect(refused({ reason }, proven(), nowMs)).not.toHaveProperty('sourceDependent');
  });
  test('and so does a valid one', () => {
    expect(granted(ranged, nowMs, 2000).sourceDependent).toBe(true);
    expect(granted(proven(), nowMs, 2000)).not.toHaveProperty('sourceDependent');
  });
});

describe('a valid verdict', () => {
  const ttlOf = (some: Parameters<typeof proven>[0], callersMs = 2000) =>
    granted(proven(some), nowMs, callersMs).cacheTtlMs;

  test('may be reused for as long as callers may', () => expect(ttlOf({})).toBe(2000));
  test('but not beyond its expiry, or the grace of its secret', () => {
    expect(ttlOf({ exp: nowMs / 1000 + 1 })).toBe(1000);
    expect(ttlOf({ until: nowMs + 7 })).toBe(7);
    expect(ttlOf({ exp: nowMs / 1000 + 1, until: nowMs + 7 })).toBe(7);
    expect(ttlOf({ exp: nowMs / 1000 + 60 })).toBe(2000);
  });
  test('nor at all in its last second, or when it is stale', () => {
    expect(ttlOf({ exp: nowMs / 1000 - 1 })).toBe(0);
    expect(ttlOf({ stale: true })).toBe(0);
  });
  test('has no time for those who watch where only a change could end it', () => {
    const verdict = granted(proven(), nowMs, 2000);
    expect(verdict).toEqual({ valid: true, identity, cacheTtlMs: 2000, stale: false });
    expect(Object.hasOwn(verdict, 'watchedTtlMs')).toBe(false);
    expect(granted(proven({ until: nowMs + 16 }), nowMs, 2000).watchedTtlMs).toBe(16);
    expect(granted(proven({ freshMs: 16 }), nowMs, 2000).watchedTtlMs).toBe(16);
  });
});

describe('the same object is returned', () => {
  test('while nothing has changed, and another one after that', () => {
    const one = proven({ until: nowMs + 60_000 });
    const first = granted(one, nowMs, 2000);
    expect(granted(one, nowMs, 2000)).toBe(first);
    const shorter = granted(one, nowMs, 1000);
    expect(shorter).not.toBe(first);
    expect(shorter.cacheTtlMs).toBe(1000);
    const later = granted(one, nowMs + 50_000, 1000);
    expect(later.watchedTtlMs).toBeLessThanOrEqual(10_000);
    expect(granted(one, nowMs + 50_000, 1000)).toBe(later);
  });
  test('and never one of a record that was not stale', () => {
    const one = proven();
    expect(granted(one, nowMs, 0).stale).toBe(false);
    one.source.found = { ...one.source.found, stale: true };
    expect(granted(one, nowMs, 0).stale).toBe(true);
  });
});
