/** Invitations over two whole servers on one Redis: who may invite, and that each link works once. */

import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { PeopleService, Role } from '../../src/gen/usher/v1/people_pb.ts';
import { createPeople } from '../../src/people/people.ts';
import { readConfig } from '../../src/settings/config.ts';
import { redisAddress } from '../../src/store/address.ts';
import { documentKey } from '../../src/store/redis/keys.ts';
import { openRedis } from '../../src/store/redis/store.ts';
import { createRecordSeal } from '../../src/verify/record-seal.ts';
import { runUsher } from '../cli/run-usher.ts';
import { redisLimits } from '../limits.ts';
import { adminOf, clientOf } from '../server/api.ts';
import { runServer, secrets, type TestServer } from '../server/run-server.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { codeIn, invitationsAt, visit } from './invited-setup.ts';

let redis: RedisServer;
let one: TestServer;
let two: TestServer;
const clock = { ms: Date.now() };
beforeAll(async () => {
  redis = await startRedis();
  const env = { USHER_STORE: `redis://127.0.0.1:${redis.port}`, USHER_INVITATION_MS: '60000' };
  one = await runServer(env, clock);
  two = await runServer(env, clock);
});
afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await redis?.stop();
});

const invite = async (name: string, role: Role = Role.VIEWER, owners: string[] = []) => {
  const { url, invitation } = await invitationsAt(one).createInvitation({ name, role, owners });
  return { code: codeIn(url), id: invitation?.id ?? '', personId: invitation?.personId ?? '', url };
};
const codeOf = async (call: Promise<unknown>) =>
  Code[
    ConnectError.from(
      await call.then(
        () => new Error('passed'),
        error => error,
      ),
    ).code
  ];
const spent = 'this invitation was used or revoked, or has expired';
const actions = async () =>
  (await adminOf(one).listAuditEvents({ pageSize: 500 })).events.map(({ action }) => action);

test('a link shows who invites and as what, signs in once at any server, and is in the log', async () => {
  const { code, id, personId, url } = await invite('Bob', Role.KEEPER, ['payments', 'billing']);
  expect(url).toMatch(/^http:\/\/localhost:8081\/invite#[\w-]{43}$/);
  const bob = visit(two);
  const shown = await bob.post('/invitation', { code });
  expect(shown).toMatchObject({
    status: 200,
    body: { name: 'Bob', role: 'keeper', owners: ['payments', 'billing'], by: 'admin token' },
  });
  // To look at it does not use it up.
  expect((await bob.post('/invitation', { code })).status).toBe(200);
  expect(await bob.signIn({ invitation: code })).toMatchObject({
    status: 200,
    body: { actor: `person:${personId}`, name: 'Bob', owners: ['payments', 'billing'] },
  });
  expect(await bob.whoAmI()).toContain('Bob (usher.tokens.read');
  expect(await bob.whoAmI(one)).toContain('Bob');
  for (const server of [one, two]) {
    const other = visit(server);
    expect(await other.post('/invitation', { code })).toEqual({
      status: 404,
      body: { error: spent },
    });
    expect(await other.signIn({ invitation: code })).toEqual({
      status: 403,
      body: { error: spent },
    });
  }
  const { events } = await adminOf(one).listAuditEvents({ oldestFirst: true });
  const made = events.filter(({ action }) => action !== 'call.refused');
  expect(made.map(({ action, actor }) => [action, actor])).toEqual([
    ['invitation.create', 'admin'],
    ['person.create', `person:${personId}`],
    ['invitation.use', `person:${personId}`],
    ['session.create', `person:${personId}`],
  ]);
  const logged = `${one.logged}${two.logged}${JSON.stringify(events, (_, each) => String(each))}`;
  expect(logged).not.toContain(code);
  const keys = (await redis.send('KEYS', '*')) as string[];
  expect(keys.join()).not.toContain(code);
  const stored = await redis.send('GET', documentKey('invitations', id));
  expect(stored).toContain('Bob');
  expect(stored).not.toContain(code);
  const { invitations } = await invitationsAt(two).listInvitations({});
  expect(JSON.stringify(invitations, (_, each) => `${each}`)).not.toContain(code);
});

test('of two visitors with one link, one comes in', async () => {
  const { code } = await invite('Twin');
  const visitors = [one, two, one, two, one, two].map(visit);
  const answers = await Promise.all(visitors.map(each => each.signIn({ invitation: code })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(5);
});

test('a link that expired or was revoked is no longer good, and used ones cannot be revoked', async () => {
  const late = await invite('Late');
  clock.ms += 60_001;
  expect((await visit(one).post('/invitation', { code: late.code })).status).toBe(404);
  expect((await visit(one).signIn({ invitation: late.code })).status).toBe(403);
  const revoked = await invite('Revoked');
  const used = await invite('Used');
  await visit(one).signIn({ invitation: used.code });
  const { invitations } = await invitationsAt(two).listInvitations({});
  expect(invitations.map(({ name, useTime }) => [name, useTime !== undefined]).sort()).toEqual([
    ['Revoked', false],
    ['Used', true],
  ]);
  await invitationsAt(two).revokeInvitation({ id: revoked.id });
  expect((await visit(one).signIn({ invitation: revoked.code })).status).toBe(403);
  const again = invitationsAt(two).revokeInvitation({ id: revoked.id });
  expect(await codeOf(again)).toBe('NotFound');
  const tooLate = invitationsAt(one).revokeInvitation({ id: used.id });
  expect(await codeOf(tooLate)).toBe('FailedPrecondition');
  expect(await actions()).toContain('invitation.revoke');
});

test('only administrators of all owners invite; nothing is named to others', async () => {
  const tokenWith = async (scope: string, owner = '') =>
    (await adminOf(one).create({ kind: Kind.STATIC, name: 'a', owner, scopes: [scope] })).token;
  for (const [scope, owner] of [
    ['usher.tokens.read', ''],
    ['usher.tokens.write', ''],
    ['usher.admin', 'ann'],
  ]) {
    const service = invitationsAt(one, await tokenWith(scope ?? '', owner));
    const calls = [
      service.createInvitation({ name: 'Eve', role: Role.ADMIN }),
      service.listInvitations({}),
      service.revokeInvitation({ id: 'x' }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('PermissionDenied');
  }
});

test('a link of an administrator who was removed since is no longer good', async () => {
  const { code, personId } = await invite('Chief', Role.ADMIN);
  const chief = visit(one);
  await chief.signIn({ invitation: code });
  const made = await chief.post('/usher.v1.InvitationService/CreateInvitation', {
    ...{ name: 'Friend', role: 'ROLE_ADMIN' },
  });
  expect(made.status).toBe(200);
  const theirs = codeIn(String(made.body.url));
  expect((await visit(two).post('/invitation', { code: theirs })).body.by).toBe('Chief');
  const seal = createRecordSeal(readConfig(secrets).masterKeys ?? []);
  const url = `redis://127.0.0.1:${redis.port}`;
  const store = await openRedis(redisAddress(url), { now: Date.now, ...redisLimits(), seal });
  const people = createPeople(store, Date.now);
  await people.change(personId, {
    action: 'person.update',
    by: { actor: 'admin', peer: '' },
    make: () => ({ role: 'viewer' }),
  });
  await store.close();
  expect((await visit(two).signIn({ invitation: theirs })).status).toBe(403);
});

test('a link of an access token that was revoked or changed since is no longer good', async () => {
  const tokens = adminOf(one);
  for (const how of ['revoked', 'changed', 'restricted'] as const) {
    const made = await tokens.create({
      ...{ kind: Kind.STATIC, name: how, scopes: ['usher.admin'] },
    });
    const service = invitationsAt(one, made.token);
    const { url } = await service.createInvitation({ name: 'Friend', role: Role.ADMIN });
    expect((await visit(two).post('/invitation', { code: codeIn(url) })).status).toBe(200);
    const { id = '', revision = 0n } = made.accessToken ?? {};
    if (how === 'revoked') await tokens.revoke({ id });
    else {
      await tokens.update({
        accessToken: {
          ...{ id, revision, scopes: ['usher.tokens.read'] },
          allowedSources: ['192.0.2.0/24'],
        },
        updateMask: { paths: [how === 'changed' ? 'scopes' : 'allowed_sources'] },
      });
    }
    expect((await visit(two).signIn({ invitation: codeIn(url) })).status).toBe(403);
  }
});

test('a repeat with the same request id gives the same link, at any server, and no other person', async () => {
  const requestId = crypto.randomUUID();
  const asked = { name: 'Once', role: Role.VIEWER, requestId };
  const made = [];
  for (const server of [one, two, one])
    made.push(await invitationsAt(server).createInvitation(asked));
  expect(new Set(made.map(({ url }) => url)).size).toBe(1);
  expect(new Set(made.map(({ invitation }) => invitation?.id)).size).toBe(1);
  const { invitations } = await invitationsAt(two).listInvitations({});
  expect(invitations.filter(({ name }) => name === 'Once')).toHaveLength(1);
  const other = invitationsAt(one).createInvitation({ ...asked, role: Role.ADMIN });
  expect(await codeOf(other)).toBe('InvalidArgument');
  // Of someone else it is another one.
  const { token } = await adminOf(one).create({
    ...{ kind: Kind.STATIC, name: 'other admin', scopes: ['usher.admin'] },
  });
  const theirs = await invitationsAt(one, token).createInvitation(asked);
  expect(theirs.url).not.toBe(made[0]?.url);
});

test('a new link lets a person in again, and ends their older ones', async () => {
  const { code, personId } = await invite('Forgetful');
  await visit(one).signIn({ invitation: code });
  const links = [];
  for (let n = 0; n < 2; n++) {
    links.push(codeIn((await invitationsAt(one).createInvitation({ personId })).url));
  }
  const [older = '', newer = ''] = links;
  expect((await visit(two).signIn({ invitation: older })).status).toBe(403);
  expect((await visit(two).post('/invitation', { code: newer })).body.isForKnown).toBe(true);
  expect((await visit(two).signIn({ invitation: newer })).body.actor).toBe(`person:${personId}`);
  const unknown = invitationsAt(one).createInvitation({
    personId: '0198c0de-0000-7000-8000-000000000001',
  });
  expect(await codeOf(unknown)).toBe('NotFound');
});

test('a link shows the role that its person has by now, and a sign-in by it is their last one', async () => {
  const { code, personId: id } = await invite('Riser');
  const people = clientOf(PeopleService, one.manager, one.adminToken);
  await visit(one).signIn({ invitation: code });
  const lastSignIn = async () => (await people.getPerson({ id })).person?.lastSignInTime;
  const first = await lastSignIn();
  expect(first).toBeDefined();
  const again = codeIn((await invitationsAt(one).createInvitation({ personId: id })).url);
  await people.updatePerson({
    person: { id, role: Role.KEEPER, owners: ['payments'] },
    updateMask: { paths: ['role', 'owners'] },
  });
  expect((await visit(two).post('/invitation', { code: again })).body).toMatchObject({
    ...{ role: 'keeper', owners: ['payments'] },
  });
  clock.ms += 1000;
  await visit(two).signIn({ invitation: again });
  expect((await lastSignIn())?.seconds).toBe((first?.seconds ?? 0n) + 1n);
});

test('the command line invites, lists and revokes', async () => {
  const env = { USHER_MANAGER_URL: `http://${one.manager}`, USHER_ADMIN_TOKEN: one.adminToken };
  const invited = ['people', 'invite', 'Zoë', '--role', 'keeper', '--owner', 'a', 'b'];
  const made = await runUsher(invited, env);
  expect(made).toMatchObject({ code: 0 });
  expect(made.out.trim()).toMatch(/\/invite#[\w-]{43}$/);
  const listed = await runUsher(['people', 'invitations', '--json'], env);
  const all = JSON.parse(listed.out) as { id: string; name: string; owners: string[] }[];
  const zoe = all.find(({ name }) => name === 'Zoë');
  expect(zoe).toMatchObject({ owners: ['a', 'b'], useTime: '', createdBy: 'admin token' });
  expect((await runUsher(['people', 'invitations'], env)).out).toContain('Zoë\tkeeper a b');
  expect(await runUsher(['people', 'uninvite', zoe?.id ?? ''], env)).toMatchObject({ code: 0 });
  const { status } = await visit(one).signIn({ invitation: codeIn(made.out.trim()) });
  expect(status).toBe(403);
  const wrong = await runUsher(['people', 'invite', 'Eve', '--role', 'king'], env);
  expect(wrong.code).not.toBe(0);
  expect(wrong.err).toContain('viewer, issuer, keeper, admin, auditor');
});
