/** How long a caller without invalidations may reuse a verdict: the age of the record counts. */

import { describe, expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { defaultLimits } from '../limits.ts';
import { nowMs, staticRecord, verifierOver } from './setup.ts';

const { leaseMs, cacheTtlMsMax } = defaultLimits.verify;

/** The reuse time of a verdict whose record is this old. */
async function reuseMs(ageMs?: number): Promise<number | undefined> {
  const { record, token } = staticRecord();
  const found = { record, stale: false };
  const age = ageMs === undefined ? {} : { ageMs: () => ageMs };
  const verify = verifierOver({ find: () => found, isCurrent: () => true, ...age }, () => nowMs);
  const verdict = await verify({ header: token });
  return verdict.valid ? verdict.cacheTtlMs : undefined;
}

describe('the age and the reuse end within the lease', () => {
  test('a record that was just read', async () => {
    expect(await reuseMs(0)).toBe(Math.min(leaseMs, cacheTtlMsMax));
    expect(await reuseMs()).toBe(Math.min(leaseMs, cacheTtlMsMax));
  });
  test('an older one, in steps of a quarter of a second', async () => {
    expect(await reuseMs(leaseMs - 1000)).toBe(1000);
    expect(await reuseMs(leaseMs - 999)).toBe(750);
    expect(await reuseMs(leaseMs - 250)).toBe(250);
    expect(await reuseMs(leaseMs - 249)).toBe(0);
  });
  test('one as old as the lease, or older', async () => {
    expect(await reuseMs(leaseMs)).toBe(0);
    expect(await reuseMs(leaseMs + 1000)).toBe(0);
  });
});

test('a record that was read again and is the same needs no second proof', async () => {
  const { record, token } = staticRecord();
  const find = async () => ({ record: { ...record }, stale: false });
  const verify = verifierOver({ find, isCurrent: () => false }, () => nowMs);
  const first = await verify({ header: token });
  // The same object, so that its encoded form is reused.
  expect(await verify({ header: token })).toBe(first);
});

test('the proof of a static token is kept when it is refused, too: it holds no claims', async () => {
  const { record, token } = staticRecord();
  let reads = 0;
  const find = () => {
    reads++;
    return { record, stale: false };
  };
  const verify = verifierOver({ find, isCurrent: () => true }, () => nowMs);
  const question = { header: token, requiredScopes: ['lacking'] };
  for (let n = 0; n < 3; n++) expect((await verify(question)).valid).toBe(false);
  expect(reads).toBe(1);
});

describe('an old record', () => {
  test('calls no token invalid, since its secret may be newer', async () => {
    const { record } = staticRecord();
    const { token } = staticRecord({ id: record.id });
    const verify = verifierOver({ find: () => ({ record, stale: true }), isCurrent: () => true });
    await expect(verify({ header: token })).rejects.toThrow(
      'the record is too old to call a token invalid',
    );
  });
});

test('the holder of a token has the metadata and the end of its access token', async () => {
  const identityOf = async (some: Partial<AccessTokenRecord>) => {
    const { record, token } = staticRecord(some);
    const verify = verifierOver({ find: () => ({ record, stale: false }), isCurrent: () => true });
    return (await verify({ header: token })).identity;
  };
  const metadata = { plan: 'gold' };
  expect(await identityOf({ metadata })).toMatchObject({ metadata, exp: 0 });
  expect(await identityOf({ expiresAt: nowMs + 1999 })).toMatchObject({ exp: nowMs / 1000 + 1 });
  expect(Object.hasOwn((await identityOf({})) ?? {}, 'metadata')).toBe(false);
});
