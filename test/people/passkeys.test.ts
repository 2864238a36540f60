/** Passkeys over two whole servers on one Redis: sign-ins, and answers that do not hold. */

import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { answerWith, type Bent, type MadePasskey, makePasskey } from './authenticator.ts';
import { codeIn, invitationsAt, type Visitor, visit } from './invited-setup.ts';

const origin = 'https://usher.example';
let redis: RedisServer;
let one: TestServer;
let two: TestServer;
const clock = { ms: Date.now() };
beforeAll(async () => {
  redis = await startRedis();
  const env = { USHER_STORE: `redis://127.0.0.1:${redis.port}`, USHER_MANAGER_URL: origin };
  one = await runServer(env, clock);
  two = await runServer(env, clock);
});
afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await redis?.stop();
});

/** A person who came in by an invitation, in their browser. */
async function invited(name: string): Promise<{ visitor: Visitor; personId: string }> {
  const made = await invitationsAt(one).createInvitation({ name, role: Role.VIEWER });
  const visitor = visit(one);
  await visitor.signIn({ invitation: codeIn(made.url) });
  return { visitor, personId: made.invitation?.personId ?? '' };
}

/** Registers a passkey: begun at one server and finished at the other. */
async function register(visitor: Visitor, name = 'Laptop', bent: Bent = {}) {
  const { body } = await visitor.post('/passkeys/begin', {}, one);
  const { passkey, answer } = makePasskey(body as never, origin, bent);
  const finished = await visitor.post('/passkeys/finish', { name, response: answer }, two);
  return { passkey, answer, options: body, finished };
}

/** Signs in with a passkey in a browser of its own. */
async function signIn(passkey: MadePasskey, bent: Bent = {}, visitor = visit(one)) {
  const { body } = await visitor.post('/sign-in/passkey', {}, one);
  const answer = answerWith(passkey, body as never, origin, bent);
  return { visitor, answer, ...(await visitor.signIn({ passkey: answer }, two)) };
}

const passkeysOf = async (personId: string) =>
  (await invitationsAt(one).listPasskeys({ personId })).passkeys;
const codeOf = async (call: Promise<unknown>) =>
  Code[
    ConnectError.from(
      await call.then(
        () => new Error('passed'),
        error => error,
      ),
    ).code
  ];
const bad = 'the passkey was not accepted; try again';
const unknown = 'this passkey is not known here: it may have been removed';

test('a passkey is registered and signs in, whichever server is asked', async () => {
  const { visitor, personId } = await invited('Ann');
  const { passkey, finished, options } = await register(visitor, ' Work laptop ');
  expect(finished).toMatchObject({ status: 200, body: { id: passkey.id, name: 'Work laptop' } });
  expect(options).toMatchObject({
    rp: { id: 'usher.example' },
    user: { name: 'Ann' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  const answer = await signIn(passkey);
  expect(answer.body).toMatchObject({ actor: `person:${personId}`, name: 'Ann' });
  expect(await answer.visitor.whoAmI(two)).toContain('Ann');
  const [listed] = await passkeysOf(personId);
  expect(listed).toMatchObject({ id: passkey.id, name: 'Work laptop' });
  expect(listed?.lastUseTime).toBeDefined();
  const { events } = await adminOf(one).listAuditEvents({});
  expect(events[0]).toMatchObject({ action: 'session.create', detail: 'passkey' });
  expect(events.map(({ detail }) => detail).join()).toContain('passkey "Work laptop" added');
  const ways = await (await fetch(`http://${one.manager}/sign-in/ways`)).json();
  expect(ways).toMatchObject({ passkeys: { origin } });
});

describe('some time after the sign-in, a passkey is added only after one was shown', () => {
  const later = () => {
    clock.ms += 600_001;
  };
  /** What the browser is asked first. */
  const begun = async (visitor: Visitor) => (await visitor.post('/passkeys/begin', {}, one)).body;

  test('one of theirs, asked in this session', async () => {
    const { visitor, personId } = await invited('Steph');
    // The first one is made with what let them in.
    later();
    const { passkey, finished } = await register(visitor);
    expect(finished.status).toBe(200);
    const { confirm, ...others } = await begun(visitor);
    expect(others).toEqual({});
    const shown = answerWith(passkey, confirm as never, origin);
    const { status, body } = await visitor.post('/passkeys/begin', { passkey: shown }, two);
    expect(status).toBe(200);
    const made = makePasskey(body as never, origin, {});
    const second = { name: 'Second', response: made.answer };
    expect((await visitor.post('/passkeys/finish', second, two)).status).toBe(200);
    expect(await passkeysOf(personId)).toHaveLength(2);
    // It counts once.
    expect(await begun(visitor)).toHaveProperty('confirm');
    const replayed = await visitor.post('/passkeys/begin', { passkey: shown }, two);
    expect(replayed.status).toBe(403);
  });

  test('not without one, with that of someone else, or with one that was shown elsewhere', async () => {
    const { visitor, personId } = await invited('Owner');
    const { passkey } = await register(visitor);
    const thief = await register((await invited('Other')).visitor);
    later();
    const { confirm } = await begun(visitor);
    const unasked = makePasskey(
      { ...(confirm as object), user: { id: personId } } as never,
      origin,
      {},
    );
    const skipped = await visitor.post('/passkeys/finish', { name: 'x', response: unasked.answer });
    expect(skipped.status).toBe(400);
    const theirs = answerWith(thief.passkey, confirm as never, origin);
    expect(await visitor.post('/passkeys/begin', { passkey: theirs })).toMatchObject({
      ...{ status: 403, body: { error: bad } },
    });
    // One that was asked for a sign-in is none for this.
    const { body } = await visitor.post('/sign-in/passkey', {}, one);
    const own = answerWith(passkey, body as never, origin);
    expect((await visitor.post('/passkeys/begin', { passkey: own })).status).toBe(403);
    expect(await passkeysOf(personId)).toHaveLength(1);
  });
});

describe('a sign-in is refused', () => {
  test.each([
    ['of a page of another origin', { origin: 'https://evil.example' }, bad],
    ['of this host on another port', { origin: 'https://usher.example:444' }, bad],
    ['of another relying party', { rpId: 'evil.example' }, bad],
    ['of another challenge', { challenge: 'AAAA' }, bad],
    ['without a verified user', { isVerified: false }, bad],
    ['without a person', { userHandle: '' }, unknown],
  ] as [string, Bent, string][])('%s', async (_, bent, error) => {
    const { visitor } = await invited('Ben');
    const { passkey } = await register(visitor);
    expect(await signIn(passkey, bent)).toMatchObject({ status: 403, body: { error } });
    expect((await signIn(passkey)).status).toBe(200);
  });

  test("with another person's passkey", async () => {
    const [victim, thief] = [await invited('Victim'), await invited('Thief')];
    const { passkey } = await register(thief.visitor);
    const theirs = await register(victim.visitor);
    const { userHandle } = theirs.passkey;
    expect((await signIn(passkey, { userHandle })).body).toEqual({ error: unknown });
    const forged = { ...passkey, id: theirs.passkey.id, userHandle };
    expect((await signIn(forged)).body).toEqual({ error: bad });
  });

  test('when an answer is replayed, at any server and in any browser', async () => {
    const { visitor } = await invited('Rita');
    const { passkey } = await register(visitor, 'Key', { counter: 0 });
    const first = await signIn(passkey, { counter: 0 });
    expect(first.status).toBe(200);
    const copy = visit(one);
    for (const [name, value] of first.visitor.cookies) copy.cookies.set(name, value);
    for (const server of [one, two]) {
      expect((await copy.signIn({ passkey: first.answer }, server)).status).toBe(401);
    }
    // Without the cookie of the browser that was asked, it is worth nothing.
    expect((await visit(one).signIn({ passkey: first.answer })).status).toBe(403);
  });

  test('of two browsers that send one answer at once, one is let in', async () => {
    const { visitor } = await invited('Pair');
    const { passkey } = await register(visitor);
    const asked = visit(one);
    const { body } = await asked.post('/sign-in/passkey', {});
    const answer = answerWith(passkey, body as never, origin, { counter: 0 });
    const tries = await Promise.all(
      [one, two, one, two].map(server => {
        const copy = visit(server);
        for (const [name, value] of asked.cookies) copy.cookies.set(name, value);
        return copy.signIn({ passkey: answer });
      }),
    );
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('when it took too long', async () => {
    const { visitor } = await invited('Slow');
    const { passkey } = await register(visitor);
    const late = visit(one);
    const { body } = await late.post('/sign-in/passkey', {});
    clock.ms += 300_001;
    const answer = answerWith(passkey, body as never, origin);
    expect((await late.signIn({ passkey: answer })).body.error).toContain('took too long');
  });

  test('when its count went back, which is in the audit log', async () => {
    const { visitor, personId } = await invited('Clone');
    const { passkey } = await register(visitor, 'Copied key');
    expect((await signIn(passkey, { counter: 10 })).status).toBe(200);
    for (const counter of [10, 4, 0]) {
      const { status, body } = await signIn(passkey, { counter });
      expect([status, body.error]).toEqual([403, expect.stringContaining('count went back')]);
    }
    expect((await signIn(passkey, { counter: 11 })).status).toBe(200);
    const { events } = await adminOf(one).listAuditEvents({ pageSize: 200 });
    const clones = events.filter(({ action }) => action === 'passkey.clone');
    expect(clones).toHaveLength(3);
    expect(clones[0]).toMatchObject({ actor: `person:${personId}`, detail: 'Copied key' });
  });

  test.each([{}, { id: 1 }, { id: 'x', response: null }, { response: { userHandle: 'x' } }, []])(
    'with what is no answer: %j',
    async answer => {
      const visitor = visit(one);
      await visitor.post('/sign-in/passkey', {});
      const { status } = await visitor.signIn({ passkey: answer });
      expect(status).toBe(403);
    },
  );
});

test('what a request holds beside what is known is refused, and named', async () => {
  const { visitor } = await invited('Extra');
  const asked: [string, object, string][] = [
    ['/invitation', { code: 'x', name: 'y' }, 'name: is not known'],
    ['/invitation', {}, 'code: is required'],
    ['/sign-in/passkey', { user: 'ann' }, 'user: is not known'],
    ['/passkeys/begin', { a: 1 }, 'a: is not known'],
    ['/passkeys/finish', { name: 'x', response: {}, b: 1 }, 'b: is not known'],
    ['/sign-in/passkey?user=ann', {}, 'user'],
  ];
  for (const [path, body, error] of asked) {
    const answer = await visitor.post(path, body);
    expect([path, answer.status, answer.body.error]).toEqual([
      ...[path, 400, expect.stringContaining(error)],
    ]);
  }
  const get = await fetch(`http://${one.manager}/invitation`);
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
});

describe('a registration is refused', () => {
  test('of another origin, another challenge, without a verified user, and in another session', async () => {
    const { visitor, personId } = await invited('Reg');
    for (const bent of [
      { origin: 'https://evil.example' },
      { challenge: 'AAAA' },
      { isVerified: false },
    ]) {
      const { finished } = await register(visitor, 'Key', bent);
      expect(finished).toMatchObject({ status: 400, body: { error: /does not hold/ } });
    }
    const { body } = await visitor.post('/passkeys/begin', {});
    const { answer } = makePasskey(body as never, origin);
    const other = (await invited('Other')).visitor;
    const cookie = visitor.cookies.get('usher-passkey');
    if (cookie !== undefined) other.cookies.set('usher-passkey', cookie);
    const stolen = await other.post('/passkeys/finish', { name: 'x', response: answer });
    expect(stolen.status).toBe(400);
    expect((await visit(one).post('/passkeys/begin', {})).status).toBe(401);
    expect(await passkeysOf(personId)).toEqual([]);
  });

  test('a second time, and without a name', async () => {
    const { visitor, personId } = await invited('Twice');
    const { answer } = await register(visitor);
    const cookies = new Map(visitor.cookies);
    const { body } = await visitor.post('/passkeys/begin', {});
    const same = await visitor.post('/passkeys/finish', { name: '', response: answer });
    expect(same).toMatchObject({ status: 400, body: { error: /name/ } });
    for (const [name, value] of cookies) visitor.cookies.set(name, value);
    expect((await visitor.post('/passkeys/finish', { name: 'x', response: answer })).status).toBe(
      400,
    );
    expect(body.excludeCredentials).toMatchObject([{ type: 'public-key' }]);
    expect(await passkeysOf(personId)).toHaveLength(1);
  });

  test('for those who are no people', async () => {
    const visitor = visit(one);
    await visitor.signIn({ token: one.adminToken });
    const { status, body } = await visitor.post('/passkeys/begin', {});
    expect([status, body.error]).toEqual([400, 'passkeys are for people: sign in as one']);
  });
});

test('several have names, are removed one by one, and the last only on purpose', async () => {
  const { visitor, personId } = await invited('Sam');
  const [first, second] = [await register(visitor, 'One'), await register(visitor, 'Two')];
  const [a, b] = [first.passkey, second.passkey];
  const admin = invitationsAt(two);
  await admin.renamePasskey({ personId, id: a.id, name: 'Old phone' });
  expect((await passkeysOf(personId)).map(({ name }) => name)).toEqual(['Old phone', 'Two']);
  await admin.removePasskey({ personId, id: a.id });
  expect((await signIn(a)).body).toEqual({ error: unknown });
  expect(await codeOf(admin.removePasskey({ personId, id: b.id }))).toBe('FailedPrecondition');
  expect((await signIn(b)).status).toBe(200);
  // Of others, even their names are not told.
  const eve = (await invited('Eve')).visitor;
  const list = '/usher.v1.InvitationService/ListPasskeys';
  expect((await eve.post(list, { personId })).status).toBe(403);
  expect((await visitor.post(list, { personId })).body.passkeys).toHaveLength(1);
  await admin.removePasskey({ personId, id: b.id, allowLast: true });
  expect((await signIn(b)).body).toEqual({ error: unknown });
});
