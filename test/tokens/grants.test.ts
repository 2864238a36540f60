/** The scopes that a creator may give: never more than it may do itself. */

import { describe, expect, test } from 'vitest';
import { adminScope, type Caller } from '../../src/tokens/caller.ts';
import { createImport } from '../../src/tokens/import.ts';
import { defaultLimits } from '../limits.ts';
import { admin, expectRefused, fields, openOffice } from './setup.ts';

const { tokens, store, keys, now, authenticateBy } = openOffice();
const importTokens = createImport({ store, keys, now, limits: defaultLimits.verify });
const authenticate = authenticateBy('x'.repeat(32));

/** An access token of ann's as a caller. */
async function callerWith(scopes: string[], grantableScopes?: string[]): Promise<Caller> {
  const some = fields({ owner: 'ann', scopes, grantableScopes });
  const { secret } = await tokens.create(admin, 'static', some);
  const caller = await authenticate(secret, 'peer');
  return 'reason' in caller ? expect.unreachable(caller.reason) : caller;
}

/** Each way to give scopes; rejects or resolves as the call does. */
const ways: Record<string, (caller: Caller, given: string[]) => Promise<unknown>> = {
  create: (caller, scopes) => tokens.create(caller, 'static', fields({ scopes })),
  'create, grantable': (caller, grantableScopes) =>
    tokens.create(caller, 'static', fields({ scopes: [], grantableScopes })),
  update: async (caller, scopes) => {
    const { record } = await tokens.create(caller, 'static', fields({ scopes: [] }));
    await tokens.update(caller, record.id, 1, { scopes }, ['scopes']);
  },
  'update, grantable': async (caller, grantableScopes) => {
    const { record } = await tokens.create(caller, 'static', fields({ scopes: [] }));
    await tokens.update(caller, record.id, 1, { grantableScopes }, ['grantableScopes']);
  },
  'update of itself': async (caller, scopes) => {
    const before = await store.get(caller.actor);
    const next = { scopes: [...new Set([...(before?.scopes ?? []), ...scopes])] };
    await tokens.update(caller, caller.actor, before?.revision ?? 0, next, ['scopes']);
  },
  import: async (caller, scopes) => {
    const item = { secret: { token: `sk_${crypto.randomUUID()}` }, fields: fields({ scopes }) };
    const [result] = await importTokens(caller, [item], { dryRun: false, allowWeak: false });
    if (result?.problem !== '') throw new Error(result?.problem);
  },
};
const names = Object.keys(ways);
const refusal = /(grantable_)?scopes: may hold only what the caller's token may give/;

describe.each(names)('%s', name => {
  const give = (caller: Caller, ...scopes: string[]) => ways[name]?.(caller, scopes);

  test("gives the caller's own scopes by default, and no others", async () => {
    await give(await callerWith([adminScope, 'orders']), 'orders');
    await expect(give(await callerWith([adminScope, 'orders']), 'bills')).rejects.toThrow(refusal);
    await expect(give(await callerWith([adminScope]), 'a', adminScope)).rejects.toThrow(refusal);
  });
  test('gives the grantable scopes where there are some, and no others', async () => {
    await give(await callerWith([adminScope], ['orders', 'bills']), 'bills');
    await expect(give(await callerWith([adminScope, 'x'], ['y']), 'z')).rejects.toThrow(refusal);
  });
  test('gives usher.* scopes, of which usher.admin is all', async () => {
    await give(await callerWith([adminScope], ['orders']), 'usher.introspect');
  });
  test('gives anything when the caller has no owner', async () => {
    if (name !== 'update of itself') await give(admin, 'whatever', adminScope);
  });
});

test('what others gave stays when something else is changed, and can be taken away', async () => {
  const ann = await callerWith([adminScope]);
  const some = fields({ owner: 'ann', scopes: ['a', 'b'], grantableScopes: ['c', 'd'] });
  const { record } = await tokens.create(admin, 'static', some);
  await tokens.update(ann, record.id, 1, { name: 'new' }, ['name']);
  const less = { scopes: ['a'], grantableScopes: ['c'] };
  const after = await tokens.update(ann, record.id, 2, less, ['scopes', 'grantableScopes']);
  expect(after).toMatchObject({ name: 'new', ...less });
  const back = tokens.update(ann, record.id, 3, { scopes: ['a', 'b'] }, ['scopes']);
  await expectRefused(back, 'PERMISSION_DENIED', /^scopes: /);
  // Without grantable scopes of its own it could give "a", which ann may not give.
  const cleared = tokens.update(ann, record.id, 3, {}, ['grantableScopes']);
  await expectRefused(cleared, 'PERMISSION_DENIED', /^grantable_scopes: /);
});

test('no chain of administrators gains a scope', async () => {
  let caller = await callerWith([adminScope], ['orders']);
  for (let depth = 0; depth < 3; depth++) {
    const some = fields({ scopes: [adminScope], grantableScopes: ['orders'] });
    const wider = fields({ scopes: [adminScope], grantableScopes: ['orders', 'bills'] });
    await expectRefused(tokens.create(caller, 'static', wider), 'PERMISSION_DENIED');
    const { secret } = await tokens.create(caller, 'static', some);
    caller = (await authenticate(secret, 'peer')) as Caller;
    expect(caller.owners).toEqual(['ann']);
  }
});

test('grantable scopes are for kind static, and are checked like scopes', async () => {
  const of = (grantableScopes: string[]) => fields({ scopes: [], grantableScopes });
  await expectRefused(tokens.create(admin, 'jwt', of(['a'])), 'INVALID_ARGUMENT', /^grantable_/);
  await expectRefused(tokens.create(admin, 'static', of(['a b'])), 'INVALID_ARGUMENT', /^granta/);
});
