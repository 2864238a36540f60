/** The caller of a session is looked up on every call, and loses access with its access token. */

import { describe, expect, test } from 'vitest';
import { adminScope, createCurrentCaller } from '../../src/tokens/caller.ts';
import { admin, fields, openOffice } from './setup.ts';

const { tokens, store, clock, now } = openOffice();
const currentCaller = createCurrentCaller(store, now);
const peer = '192.0.2.1';

async function letIn(some = {}) {
  const { record } = await tokens.create(
    admin,
    'static',
    fields({ scopes: [adminScope], ...some }),
  );
  const letInAt = clock.ms;
  clock.ms += 1;
  return { id: record.id, ask: () => currentCaller(record.id, peer, letInAt) };
}

describe('a signed-in caller', () => {
  test('stays signed in, with the current owner and scopes', async () => {
    const { id, ask } = await letIn({ owner: 'ann' });
    const caller = { actor: id, name: 'test', peer, owners: ['ann'], scopes: [adminScope] };
    expect(await ask()).toEqual(caller);
    await tokens.update(admin, id, 1, { scopes: ['x'], owner: 'bob' }, ['scopes', 'owner']);
    expect(await ask()).toEqual({ ...caller, owners: ['bob'], scopes: ['x'] });
  });
  test('stays signed in by the admin token', async () => {
    expect(await currentCaller('admin', peer, 1)).toEqual({ ...admin, peer });
  });
});

describe('a signed-in caller loses access', () => {
  test('when the access token is revoked', async () => {
    const { id, ask } = await letIn();
    await tokens.revoke(admin, id, '');
    expect(await ask()).toBeUndefined();
  });
  test('when it expires, to the millisecond', async () => {
    const { ask } = await letIn({ expiresAt: clock.ms + 100 });
    clock.ms += 98;
    expect(await ask()).toBeDefined();
    clock.ms += 1;
    expect(await ask()).toBeUndefined();
  });
  test('when it is rotated: at once, or when the grace ends', async () => {
    const hard = await letIn();
    await tokens.rotate(admin, hard.id, 0, 0);
    expect(await hard.ask()).toBeUndefined();
    const soft = await letIn();
    await tokens.rotate(admin, soft.id, 1, 0);
    clock.ms += 999;
    expect(await soft.ask()).toBeDefined();
    clock.ms += 1;
    expect(await soft.ask()).toBeUndefined();
  });
  test('when there is no such access token', async () => {
    expect(await currentCaller('01890a5d-ac96-774b-bcce-b302099a8057', peer, 1)).toBeUndefined();
  });
});
