/** What a call chose at random is kept by its request id, for a repeat. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createClaim } from '../../src/tokens/claims.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { admin, expectRefused, openOffice, reader } from './setup.ts';

const { store, keys, now, clock } = openOffice();
const keepMs = 1000;
const claim = createClaim(store, keys, now, keepMs);
const call = (requestId: string, some = {}) => ({
  ...{ caller: admin, rpc: 'Invite', requestId, asked: { name: 'ann' }, ...some },
});

test('without a request id nothing is kept', async () => {
  expect(await claim(call(''), 'one')).toBe('one');
  expect(await claim(call(''), 'two')).toBe('two');
});

test('a repeat uses what the first call used, also with the request id in capitals', async () => {
  const requestId = randomUUID();
  expect(await claim(call(requestId), 'one')).toBe('one');
  expect(await claim(call(requestId), 'two')).toBe('one');
  expect(await claim(call(requestId.toUpperCase()), 'three')).toBe('one');
});

test('a request id is of one caller and one rpc, and of what was asked', async () => {
  const requestId = randomUUID();
  await claim(call(requestId), 'one');
  expect(await claim(call(requestId, { caller: reader }), 'two')).toBe('two');
  expect(await claim(call(requestId, { rpc: 'AddWebhook' }), 'three')).toBe('three');
  const other = claim(call(requestId, { asked: { name: 'bob' } }), 'four');
  const problem = /^request_id: was used for a different call$/;
  await expectRefused(other, 'INVALID_ARGUMENT', problem);
});

test('it is kept for its time, and sealed', async () => {
  const requestId = randomUUID();
  const bodies: unknown[] = [];
  const seen = {
    document: store.document,
    changeDocument: (change: Parameters<typeof store.changeDocument>[0]) => {
      bodies.push(change);
      return store.changeDocument(change);
    },
  };
  await createClaim(seen, keys, now, keepMs)(call(requestId), 'a secret');
  expect(JSON.stringify(bodies)).not.toContain('a secret');
  expect(bodies).toMatchObject([{ collection: 'jobs', keepUntil: now() + keepMs }]);
  clock.ms += keepMs - 1;
  expect(await claim(call(requestId), 'two')).toBe('a secret');
});

test('without the master key that sealed it, another request id is needed', async () => {
  const requestId = randomUUID();
  await claim(call(requestId), 'one');
  const later = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
  const repeat = createClaim(store, later, now, keepMs)(call(requestId), 'two');
  await expectRefused(repeat, 'ABORTED', 'the master key of this request id is gone');
});
