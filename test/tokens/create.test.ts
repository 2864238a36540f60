/** Creating, reading and updating access tokens: which fields are refused, and what is stored. */

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/store/record.ts';
import { type Fields, fieldLimits } from '../../src/tokens/fields.ts';
import { admin, expectRefused, fields, openOffice, reader, startMs } from './setup.ts';

const { tokens, store, verdictOn, clock } = openOffice();
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const of = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);
const nested = (levels: number): JsonObject => (levels === 1 ? {} : { a: nested(levels - 1) });

const wrong: [field: string, what: string, some: Partial<Fields>][] = [
  ['name', 'empty', { name: '' }],
  ['name', 'blank', { name: ' \t' }],
  ['name', 'too long', { name: 'n'.repeat(129) }],
  ['name', 'with a line end', { name: 'a\nb' }],
  ['name', 'with an escape character', { name: 'a\u001b[31m' }],
  ['name', 'with half a surrogate pair', { name: 'a\ud800' }],
  ['owner', 'too long', { owner: 'o'.repeat(129) }],
  ['owner', 'with NUL', { owner: 'a\0' }],
  ['scopes', 'empty text', { scopes: [''] }],
  ['scopes', 'with a space', { scopes: ['a b'] }],
  ['scopes', 'with a quote', { scopes: ['a"'] }],
  ['scopes', 'with a backslash', { scopes: ['a\\'] }],
  ['scopes', 'not ASCII', { scopes: ['ä'] }],
  ['scopes', 'too long', { scopes: ['s'.repeat(129)] }],
  ['scopes', 'too many', { scopes: of(65) }],
  ['scopes', 'one twice', { scopes: ['a', 'a'] }],
  ['metadata', 'too large', { metadata: { a: 'x'.repeat(16 * 1024) } }],
  ['metadata', 'too deep', { metadata: nested(17) }],
  ['metadata', 'so wide that a stack would overflow', { metadata: { a: Array(200_000).fill(0) } }],
  ['metadata', 'so deep that a stack would overflow', { metadata: nested(5000) }],
  ['metadata', 'with NaN', { metadata: { a: Number.NaN } }],
  ['metadata', 'with Infinity, nested', { metadata: { a: [Number.POSITIVE_INFINITY] } }],
  ['metadata', 'with half a surrogate pair', { metadata: { a: '\ud800' } }],
  ['metadata', 'with half a pair in a name', { metadata: { '\udfff': 1 } }],
  ['expire_time', 'now', { expiresAt: startMs }],
  ['expire_time', 'past', { expiresAt: 1 }],
  ['expire_time', 'not an integer', { expiresAt: startMs + 1.5 }],
  ['audiences', 'empty text', { audiences: [''] }],
  ['audiences', 'too long', { audiences: ['a'.repeat(257)] }],
  ['audiences', 'too many', { audiences: of(65) }],
  ['audiences', 'one twice', { audiences: ['a', 'a'] }],
  ['audiences', 'with a control character', { audiences: ['a\r'] }],
  ['name', 'that turns the text after it', { name: 'eve\u202e nnA yb' }],
  ['owner', 'that turns the text after it', { owner: 'a\u2067' }],
  ['audiences', 'that turns the text after it', { audiences: ['a\u2067'] }],
  ['jwt_lifetime_max', '0', { jwtLifetimeMaxSeconds: 0 }],
  ['jwt_lifetime_max', 'negative', { jwtLifetimeMaxSeconds: -1 }],
  ['jwt_lifetime_max', 'a fraction', { jwtLifetimeMaxSeconds: 1.5 }],
  ['jwt_lifetime_max', 'NaN', { jwtLifetimeMaxSeconds: Number.NaN }],
];

describe('an invalid field is reported', () => {
  test.each(wrong)('%s %s', async (field, _, some) => {
    const named = new RegExp(`^${field}: `);
    await expectRefused(tokens.create(admin, 'jwt', fields(some)), 'INVALID_ARGUMENT', named);
    const { record } = await tokens.create(admin, 'jwt', fields());
    const mask = Object.keys(some) as (keyof Fields)[];
    const update = tokens.update(admin, record.id, 1, some, mask);
    await expectRefused(update, 'INVALID_ARGUMENT', named);
    expect((await store.get(record.id))?.revision).toBe(1);
  });
  test('audiences and lifetime of a static one', async () => {
    const audiences = tokens.create(admin, 'static', fields({ audiences: ['a'] }));
    await expectRefused(audiences, 'INVALID_ARGUMENT', /^audiences: /);
    const lifetime = tokens.create(admin, 'static', fields({ jwtLifetimeMaxSeconds: 1 }));
    await expectRefused(lifetime, 'INVALID_ARGUMENT', /^jwt_lifetime_max: /);
  });
  test('a request id', async () => {
    const call = tokens.create(admin, 'static', fields(), 'not-a-uuid');
    await expectRefused(call, 'INVALID_ARGUMENT', /^request_id: /);
  });
});

describe('create', () => {
  test('kind static: the token verifies, and only its hash is stored', async () => {
    const { record, secret } = await tokens.create(admin, 'static', fields());
    expect(record.id).toMatch(uuid);
    expect(record).toMatchObject({ revision: 1, createdAt: startMs, updatedAt: startMs });
    expect(await verdictOn(secret)).toBe('valid');
    const kept = JSON.stringify(await store.get(record.id));
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain(secret.slice(27));
  });
  test('kind jwt: the secret has 256 random bits, and is stored sealed', async () => {
    const { record, secret } = await tokens.create(admin, 'jwt', fields());
    expect(secret).toMatch(/^usk_[0-9A-Za-z]{49}$/);
    expect(JSON.stringify(await store.get(record.id))).not.toContain(secret.slice(4));
  });
  test('accepts every field at its limits', async () => {
    const most = fields({
      name: '😀'.repeat(fieldLimits.nameLengthMax / 2),
      owner: 'ö'.repeat(fieldLimits.ownerLengthMax),
      scopes: of(64),
      metadata: nested(16),
      audiences: of(64),
      jwtLifetimeMaxSeconds: 2 ** 53 - 1,
      expiresAt: startMs + 1,
    });
    const { record } = await tokens.create(admin, 'jwt', most);
    expect(await store.get(record.id)).toEqual(record);
    expect(record).toMatchObject(most);
  });
  test('leaves empty optional fields out', async () => {
    const { record } = await tokens.create(
      admin,
      'jwt',
      fields({ owner: '', metadata: {}, audiences: [], scopes: [] }),
    );
    expect(record.scopes).toEqual([]);
    for (const name of ['owner', 'metadata', 'audiences', 'expiresAt', 'revokedAt']) {
      expect(record).not.toHaveProperty(name);
    }
  });
  test('stores __proto__ in metadata unchanged', async () => {
    const metadata = JSON.parse('{"__proto__":{"x":1}}') as JsonObject;
    const { record } = await tokens.create(admin, 'static', fields({ metadata }));
    expect(JSON.stringify((await store.get(record.id))?.metadata)).toBe('{"__proto__":{"x":1}}');
  });
});

describe('get', () => {
  test('reads by UUID in any case', async () => {
    const { record } = await tokens.create(admin, 'static', fields());
    const got = await tokens.get(reader, record.id.toUpperCase());
    expect(got).toEqual({ record, usage: { days: {} } });
  });
  test('refuses what is not a UUID, and an unknown UUID', async () => {
    await expectRefused(tokens.get(admin, 'x'), 'INVALID_ARGUMENT', /^id: /);
    await expectRefused(tokens.get(admin, '../x'), 'INVALID_ARGUMENT', /^id: /);
    const unknownId = '01890a5d-ac96-774b-bcce-b302099a8057';
    await expectRefused(tokens.get(admin, unknownId), 'NOT_FOUND', unknownId);
  });
});

describe('update', () => {
  const make = async (some: Partial<Fields> = {}) =>
    (await tokens.create(admin, 'jwt', fields(some))).record;
  test('changes what the mask names, and nothing else', async () => {
    const before = await make({ owner: 'team', metadata: { a: 1 } });
    clock.ms += 1000;
    const some = { name: 'new', scopes: ['x'], metadata: { b: 2 } };
    const after = await tokens.update(admin, before.id, 1, some, ['name']);
    const { eventId } = after;
    expect(after).toEqual({ ...before, name: 'new', revision: 2, updatedAt: clock.ms, eventId });
    expect(await store.get(before.id)).toEqual(after);
  });
  test('clears a field', async () => {
    const { id } = await make({ owner: 'team', metadata: { a: 1 }, expiresAt: startMs + 1e9 });
    const after = await tokens.update(admin, id, 1, {}, ['owner', 'metadata', 'expiresAt']);
    for (const name of ['owner', 'metadata', 'expiresAt']) expect(after).not.toHaveProperty(name);
  });
  test('gives an expired one a new expiry; other changes do not need one', async () => {
    const { id } = await make({ expiresAt: clock.ms + 10 });
    clock.ms += 10;
    await tokens.update(admin, id, 1, { name: 'late' }, ['name']);
    const after = await tokens.update(admin, id, 2, { expiresAt: clock.ms + 1 }, ['expiresAt']);
    expect(after.expiresAt).toBe(clock.ms + 1);
  });
  test('without a mask or a revision is refused', async () => {
    const { id } = await make();
    await expectRefused(tokens.update(admin, id, 1, {}, []), 'INVALID_ARGUMENT', /^update_mask: /);
    const call = tokens.update(admin, id, 0, { name: 'x' }, ['name']);
    await expectRefused(call, 'INVALID_ARGUMENT', /^revision: /);
  });
  test('at an old revision is refused', async () => {
    const { id } = await make();
    await tokens.update(admin, id, 1, { name: 'x' }, ['name']);
    for (const revision of [1, 3]) {
      const call = tokens.update(admin, id, revision, { name: 'y' }, ['name']);
      await expectRefused(call, 'ABORTED', 'read the access token again');
    }
  });
  test('of two concurrent updates from one revision, one succeeds', async () => {
    const { id } = await make();
    const both = await Promise.allSettled(
      ['x', 'y'].map(name => tokens.update(admin, id, 1, { name }, ['name'])),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await store.get(id))?.revision).toBe(2);
  });
});
