/** Permissions: scopes, owners, and attempts to gain more than was granted. */

import { describe, expect, test } from 'vitest';
import { adminScope, type Caller, issueScope, readScope } from '../../src/tokens/caller.ts';
import type { TokenError } from '../../src/tokens/errors.ts';
import { admin, adminOf, expectRefused, fields, openOffice, reader } from './setup.ts';

const { tokens, issue, audit, verify, store, authenticateBy } = openOffice();
const ann = adminOf('ann');
const made = async (owner?: string, kind: 'static' | 'jwt' = 'jwt') =>
  (await tokens.create(admin, kind, fields({ owner }))).record;

/** Every call that reads or changes one access token. */
const calls = {
  get: (caller: Caller, id: string) => tokens.get(caller, id),
  update: (caller: Caller, id: string) => tokens.update(caller, id, 1, { name: 'mine' }, ['name']),
  rotate: (caller: Caller, id: string) => tokens.rotate(caller, id, 0, 0),
  endGrace: (caller: Caller, id: string) => tokens.endGrace(caller, id),
  revoke: (caller: Caller, id: string) => tokens.revoke(caller, id, ''),
  revokeJwts: (caller: Caller, id: string) => tokens.revokeJwts(caller, id, { jti: 'x' }, ''),
  issue: (caller: Caller, id: string) => {
    const order = { tokenId: id, subject: '', audience: [], scopes: [], claims: {} };
    return issue(caller, { ...order, expiry: { lifetimeSeconds: 60 } });
  },
  events: (caller: Caller, tokenId: string) =>
    audit.list(caller, { pageSize: 0, tokenId, oldestFirst: false }),
};
const names = Object.keys(calls) as (keyof typeof calls)[];

test('every operation on one access token is among them', () => {
  const others = ['create', 'list', 'listValues'];
  expect(Object.keys(tokens).filter(name => !Object.hasOwn(calls, name))).toEqual(others);
});

describe("another owner's access token looks as if it did not exist", () => {
  test.each(names)('%s', async name => {
    const unknown = '01890a5d-ac96-774b-bcce-b302099a8057';
    const told = (id: string) =>
      calls[name](ann, id).then(
        () => 'let in',
        (error: TokenError) => `${error.code} ${error.message.replace(id, 'ID')}`,
      );
    const missing = await told(unknown);
    expect(missing).toMatch(/^NOT_FOUND /);
    for (const owner of ['bob', 'Ann', 'ann ', undefined]) {
      const { id } = await made(owner);
      expect(await told(id)).toBe(missing);
      expect((await store.get(id))?.revision).toBe(1);
    }
  });
  test('its own access token can be used with all calls', async () => {
    for (const name of names) await calls[name](ann, (await made('ann')).id);
  });
});

describe('an administrator of one owner', () => {
  test('creates for that owner, named or not', async () => {
    for (const owner of [undefined, '', 'ann']) {
      const { record } = await tokens.create(ann, 'static', fields({ owner, scopes: [] }));
      expect(record.owner).toBe('ann');
    }
  });
  test('creates for no other owner', async () => {
    const call = tokens.create(ann, 'static', fields({ owner: 'bob' }));
    await expectRefused(call, 'PERMISSION_DENIED', /^owner: /);
  });
  test('cannot change or remove the owner of an access token', async () => {
    const { id } = await made('ann');
    const away = tokens.update(ann, id, 1, { owner: 'bob' }, ['owner']);
    await expectRefused(away, 'PERMISSION_DENIED', /^owner: /);
    for (const [n, owner] of [undefined, ''].entries()) {
      const after = await tokens.update(ann, id, n + 1, { owner }, ['owner']);
      expect(after.owner).toBe('ann');
    }
  });
  test('creates administrators only with the same owner', async () => {
    const { secret } = await tokens.create(ann, 'static', fields({ scopes: [adminScope] }));
    const caller = await authenticateBy('x'.repeat(32))(secret, 'peer');
    expect(caller).toMatchObject({ owners: ['ann'], scopes: [adminScope] });
  });
  test('reads the audit log of its own access tokens alone', async () => {
    const [own, other] = [await made('ann'), await made('bob')];
    await audit.add({ action: 'call.refused', actor: '', peer: 'p', detail: 'of nobody' });
    const { events } = await audit.list(ann, { pageSize: 1000, oldestFirst: false });
    const ids = new Set(events.map(({ tokenId }) => tokenId));
    expect([ids.has(own.id), ids.has(other.id), ids.has('')]).toEqual([true, false, false]);
  });
});

describe('scopes', () => {
  const writing = names.filter(name => !['get', 'events'].includes(name));
  test.each(writing)('usher.tokens.read does not allow %s', async name => {
    const { id } = await made();
    await expectRefused(calls[name](reader, id), 'PERMISSION_DENIED', adminScope);
    expect((await store.get(id))?.revision).toBe(1);
  });
  test('usher.tokens.read does not allow create', async () => {
    await expectRefused(tokens.create(reader, 'static', fields()), 'PERMISSION_DENIED', adminScope);
  });
  test.each(names)('without a scope there is no %s', async name => {
    const { id } = await made();
    const withoutScopes = { ...reader, scopes: [] };
    await expectRefused(calls[name](withoutScopes, id), 'PERMISSION_DENIED');
    await expectRefused(calls[name](withoutScopes, 'x'), 'PERMISSION_DENIED');
  });
  test('usher.jwts.issue allows issuing, not reading', async () => {
    const signer = { ...reader, scopes: [issueScope] };
    const { id } = await made();
    await calls.issue(signer, id);
    await expectRefused(calls.get(signer, id), 'PERMISSION_DENIED', readScope);
  });
  test.each(['usher', 'usher.', 'usher.*', '*', 'USHER.ADMIN', 'usher.admin.x', ' usher.admin'])(
    '%j is not usher.admin',
    async scope => {
      const caller = { ...reader, scopes: [scope] };
      await expectRefused(tokens.create(caller, 'static', fields()), 'PERMISSION_DENIED');
    },
  );
});

describe('authentication of a caller', () => {
  const adminToken = 'the admin token of 32 characters or more!';
  const authenticate = authenticateBy(adminToken);
  const letIn = (header: string) => authenticate(header, '192.0.2.1');

  test.each([
    adminToken,
    `Bearer ${adminToken}`,
    `bearer\t ${adminToken}`,
    ` Bearer   ${adminToken} \t`,
  ])('the admin token: %j', async header => {
    const caller = { actor: 'admin', name: 'admin token', peer: '192.0.2.1', scopes: [adminScope] };
    expect(await letIn(header)).toEqual(caller);
  });
  test.each([
    ['', 'MISSING_CREDENTIALS'],
    [' ', 'MISSING_CREDENTIALS'],
    ['Bearer', 'MALFORMED_CREDENTIALS'],
    [`Basic ${adminToken}`, 'MALFORMED_CREDENTIALS'],
    [adminToken.slice(0, -1), 'MALFORMED_CREDENTIALS'],
    [adminToken.toUpperCase(), 'MALFORMED_CREDENTIALS'],
    [`${adminToken}, ${adminToken}`, 'MALFORMED_CREDENTIALS'],
    ['Bearer x', 'INVALID_TOKEN'],
  ])('%j is refused as %s', async (header, reason) =>
    expect(await letIn(header)).toEqual({ reason }),
  );
  test('a static token, with its owner and scopes', async () => {
    const some = fields({ owner: 'ann', scopes: [readScope] });
    const { record, secret } = await tokens.create(admin, 'static', some);
    const caller = {
      actor: record.id,
      name: 'test',
      peer: '192.0.2.1',
      owners: ['ann'],
      scopes: [readScope],
      revision: 1,
    };
    expect(await letIn(secret)).toEqual(caller);
    expect(await letIn(`Bearer ${secret}`)).toEqual(caller);
    await tokens.revoke(admin, record.id, '');
    expect(await letIn(secret)).toEqual({ reason: 'REVOKED' });
  });
  test('a JWT is refused, whatever its access token allows', async () => {
    const { record } = await tokens.create(admin, 'jwt', fields({ scopes: [adminScope] }));
    const order = { tokenId: record.id, subject: 'admin', audience: [], scopes: [], claims: {} };
    const { jwt } = await issue(admin, { ...order, expiry: { lifetimeSeconds: 60 } });
    expect((await verify({ header: `Bearer ${jwt}` })).valid).toBe(true);
    expect(await letIn(`Bearer ${jwt}`)).toEqual({ reason: 'INSUFFICIENT_SCOPE' });
  });
  test.each(['', ' ', 'short', 'x'.repeat(31)])('a short admin token is refused: %j', token => {
    expect(() => authenticateBy(token)).toThrow('shorter than 32 characters');
  });
});
