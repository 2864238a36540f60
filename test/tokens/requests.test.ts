/** Request ids: a call repeated with the same id is executed once, and gets the same answer. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAccessTokens } from '../../src/tokens/access-tokens.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { defaultLimits } from '../limits.ts';
import { admin, adminOf, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, clock, verdictOn, keys, now } = openOffice();
const { replyMs, requestMs } = defaultLimits.changes;

describe('the same id and the same call', () => {
  test('create answers the same access token and token', async () => {
    const id = randomUUID();
    const count = await store.count();
    const first = await tokens.create(admin, 'static', fields(), id);
    expect(await tokens.create(admin, 'static', fields(), id)).toEqual(first);
    expect(await tokens.create(admin, 'static', fields(), id.toUpperCase())).toEqual(first);
    expect(await store.count()).toBe(count + 1);
    expect(await verdictOn(first.secret)).toBe('valid');
  });
  test('create answers the same secret of a jwt one', async () => {
    const id = randomUUID();
    const first = await tokens.create(admin, 'jwt', fields(), id);
    expect(await tokens.create(admin, 'jwt', fields(), id)).toEqual(first);
  });
  test('metadata in another order is the same call', async () => {
    const id = randomUUID();
    const [one, other] = [
      { a: 1, b: { c: 2, d: 3 } },
      { b: { d: 3, c: 2 }, a: 1 },
    ];
    const first = await tokens.create(admin, 'static', fields({ metadata: one }), id);
    const again = await tokens.create(admin, 'static', fields({ metadata: other }), id);
    expect(again).toEqual(first);
  });
  test('of ten concurrent calls one is executed, and all get its answer', async () => {
    const id = randomUUID();
    const count = await store.count();
    const all = await Promise.all(
      Array.from({ length: 10 }, () => tokens.create(admin, 'static', fields(), id)),
    );
    expect(new Set(all.map(({ secret }) => secret)).size).toBe(1);
    expect(await store.count()).toBe(count + 1);
  });
  test('rotate rotates once', async () => {
    const { record } = await tokens.create(admin, 'static', fields());
    const id = randomUUID();
    const first = await tokens.rotate(admin, record.id, 60, 1, id);
    expect(await tokens.rotate(admin, record.id, 60, 1, id)).toEqual(first);
    expect((await store.get(record.id))?.revision).toBe(2);
  });
  test('update and revokeJwts change once', async () => {
    const { record } = await tokens.create(admin, 'jwt', fields());
    const [a, b] = [randomUUID(), randomUUID()];
    for (let time = 1; time <= 2; time++) {
      const updated = await tokens.update(admin, record.id, 1, { name: 'x' }, ['name'], a);
      expect(updated.name).toBe('x');
    }
    for (let time = 1; time <= 2; time++) {
      await tokens.revokeJwts(admin, record.id, { jti: 'j' }, '', b);
    }
    expect((await store.get(record.id))?.revision).toBe(3);
  });
  test('create gets the first answer again after its expiry has passed', async () => {
    const id = randomUUID();
    const some = fields({ expiresAt: clock.ms + 1000 });
    const first = await tokens.create(admin, 'static', some, id);
    clock.ms += 1000;
    expect(await tokens.create(admin, 'static', some, id)).toEqual(first);
  });
  test('for ten minutes with the secret, later with advice on what to do', async () => {
    const id = randomUUID();
    const first = await tokens.create(admin, 'static', fields(), id);
    clock.ms += replyMs - 1;
    expect(await tokens.create(admin, 'static', fields(), id)).toEqual(first);
    clock.ms += 1;
    const count = await store.count();
    const late = () => tokens.create(admin, 'static', fields(), id);
    await expectRefused(late(), 'FAILED_PRECONDITION', first.record.id);
    await expectRefused(late(), 'FAILED_PRECONDITION', 'rotate');
    clock.ms += requestMs - replyMs - 1;
    await expectRefused(late(), 'FAILED_PRECONDITION', 'rotate');
    expect(await store.count()).toBe(count);
  });
  test('after a day it is a new call', async () => {
    const id = randomUUID();
    const first = await tokens.create(admin, 'static', fields(), id);
    clock.ms += requestMs;
    const second = await tokens.create(admin, 'static', fields(), id);
    expect(second.record.id).not.toBe(first.record.id);
  });
});

describe('the same id for something else is refused', () => {
  test('other fields, another kind, another call, another access token', async () => {
    const id = randomUUID();
    const { record } = await tokens.create(admin, 'jwt', fields(), id);
    const { record: other } = await tokens.create(admin, 'jwt', fields());
    for (const call of [
      () => tokens.create(admin, 'jwt', fields({ name: 'other' }), id),
      () => tokens.create(admin, 'jwt', fields({ scopes: ['b'] }), id),
      () => tokens.create(admin, 'jwt', fields({ metadata: { a: 1 } }), id),
      () => tokens.create(admin, 'jwt', fields({ expiresAt: clock.ms + 1 }), id),
      () => tokens.create(admin, 'static', fields(), id),
      () => tokens.rotate(admin, record.id, 0, 0, id),
      () => tokens.revoke(admin, record.id, '', id),
    ]) {
      await expectRefused(call(), 'INVALID_ARGUMENT', /^request_id: was used for a different call/);
    }
    const rotation = randomUUID();
    await tokens.rotate(admin, record.id, 0, 0, rotation);
    for (const call of [
      () => tokens.rotate(admin, record.id, 1, 0, rotation),
      () => tokens.rotate(admin, other.id, 0, 0, rotation),
    ]) {
      await expectRefused(call(), 'INVALID_ARGUMENT', /^request_id: /);
    }
    expect((await store.get(record.id))?.revision).toBe(2);
  });
});

describe('request ids of different callers are independent', () => {
  test('each caller gets its own access token', async () => {
    const id = randomUUID();
    const made = [];
    for (const caller of [admin, adminOf('ann'), adminOf('bob')]) {
      made.push((await tokens.create(caller, 'static', fields(), id)).secret);
    }
    expect(new Set(made).size).toBe(3);
  });
  test('an access token that the caller no longer owns is not shown again', async () => {
    const id = randomUUID();
    const ann = adminOf('ann');
    const { record } = await tokens.create(ann, 'static', fields(), id);
    await tokens.update(admin, record.id, 1, { owner: 'bob' }, ['owner']);
    await expectRefused(tokens.create(ann, 'static', fields(), id), 'NOT_FOUND');
  });
});

test('a call that was refused does not use up its id', async () => {
  const id = randomUUID();
  await expectRefused(tokens.create(admin, 'static', fields({ name: '' }), id), 'INVALID_ARGUMENT');
  await tokens.create(admin, 'static', fields(), id);
});

test('stored answers are sealed', async () => {
  const id = randomUUID();
  const { secret } = await tokens.create(admin, 'static', fields(), id);
  const kept = await store.findRequest(`admin:${id}`);
  expect(kept?.sealedReply).toBeDefined();
  expect(JSON.stringify(kept)).not.toContain(secret);
});

test('without the master key, a repeat fails as an outage, not as a refusal', async () => {
  const id = randomUUID();
  await tokens.create(admin, 'static', fields(), id);
  const others = createMasterKeys([{ id: 'k2', bytes: new Uint8Array(32).fill(2) }]);
  const later = createAccessTokens({ store, keys: others, now, limits: defaultLimits.changes });
  await expect(later.create(admin, 'static', fields(), id)).rejects.toThrow('cannot be read');
  expect(keys.currentId).toBe('k1');
});
