/** Sign-in links over a whole server: who gets one, and that it works once. */

import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { SignInService } from '../../src/gen/usher/v1/sign_in_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(() => server.stop());

const linksOf = (token: string) => clientOf(SignInService, server.manager, token);

const signIn = (code: string) =>
  fetch(`http://${server.manager}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });

async function tokenWith(...scopes: string[]): Promise<string> {
  return (await adminOf(server).create({ kind: Kind.STATIC, name: 'a', scopes })).token;
}

test('`usher login` prints a link that signs in once, and the log notes it', async () => {
  const ran = await runUsher(['login'], {
    USHER_MANAGER_URL: `http://${server.manager}`,
    USHER_ADMIN_TOKEN: server.adminToken,
  });
  expect(ran).toMatchObject({ code: 0 });
  const [address, code = ''] = ran.out.trim().split('/login#');
  expect(address).toBe(`http://${server.manager}`);
  const answer = await signIn(code);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ actor: 'admin', scopes: ['usher.admin'] });
  expect((await signIn(code)).status).toBe(401);
  const { events } = await adminOf(server).listAuditEvents({ oldestFirst: true });
  expect(events.slice(0, 2)).toMatchObject([
    { action: 'session.link', actor: 'admin', peer: '127.0.0.1' },
    { action: 'session.create', actor: 'admin' },
  ]);
  expect(`${server.logged} ${JSON.stringify(events, (_, value) => `${value}`)}`).not.toContain(
    code,
  );
});

test('a link signs in as the caller, with its rights and no more', async () => {
  const reader = await tokenWith('usher.tokens.read');
  const { code } = await linksOf(reader).createSignInCode({});
  expect(await (await signIn(code)).json()).toMatchObject({ scopes: ['usher.tokens.read'] });
});

test('a link, and its session, end with the token that asked for it', async () => {
  const admin = adminOf(server);
  const scopes = ['usher.admin'];
  const { accessToken, token } = await admin.create({ kind: Kind.STATIC, name: 'a', scopes });
  const id = accessToken?.id ?? '';
  const [unused, used] = [
    await linksOf(token).createSignInCode({}),
    await linksOf(token).createSignInCode({}),
  ];
  server.clock.ms += 1000;
  await admin.rotate({ id, grace: { seconds: 60n } });
  server.clock.ms += 1000;
  const { cookie, pageSecret } = await openedBy(await signIn(used.code));
  const ask = () => call('AccessTokenService/List', cookie, pageSecret);
  expect((await ask()).status).toBe(200);
  server.clock.ms += 60_000;
  expect((await ask()).status).toBe(401);
  expect((await signIn(unused.code)).status).toBe(401);
});

test('a link ends after ten minutes', async () => {
  const { code, expireTime } = await linksOf(server.adminToken).createSignInCode({});
  expect(Number(expireTime?.seconds)).toBe(Math.floor(server.clock.ms / 1000) + 600);
  server.clock.ms += 600_000;
  expect((await signIn(code)).status).toBe(401);
});

test('others get no link', async () => {
  const denied = { code: Code.PermissionDenied };
  const other = await tokenWith('orders.read');
  await expect(linksOf(other).createSignInCode({})).rejects.toMatchObject(denied);
  const unknown = { code: Code.Unauthenticated };
  await expect(linksOf('').createSignInCode({})).rejects.toMatchObject(unknown);
  await expect(linksOf('wrong').createSignInCode({})).rejects.toMatchObject(unknown);
});

test('a session of the web app gets no link', async () => {
  const { code } = await linksOf(server.adminToken).createSignInCode({});
  const { cookie, pageSecret } = await openedBy(await signIn(code));
  expect((await call('AccessTokenService/List', cookie, pageSecret)).status).toBe(200);
  const asked = await call('SignInService/CreateSignInCode', cookie, pageSecret);
  expect(asked.status).toBe(401);
});

/** What a sign-in gives the browser. */
async function openedBy(answer: Response) {
  const { pageSecret } = (await answer.json()) as { pageSecret: string };
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  return { cookie, pageSecret };
}

/** Calls an rpc as the web app does. */
function call(method: string, cookie: string, pageSecret: string) {
  return fetch(`http://${server.manager}/usher.v1.${method}`, {
    method: 'POST',
    headers: {
      cookie,
      'x-usher-page-secret': pageSecret,
      origin: `http://${server.manager}`,
      'content-type': 'application/json',
      'connect-protocol-version': '1',
    },
    body: '{}',
  });
}
