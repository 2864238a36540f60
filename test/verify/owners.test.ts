/** Callers who may ask about the tokens of some owners only: others look as if they did not exist. */

import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { createProofCache } from '../../src/verify/proof-cache.ts';
import { roomy } from '../limits.ts';
import { jwtRecord, now, nowMs, sign, staticRecord, verifierOver } from './setup.ts';

const { record, token } = staticRecord({ owner: 'ann' });
const jwt = jwtRecord({ owner: 'ann' });
const jwtOf = (claims: object) => `Bearer ${sign({ alg: 'HS256', kid: jwt.id }, { ...claims })}`;

/** A verifier that knows both, and remembers what it has proven. */
function verifier(stale = false) {
  const found = [record, jwt].map(each => ({ record: each, stale }));
  const find = (id: string) =>
    found.find(each => each.record.id === id) ?? { record: undefined, stale };
  return verifierOver({ find, isCurrent: () => true }, () => nowMs, createProofCache(roomy));
}

describe.each([
  ['a static token', token, 'valid'],
  ['a JWT', jwtOf({ exp: now + 60 }), 'valid'],
  ['a JWT without exp', jwtOf({}), 'JWT_MISSING_EXP'],
  ['an expired JWT', jwtOf({ exp: now - 60 }), 'EXPIRED'],
])('%s', (_, header, told) => {
  const verify = verifier();
  const askedBy = async (owners?: string[]) => {
    const verdict = await verify({ header, ...(owners !== undefined && { owners }) });
    return { reason: verdict.valid ? 'valid' : verdict.reason, identity: 'identity' in verdict };
  };
  const hidden = { reason: 'INVALID_TOKEN', identity: false };

  test('for its owner, for others, and for callers without such a limit', async () => {
    // The first question proves the header, the others can use that.
    for (let time = 0; time < 2; time++) {
      expect(await askedBy(['ben'])).toEqual(hidden);
      expect(await askedBy([])).toEqual(hidden);
      expect(await askedBy(['ben', 'ann'])).toEqual({ reason: told, identity: true });
      expect(await askedBy()).toEqual({ reason: told, identity: true });
    }
  });
});

test('what is no token says so to all', async () => {
  const verify = verifier();
  for (const owners of [['ann'], ['ben'], []]) {
    expect(await verify({ header: '', owners })).toMatchObject({ reason: 'MISSING_CREDENTIALS' });
    expect(await verify({ header: 'a, b', owners })).toMatchObject({
      reason: 'MALFORMED_CREDENTIALS',
    });
  }
});

test('while the store is away, its owner may be another by now', async () => {
  const verify = verifier(true);
  for (const header of [token, jwtOf({})]) {
    await expect(verify({ header, owners: ['ben'] })).rejects.toThrow(Unavailable);
  }
  expect(await verify({ header: token, owners: ['ann'] })).toMatchObject({ valid: true });
});
