/** The keys in use, while they are replaced: nothing that was read before becomes unreadable. */

import { expect, test } from 'vitest';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { Unavailable } from '../../src/store/store.ts';
import { parseAuthorization } from '../../src/verify/credential.ts';
import { createKeyRing } from '../../src/verify/key-ring.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { createProve } from '../../src/verify/prove.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { makeStaticToken } from '../../src/verify/static-token.ts';
import { defaultLimits, roomy } from '../limits.ts';

const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
const [k1, k2, k3] = [key('k1', 1), key('k2', 2), key('k3', 3)] as const;
const id = '0190f0f0-0000-7000-8000-000000000001';

test('the first key writes, all read, and what depends on a removed one is unavailable', () => {
  const ring = createKeyRing([k1]);
  const { keys, seal } = ring;
  const secret = keys.seal('a secret', id);
  const mac = seal.sign(id, 'text');
  const place = keys.sealPlace('a place', 'context');
  ring.replace([k2, k1]);
  expect(ring.inUse.map(each => each.id)).toEqual(['k2', 'k1']);
  expect([...seal.keyChecks.keys()]).toEqual(['k2', 'k1']);
  expect(keys.currentId).toBe('k2');
  expect(seal.currentId).toBe('k2');
  expect(keys.open(secret, id)).toBe('a secret');
  expect(seal.check(id, 'text', mac)).toBe('good');
  expect(seal.check(id, 'text', seal.sign(id, 'text'))).toBe('good');
  expect(keys.openPlace(place, 'context')).toBe('a place');
  expect(keys.seal('a secret', id).masterKeyId).toBe('k2');
  const [one, other] = [createMasterKeys([k1]), createMasterKeys([k2])];
  const bytes = new Uint8Array(32);
  expect(keys.hash('token', 'k1')).toEqual(one.hash('token', 'k1'));
  expect(keys.hashImported(bytes, 'k2')).toEqual(other.hashImported(bytes, 'k2'));
  expect(keys.subjectDigests(id, 'ann')).toEqual([
    ...[...other.subjectDigests(id, 'ann'), ...one.subjectDigests(id, 'ann')],
  ]);
  ring.replace([k2]);
  expect(() => keys.open(secret, id)).toThrow(Unavailable);
  expect(seal.check(id, 'text', mac)).toBe('unknown key');
  expect(keys.openPlace(place, 'context')).toBeUndefined();
});

test.each([
  ['no key', []],
  ['a key twice', [k1, key('k1', 2)]],
  ['a short key', [{ id: 'k1', bytes: new Uint8Array(31) }]],
])('%s is refused, and the keys before stay', (_, list) => {
  const ring = createKeyRing([k1]);
  const mac = ring.seal.sign(id, 'text');
  expect(() => ring.replace(list)).toThrow();
  expect(ring.inUse).toEqual([k1]);
  expect(ring.seal.check(id, 'text', mac)).toBe('good');
});

test('at the start the key writes that the store was written with', () => {
  const checks = createRecordSeal([k1, k2, key('k3', 4)]).keyChecks;
  const first = (list: (typeof k1)[], noted: string[]) => {
    const ring = createKeyRing(list);
    ring.seal.meet?.(new Map(noted.map(each => [each, checks.get(each) as string])));
    return ring.keys.ids.join();
  };
  expect(first([k2, k1], [])).toBe('k2,k1');
  expect(first([k2, k1], ['k1'])).toBe('k1,k2');
  expect(first([k2, k1], ['k1', 'k2'])).toBe('k2,k1');
  expect(first([k2], ['k1'])).toBe('k2');
  // Later the keeper decides, whatever a failover lost.
  const ring = createKeyRing([k1]);
  ring.seal.meet?.(new Map());
  ring.replace([k2, k1]);
  ring.seal.meet?.(new Map([['k1', checks.get('k1') as string]]));
  expect(ring.keys.currentId).toBe('k2');
  // Only the first store that is met decides.
  const met = createKeyRing([k2, k1]);
  met.seal.meet?.(new Map());
  met.seal.meet?.(new Map([['k1', checks.get('k1') as string]]));
  expect(met.keys.currentId).toBe('k2');
  // k3 was noted with other bytes.
  expect(first([k3, k2, k1], ['k3', 'k2'])).toBe('k2,k3,k1');
});

function recordOf(more: Partial<AccessTokenRecord>): AccessTokenRecord {
  return {
    ...{ id, revision: 1, kind: 'static', name: '', scopes: [], createdAt: 1, updatedAt: 1 },
    ...{ secrets: [], eventId: 'e', ...more },
  };
}

test('an unknown token is refused without the key of the start, and a good one is unavailable', () => {
  const ring = createKeyRing([k1]);
  const prove = createProve(ring.keys, roomy);
  const token = makeStaticToken(id);
  const value = ring.keys.hash(token, 'k1').toString('base64url');
  const record = recordOf({ secrets: [{ masterKeyId: 'k1', value, createdAt: 1 }] });
  const parsed = parseAuthorization(token, defaultLimits.verify);
  if (typeof parsed === 'string') throw new Error('not a credential');
  const ask = (some: AccessTokenRecord | undefined) => prove(parsed, some, 1000);
  ring.replace([k2]);
  expect(ask(undefined)).toBeUndefined();
  expect(() => ask(record)).toThrow(Unavailable);
  // What is over is refused whether or not it can be proven.
  expect(ask({ ...record, revokedAt: 500 })).toBeUndefined();
  expect(ask({ ...record, expiresAt: 1000 })).toBeUndefined();
  expect(() => ask({ ...record, expiresAt: 1001 })).toThrow(Unavailable);
  ring.replace([k2, k1]);
  expect(ask({ ...record, revokedAt: 500 })).toMatchObject({ masterKeyId: 'k1' });
});
