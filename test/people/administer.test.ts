/** Who may see and change people and sessions, and what a role lets them do. */

import { expect, test } from 'vitest';
import { roleNames } from '../../src/people/roles.ts';
import type { Caller } from '../../src/tokens/caller.ts';
import { admin, expectRefused, fields } from '../tokens/setup.ts';
import { openPeople } from './people-setup.ts';

const office = openPeople();
const { people, peopleAdmin, sessionList, tokens, store, issue, audit } = office;
const page = { pageSize: 200, pageToken: '' };

/** What a caller may do, each as a call that is refused or not. */
const acts: Record<string, (caller: Caller, id: string) => Promise<unknown>> = {
  read: (caller, id) => tokens.get(caller, id),
  list: caller => tokens.list(caller, { pageSize: 1, sort: 'newest' }),
  'read the log': (caller, id) =>
    audit.list(caller, { pageSize: 1, tokenId: id, oldestFirst: false }),
  create: caller => tokens.create(caller, 'static', fields({ owner: 'ann' })),
  rotate: (caller, id) => tokens.rotate(caller, id, 0, 0),
  'issue a JWT': (caller, id) => {
    const order = { tokenId: id, subject: '', audience: [], scopes: [], claims: {} };
    return issue(caller, { ...order, expiry: { lifetimeSeconds: 60 } });
  },
  revoke: (caller, id) => tokens.revoke(caller, id, ''),
  'see people': caller => peopleAdmin.list(caller, page),
};

test.each<[string, string[]]>([
  ['viewer', ['read', 'list', 'read the log']],
  ['issuer', ['read', 'list', 'read the log', 'issue a JWT']],
  ['keeper', ['read', 'list', 'read the log', 'create', 'rotate', 'issue a JWT', 'revoke']],
  ['admin', Object.keys(acts)],
  ['auditor', ['read the log']],
])('the role %s lets people do just this', async (role, expected) => {
  const { caller } = await office.person(role as (typeof roleNames)[number]);
  const { record } = await tokens.create(admin, 'jwt', fields({ owner: 'ann' }));
  const done: string[] = [];
  for (const [name, act] of Object.entries(acts)) {
    const error = await act(caller, record.id).then(
      () => undefined,
      cause => cause,
    );
    if (error === undefined) done.push(name);
    else expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
  }
  expect(done).toEqual(expected);
});

test('every role is in that table', () => {
  expect(roleNames).toEqual(['viewer', 'issuer', 'keeper', 'admin', 'auditor']);
});

test('a keeper gives, rotates and changes no right in Usher that a keeper lacks', async () => {
  const { caller } = await office.person('keeper', ['ann', 'bob']);
  const create = (scopes: string[]) =>
    tokens.create(caller, 'static', fields({ owner: 'ann', scopes }));
  for (const scope of ['usher.admin', 'usher.introspect', 'usher.verify', 'usher.revoke']) {
    await expectRefused(create([scope]), 'PERMISSION_DENIED', /^scopes: /);
  }
  const own = await create(['usher.tokens.read', 'orders:write']);
  expect(own.record).toMatchObject({ createdBy: caller.actor, owner: 'ann' });
  const give = tokens.update(caller, own.record.id, 1, { scopes: ['usher.admin'] }, ['scopes']);
  await expectRefused(give, 'PERMISSION_DENIED', /^scopes: /);
  const grantable = { ...fields({ owner: 'ann' }), grantableScopes: ['usher.admin'] };
  await expectRefused(tokens.create(caller, 'static', grantable), 'PERMISSION_DENIED');
  const some = fields({ owner: 'ann', scopes: ['usher.admin'] });
  const { record } = await tokens.create(admin, 'static', some);
  await expectRefused(tokens.rotate(caller, record.id, 0, 0), 'PERMISSION_DENIED');
  const rename = tokens.update(caller, record.id, 1, { name: 'x' }, ['name']);
  await expectRefused(rename, 'PERMISSION_DENIED');
  // To stop it is no gain.
  expect(await tokens.revoke(caller, record.id, 'leaked')).toMatchObject({
    createdBy: 'admin',
    changedBy: caller.actor,
  });
});

test('an access token that may write gives no more than it has either', async () => {
  const scopes = ['usher.tokens.write', 'orders:read'];
  const { record } = await tokens.create(admin, 'static', fields({ scopes }));
  const caller: Caller = { actor: record.id, name: '', peer: '', scopes };
  const create = (some: string[]) => tokens.create(caller, 'static', fields({ scopes: some }));
  await create(['orders:read', 'usher.tokens.write']);
  await expectRefused(create(['orders:write']), 'PERMISSION_DENIED');
  await expectRefused(create(['usher.tokens.read']), 'PERMISSION_DENIED');
});

test('only administrators without owners see and change people', async () => {
  const { id, actor, caller: self } = await office.person('keeper', ['ann']);
  const others = [
    (await office.person('viewer')).caller,
    (await office.person('auditor')).caller,
    (await office.person('admin', ['ann'])).caller,
  ];
  for (const caller of others) {
    await expectRefused(peopleAdmin.list(caller, page), 'PERMISSION_DENIED');
    await expectRefused(peopleAdmin.get(caller, id), 'PERMISSION_DENIED');
    await expectRefused(
      peopleAdmin.update(caller, id, 0, { isDisabled: true }),
      'PERMISSION_DENIED',
    );
    await expectRefused(peopleAdmin.remove(caller, id, 0), 'PERMISSION_DENIED');
    const whose = { actor, isAll: false };
    await expectRefused(peopleAdmin.listSessions(caller, whose, page), 'PERMISSION_DENIED');
    await expectRefused(
      peopleAdmin.listSessions(caller, { actor: '', isAll: true }, page),
      'PERMISSION_DENIED',
    );
    await expectRefused(peopleAdmin.endSessions(caller, actor, false), 'PERMISSION_DENIED');
  }
  expect(await peopleAdmin.get(self, id)).toMatchObject({ id });
});

test('no name and no owner turns the text around it, or begins a line in it', async () => {
  const { id } = await office.person('viewer');
  for (const fields of [
    { name: 'eve\u202e nnA yb' },
    { granted: { role: 'viewer', owners: ['eve\u2066'] } },
  ]) {
    await expectRefused(
      peopleAdmin.update(admin, id, 0, fields),
      'INVALID_ARGUMENT',
      'has a character that turns the direction of text',
    );
  }
  const broken = peopleAdmin.update(admin, id, 0, { name: 'eve\u2028admin' });
  await expectRefused(broken, 'INVALID_ARGUMENT', 'has a character that begins a new line');
});

test('a restricted access token gives no one a role', async () => {
  const { id } = await office.person('viewer');
  const some = fields({ scopes: ['usher.admin'], allowedSources: ['192.0.2.1'] });
  const { record } = await tokens.create(admin, 'static', some);
  const caller: Caller = { actor: record.id, name: '', peer: '', scopes: ['usher.admin'] };
  const update = peopleAdmin.update(caller, id, 0, { granted: { role: 'admin' } });
  await expectRefused(update, 'PERMISSION_DENIED', /is restricted/);
});

test('people do not change their own role, disable or remove themselves', async () => {
  const { id, caller } = await office.person('admin');
  const fail = async (call: Promise<unknown>) => await expectRefused(call, 'FAILED_PRECONDITION');
  await fail(peopleAdmin.update(caller, id, 0, { granted: { role: 'viewer' } }));
  await fail(peopleAdmin.update(caller, id.toUpperCase(), 0, { isDisabled: true }));
  await fail(peopleAdmin.remove(caller, id, 0));
  expect(await peopleAdmin.update(caller, id, 0, { name: 'Ann' })).toMatchObject({ name: 'Ann' });
});

test('a change counts at the next request, and is in the log with the name', async () => {
  const { id, name } = await office.person('viewer');
  const current = () => people.current(id, '', office.now());
  await peopleAdmin.update(admin, id, 1, { granted: { role: 'keeper', owners: ['ann'] } });
  expect(await current()).toMatchObject({ owners: ['ann'] });
  await expectRefused(peopleAdmin.update(admin, id, 1, { name: 'x' }), 'ABORTED');
  await peopleAdmin.update(admin, id, 2, { isDisabled: true });
  expect(await current()).toBeUndefined();
  await peopleAdmin.update(admin, id, 3, { isDisabled: false });
  expect(await current()).toMatchObject({ name });
  await peopleAdmin.remove(admin, id, 0);
  expect(await current()).toBeUndefined();
  await expectRefused(peopleAdmin.get(admin, id), 'NOT_FOUND');
  expect((await peopleAdmin.list(admin, page)).people.map(each => each.id)).not.toContain(id);
  const events = await store.events({ order: 'newest', limit: 4 });
  expect(events.map(({ action, detail }) => [action, detail])).toEqual([
    ['person.remove', `${name} (person:${id})`],
    ...Array(3).fill(['person.update', `${name} (person:${id})`]),
  ]);
  expect(events.at(-1)).toMatchObject({
    actor: 'admin',
    before: { role: 'viewer' },
    after: { role: 'keeper', owners: ['ann'] },
  });
});

test('sessions are listed, and end: one, all but this one, all', async () => {
  const ann = await office.person('viewer');
  const first = await office.session(ann.caller);
  const second = await office.session(ann.caller);
  const third = await office.session(ann.caller);
  const others = await office.session(admin, 'admin token');
  const own = async () =>
    (await peopleAdmin.listSessions(ann.caller, { actor: '', isAll: false }, page)).sessions.map(
      ({ id }) => id,
    );
  expect((await own()).sort()).toEqual([first.id, second.id, third.id].sort());
  await expectRefused(peopleAdmin.endSession(ann.caller, others.id), 'PERMISSION_DENIED');
  await peopleAdmin.endSession(ann.caller, first.id);
  expect(await store.isSessionEnded(first.sessionId)).toBe(true);
  await expectRefused(peopleAdmin.endSession(admin, first.id), 'NOT_FOUND');
  const inSecond = { ...ann.caller, sessionId: second.sessionId };
  expect(await peopleAdmin.endSessions(inSecond, '', true)).toBe(1);
  expect(await own()).toEqual([second.id]);
  office.clock.ms += 1;
  expect(await peopleAdmin.endSessions(admin, ann.actor, false)).toBe(1);
  expect(await own()).toEqual([]);
  // Also one that was opened in this moment, and is not in the list yet.
  expect(await people.current(ann.id, '', office.now() - 1)).toBeUndefined();
  expect(await people.current(ann.id, '', office.now())).toBeDefined();
  const [event] = await store.events({ order: 'newest', limit: 1 });
  expect(event).toMatchObject({ action: 'session.end', actor: 'admin' });
  expect(event?.detail).toBe(`the session of ${ann.name} (${ann.actor})`);
});

test('a session is over after its idle time, and after its end', async () => {
  const { caller } = await office.person('viewer');
  const { sessionId } = await office.session(caller);
  const isThere = async () => (await sessionList.findOwn(caller.actor, sessionId)) !== undefined;
  office.clock.ms += 3_500_000;
  await sessionList.touch(caller.actor, sessionId, '192.0.2.9');
  office.clock.ms += 3_500_000;
  expect(await isThere()).toBe(true);
  office.clock.ms += 1_000_000;
  expect(await isThere()).toBe(false);
});
