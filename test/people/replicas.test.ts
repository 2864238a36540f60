/** People at several replicas that share a Redis: what one changes, the others know at the next request. */

import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expect, onTestFinished, test } from 'vitest';
import { PeopleService, Role } from '../../src/gen/usher/v1/people_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { freePort } from '../free-port.ts';
import { adminOf } from '../server/api.ts';
import { runServer, secrets, type TestServer } from '../server/run-server.ts';
import { startRedis } from '../store/redis/server.ts';
import { createBrowser, type PlainBrowser } from './browser-requests.ts';
import { startProvider } from './openid-provider.ts';
import { accounts, roles } from './with-provider.ts';

/** Two replicas, and a provider that knows them by the address of the first. */
async function begin() {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const urls = [await freePort(), await freePort()].map(port => `http://127.0.0.1:${port}`);
  const [first = '', second = ''] = urls;
  const provider = await startProvider([first]);
  provider.knobs.accounts = accounts;
  const servers: TestServer[] = [];
  for (const url of urls) {
    const server = await runServer({
      ...{ ...provider.env(roles, first), USHER_STORE: `redis://127.0.0.1:${redis.port}` },
      USHER_MANAGER_LISTEN: url.slice('http://'.length),
    });
    onTestFinished(() => server.stop());
    servers.push(server);
  }
  const admin = createClient(
    PeopleService,
    createConnectTransport({
      ...{ baseUrl: second, httpVersion: '1.1' },
      interceptors: [
        next => request => {
          request.header.set('authorization', secrets.USHER_ADMIN_TOKEN);
          return next(request);
        },
      ],
    }),
  );
  return { first, second, provider, servers, admin };
}

/** The address of another replica with the same path: a proxy may send each request elsewhere. */
const at = (base: string, url: string) => {
  const { pathname, search, hash } = new URL(url);
  return `${base}${pathname}${search}${hash}`;
};

async function signIn(browser: PlainBrowser, first: string, second: string) {
  const { url: callback } = await browser.open(`${first}/sign-in/provider`, to =>
    to.includes('/sign-in/callback'),
  );
  // The second replica ends what the first one began, and the first one redeems the code.
  const { url } = await browser.open(at(second, callback), to => to.includes('/login#'));
  const code = new URL(url).hash.slice(1);
  const answer = await browser.send(`${first}/session`, 'POST', { code });
  expect(answer.status).toBe(200);
  const again = await browser.send(`${second}/session`, 'POST', { code });
  expect(again.status).toBe(401);
  return (await answer.json()) as { pageSecret: string; actor: string };
}

test('a sign-in goes over several replicas, and what ends at one is over at all', async () => {
  const { first, second, provider, admin } = await begin();
  provider.knobs.account = 'bob';
  const browser = createBrowser();
  const { pageSecret, actor } = await signIn(browser, first, second);
  const scopesAt = async (base: string) => {
    const answer = await browser.send(`${base}/session`, 'GET', undefined, pageSecret);
    if (answer.status !== 200) return answer.status;
    return ((await answer.json()) as { scopes: string[] }).scopes;
  };
  expect(await scopesAt(second)).toContain('usher.tokens.write');
  const id = actor.slice('person:'.length);
  const person = { id, role: Role.VIEWER };
  await admin.updatePerson({ person, updateMask: { paths: ['role', 'owners'] } });
  expect(await scopesAt(first)).toEqual(['usher.tokens.read']);
  const { sessions } = await admin.listSessions({ actor });
  expect(sessions).toMatchObject([{ actor, name: 'Bob', address: '127.0.0.1' }]);
  await admin.endSession({ id: sessions[0]?.id ?? '' });
  expect(await scopesAt(first)).toBe(401);
  expect(await scopesAt(second)).toBe(401);
});

test('someone who is disabled, signed out everywhere or removed is out at every replica', async () => {
  const { first, second, admin } = await begin();
  const browser = createBrowser();
  const statusesOf = async (pageSecret: string) => {
    const of = async (base: string) =>
      (await browser.send(`${base}/session`, 'GET', undefined, pageSecret)).status;
    return [await of(first), await of(second)];
  };
  const { pageSecret, actor } = await signIn(browser, first, second);
  const id = actor.slice('person:'.length);
  expect(await admin.endSessions({ actor })).toMatchObject({ ended: 1 });
  expect(await statusesOf(pageSecret)).toEqual([401, 401]);
  const next = await signIn(browser, first, second);
  expect(await statusesOf(next.pageSecret)).toEqual([200, 200]);
  await admin.updatePerson({ person: { id }, disabled: true });
  expect(await statusesOf(next.pageSecret)).toEqual([401, 401]);
  await admin.updatePerson({ person: { id }, disabled: false });
  const last = await signIn(browser, first, second);
  await admin.removePerson({ id });
  expect(await statusesOf(last.pageSecret)).toEqual([401, 401]);
  expect((await admin.listPeople({})).people).toEqual([]);
  // The provider brings them back, as someone new.
  const back = await signIn(browser, first, second);
  expect(back.actor).toBe(actor);
  expect((await admin.listPeople({})).people).toMatchObject([{ id, name: 'Ann Lee' }]);
});

test('an access token says by name who made it, also when they are removed', async () => {
  const { first, second, admin, servers } = await begin();
  const browser = createBrowser();
  const { pageSecret, actor } = await signIn(browser, first, second);
  const created = await browser.send(
    `${second}/usher.v1.AccessTokenService/Create`,
    'POST',
    { kind: 'KIND_STATIC', name: 'by ann' },
    pageSecret,
  );
  const { accessToken } = (await created.json()) as { accessToken: { id: string } };
  await admin.removePerson({ id: actor.slice('person:'.length) });
  const api = adminOf(servers[0] as TestServer);
  const found = await api.get({ id: accessToken.id });
  expect(found.accessToken).toMatchObject({ createdBy: actor, createdByName: 'Ann Lee' });
  await api.revoke({ id: accessToken.id });
  const { accessTokens } = await api.list({});
  expect(accessTokens).toMatchObject([{ changedBy: 'admin', changedByName: 'admin token' }]);
});

test('each sign-in by the admin token is a warning, and in the audit log', async () => {
  const { first, servers } = await begin();
  const [server] = servers;
  const token = secrets.USHER_ADMIN_TOKEN;
  const answer = await createBrowser().send(`${first}/session`, 'POST', { token });
  expect(answer.status).toBe(200);
  const warning = server?.logged.find(line =>
    line.includes('the admin token of the configuration'),
  );
  expect(JSON.parse(warning ?? '{}')).toMatchObject({ level: 'warn', how: 'admin token' });
  expect(warning).not.toContain(token);
  const { events } = await adminOf(server as TestServer).listAuditEvents({});
  expect(events[0]).toMatchObject({
    ...{ action: 'session.create', actor: 'admin', detail: 'admin token' },
  });
});

test('the command line lists, changes and removes people, and ends sessions', async () => {
  const { first, second } = await begin();
  const { actor } = await signIn(createBrowser(), first, second);
  const id = actor.slice('person:'.length);
  const run = async (...args: string[]) => {
    const env = { USHER_MANAGER_URL: first, USHER_ADMIN_TOKEN: secrets.USHER_ADMIN_TOKEN };
    const ran = await runUsher([...args, '--json'], env);
    expect(ran).toMatchObject({ code: 0 });
    return JSON.parse(ran.out);
  };
  expect(await run('people', 'list')).toMatchObject({ people: [{ id, role: 'admin' }] });
  const update = ['people', 'update', id, '--role', 'keeper', '--owner', 'payments', 'web'];
  const kept = { role: 'keeper', owners: ['payments', 'web'], roleByProvider: false };
  expect(await run(...update)).toMatchObject(kept);
  expect(await run('people', 'show', id)).toMatchObject(kept);
  const { sessions } = await run('people', 'sessions', id);
  expect(sessions).toMatchObject([{ actor, method: 'provider' }]);
  expect(await run('people', 'end-session', sessions[0].id)).toEqual({ ended: 1 });
  expect(await run('people', 'end-session', '--all-of', id)).toEqual({ ended: 0 });
  expect(await run('people', 'remove', id)).toEqual({ removed: id });
  expect(await run('people', 'list')).toEqual({ people: [] });
});
