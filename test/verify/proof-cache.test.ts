/** The cache of proven credentials: reused, but never longer than they are valid. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { AccessTokenRecord, Secret } from '../../src/store/record.ts';
import { type CoherentReader, type Found, Unavailable } from '../../src/store/store.ts';
import { createIsProven, createProofCache, proofKey } from '../../src/verify/proof-cache.ts';
import { roomy } from '../limits.ts';
import { jwtRecord, now, nowMs, sign, staticRecord, verifierOver } from './setup.ts';

/** A store that tests set; what was found is current until it is changed or the feed is lost. */
function scripted() {
  const state = {
    record: undefined as AccessTokenRecord | undefined,
    current: true,
    stale: false,
    down: false,
    reads: 0,
    clock: nowMs,
  };
  const records: CoherentReader = {
    find() {
      state.reads += 1;
      if (state.down) throw new Unavailable('down');
      return { record: state.record, stale: state.stale };
    },
    isCurrent: (found: Found) => state.current && found.record === state.record,
  };
  return { state, verify: verifierOver(records, () => state.clock) };
}

let { state, verify } = scripted();
beforeEach(() => {
  ({ state, verify } = scripted());
});
const told = async (header: string, asked = {}) => {
  const verdict = await verify({ header, ...asked });
  return verdict.valid ? 'valid' : verdict.reason;
};
const change = (fields: Partial<AccessTokenRecord>) => {
  const { record } = state;
  if (record !== undefined) {
    state.record = { ...record, ...fields, revision: record.revision + 1 };
  }
};

test('while the record is current, the store is read once', async () => {
  const { record, token } = staticRecord();
  state.record = record;
  for (let time = 0; time < 3; time++) expect(await told(token)).toBe('valid');
  expect(state.reads).toBe(1);
  expect(await verify({ header: token })).toBe(await verify({ header: token }));
});

test('a header is known as proven once it was valid, in any spelling', async () => {
  const { record, token } = staticRecord();
  const find = () => ({ record, stale: false });
  const proofs = createProofCache(roomy);
  const ask = verifierOver({ find, isCurrent: () => true }, () => nowMs, proofs);
  const isProven = createIsProven(proofs, { headerBytesMax: 8192 });
  expect(isProven(token)).toBe(false);
  await ask({ header: token });
  expect([isProven(token), isProven(` ${token} `)]).toEqual([true, true]);
  expect([isProven(`${token}x`), isProven('')]).toEqual([false, false]);
});

test('what the cache knew and did not know is counted', async () => {
  const { record, token } = staticRecord();
  const lookups = { hits: 0, misses: 0 };
  const proofs = createProofCache({ ...roomy, lookups });
  const find = () => ({ record, stale: false });
  const ask = verifierOver({ find, isCurrent: () => true }, () => nowMs, proofs);
  for (let time = 0; time < 3; time++) await ask({ header: token });
  expect(lookups).toEqual({ hits: 2, misses: 1 });
});

test('a header longer than allowed has a key of its own', () => {
  expect(proofKey(' ab', 3)).toBe(proofKey('ab', 3));
  expect(proofKey(' ab', 2)).not.toBe(proofKey('ab', 2));
});

test('after a failover, another change may have the revision of a lost one', async () => {
  const { record, token } = staticRecord();
  state.record = record;
  expect(await told(token)).toBe('valid');
  const { secrets } = staticRecord({ id: record.id }).record;
  state.record = { ...record, secrets, eventId: 'another' };
  expect(await told(token)).toBe('INVALID_TOKEN');
});

test('refusals are not cached', async () => {
  const { record, token } = staticRecord();
  expect(await told(token)).toBe('INVALID_TOKEN');
  state.record = record;
  expect(await told(token)).toBe('valid');
});

describe('a proven header is checked again', () => {
  test('at every audience and scope', async () => {
    const record = jwtRecord({ scopes: ['a'] });
    state.record = record;
    const header = `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp: now + 9, aud: 'x' })}`;
    expect(await told(header, { audience: 'x', requiredScopes: ['a'] })).toBe('valid');
    expect(await told(header, { audience: 'y' })).toBe('WRONG_AUDIENCE');
    expect(await told(header, { requiredScopes: ['b'] })).toBe('INSUFFICIENT_SCOPE');
  });
  test('at every time: the end of a JWT, and of the access token', async () => {
    const record = jwtRecord({ expiresAt: nowMs + 20_000 });
    state.record = record;
    const header = (exp: number) => `Bearer ${sign({ alg: 'HS256', kid: record.id }, { exp })}`;
    const [short, long] = [header(now + 10), header(now + 99)];
    expect([await told(short), await told(long)]).toEqual(['valid', 'valid']);
    state.clock += 10_000;
    expect([await told(short), await told(long)]).toEqual(['EXPIRED', 'valid']);
    state.clock += 10_000;
    expect([await told(short), await told(long)]).toEqual(['EXPIRED', 'EXPIRED']);
  });
  test('callers may reuse it for a shorter time near its expiry', async () => {
    const { record, token } = staticRecord({ expiresAt: nowMs + 3000 });
    state.record = record;
    const ttls = [];
    for (const step of [0, 1500, 1000]) {
      state.clock += step;
      const verdict = await verify({ header: token });
      ttls.push(verdict.valid && verdict.cacheTtlMs);
    }
    expect(ttls).toEqual([2000, 1500, 500]);
  });
  test.each(['static', 'jwt'] as const)('%s: the end of the grace of its secret', async kind => {
    const made = staticRecord();
    const record = kind === 'static' ? made.record : jwtRecord();
    const [secret] = record.secrets as [Secret];
    record.secrets = [{ ...secret, goodUntil: nowMs + 5000 }];
    state.record = record;
    const jwt = sign({ alg: 'HS256', kid: record.id }, { exp: now + 99 });
    const header = kind === 'static' ? made.token : `Bearer ${jwt}`;
    expect(await told(header)).toBe('valid');
    state.clock += 4999;
    expect(await told(header)).toBe('valid');
    state.clock += 1;
    expect(await told(header)).toBe('INVALID_TOKEN');
  });
});

describe('a changed record is checked again', () => {
  const { record, token } = staticRecord();
  beforeEach(async () => {
    state.record = record;
    expect(await told(token)).toBe('valid');
  });
  test('revoked', async () => {
    change({ revokedAt: nowMs });
    expect(await told(token)).toBe('REVOKED');
  });
  test('rotated without grace', async () => {
    change({ secrets: staticRecord({ id: record.id }).record.secrets });
    expect(await told(token)).toBe('INVALID_TOKEN');
  });
  test('fewer scopes', async () => {
    change({ scopes: [] });
    expect(await told(token, { requiredScopes: ['a'] })).toBe('INSUFFICIENT_SCOPE');
  });
  test('gone', async () => {
    state.record = undefined;
    expect(await told(token)).toBe('INVALID_TOKEN');
  });
  test('unavailable when the store is down', async () => {
    state.current = false;
    state.down = true;
    await expect(verify({ header: token })).rejects.toThrow(Unavailable);
  });
  test('stale, when the store says so: no caller may reuse it', async () => {
    state.current = false;
    state.stale = true;
    expect(await verify({ header: token })).toMatchObject({ stale: true, cacheTtlMs: 0 });
    state.stale = false;
    expect(await verify({ header: token })).toMatchObject({ stale: false, cacheTtlMs: 2000 });
  });
});

test('a header with any difference is another one', async () => {
  const { record, token } = staticRecord();
  state.record = record;
  expect(await told(token)).toBe('valid');
  const last = token.at(-1) === 'A' ? 'B' : 'A';
  expect(await told(token.slice(0, -1) + last)).toBe('INVALID_TOKEN');
  expect(await told(`${token}, ${token}`)).toBe('MALFORMED_CREDENTIALS');
  expect(proofKey(token, 8192)).not.toContain(token.slice(4, 12));
});
