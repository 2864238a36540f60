/** Sessions of the web app: how they begin, how long they last, and what ends them. */

import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { readScope } from '../../src/tokens/caller.ts';
import { type Answer, ask } from './ask.ts';
import { adminToken, type ManagerOnPort, startManager } from './manager-on-port.ts';

let on: ManagerOnPort;
beforeEach(async () => {
  on = await startManager();
});
afterEach(() => on.close());

const own = { 'sec-fetch-site': 'same-origin' };
const json = { ...own, 'content-type': 'application/json' };
const minuteMs = 60_000;

function signIn(token = adminToken, headers: Record<string, string> = json): Promise<Answer> {
  return ask(`${on.url}/session`, { method: 'POST', headers, body: JSON.stringify({ token }) });
}

function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

function whoAmI(cookie: string): Promise<Answer> {
  return ask(`${on.url}/session`, { headers: { ...own, cookie } });
}

describe('sign-in by token', () => {
  test('an admin token opens a session that no script can read', async () => {
    const answer = await signIn();
    expect(answer.status).toBe(200);
    const attributes = answer.headers['set-cookie']?.[0]?.split('; ').slice(1);
    expect(attributes).toEqual(['Path=/', 'Max-Age=3600', 'HttpOnly', 'SameSite=Strict']);
    expect(answer.headers['cache-control']).toBe('no-store');
    const who = await whoAmI(cookieOf(answer));
    expect(JSON.parse(who.text)).toMatchObject({ actor: adminToken, scopes: ['usher.admin'] });
    expect(on.knobs.audited).toEqual(['session.create']);
  });

  test('the cookie holds nothing readable', async () => {
    const value = cookieOf(await signIn()).split('=')[1] ?? '';
    const bytes = Buffer.from(value, 'base64url').toString('latin1');
    expect(bytes).not.toContain('admin');
  });

  test('a token in the Authorization header opens a session', async () => {
    const answer = await ask(`${on.url}/session`, {
      method: 'POST',
      headers: { authorization: adminToken },
    });
    expect(answer.status).toBe(200);
  });

  test('a token that may only read opens a session, one that may not read does not', async () => {
    on.knobs.tokens.set('reader', [readScope]).set('other', ['orders.read']);
    expect((await signIn('reader')).status).toBe(200);
    const refused = await signIn('other');
    expect(refused.status).toBe(403);
    expect(refused.headers['set-cookie']).toBeUndefined();
  });

  test('a wrong token, no token, a large body and one that is not JSON are refused', async () => {
    expect((await signIn('wrong')).status).toBe(401);
    expect((await signIn('')).status).toBe(400);
    expect((await signIn('x'.repeat(20_000))).status).toBe(400);
    const form = { ...own, 'content-type': 'text/plain' };
    expect((await signIn(adminToken, form)).status).toBe(400);
    expect(on.knobs.audited).toEqual([]);
  });

  test("another site's page cannot sign a visitor in", async () => {
    const foreign = { ...json, 'sec-fetch-site': 'cross-site' };
    expect((await signIn(adminToken, foreign)).status).toBe(403);
    const origin = { 'content-type': 'application/json', origin: 'http://evil.example' };
    expect((await signIn(adminToken, origin)).status).toBe(403);
  });

  test('over HTTPS the cookie is bound to the host', async () => {
    await on.close();
    on = await startManager({ isSecure: () => true });
    const answer = await signIn();
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-usher-session=.*; Secure$/);
    expect((await whoAmI(cookieOf(answer))).status).toBe(200);
  });
});

describe('sign-in by link', () => {
  const follow = (code: string) => ask(`${on.url}/login?code=${code}`);

  test('a code opens one session, and leaves the URL at once', async () => {
    const code = on.codes.issue(adminToken);
    const answer = await follow(code);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/');
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect((await whoAmI(cookieOf(answer))).status).toBe(200);
    const again = await follow(code);
    expect(again.headers.location).toBe('/sign-in?link=spent');
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  test('a code expires after ten minutes', async () => {
    const code = on.codes.issue(adminToken);
    on.knobs.nowMs += 10 * minuteMs;
    expect((await follow(code)).headers.location).toBe('/sign-in?link=spent');
  });

  test('one code too many drops the oldest', async () => {
    const [first = '', ...rest] = Array.from({ length: 17 }, () => on.codes.issue(adminToken));
    expect(on.codes.redeem(first)).toBeUndefined();
    expect(rest.map(code => on.codes.redeem(code))).toEqual(rest.map(() => adminToken));
  });
});

describe('lifetime of a session', () => {
  test('it ends an hour after its last use', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.nowMs += 60 * minuteMs - 1;
    const used = await whoAmI(cookie);
    expect(used.status).toBe(200);
    on.knobs.nowMs += 1;
    expect((await whoAmI(cookie)).status).toBe(401);
    expect((await whoAmI(cookieOf(used))).status).toBe(200);
  });

  test('it ends after twelve hours, however much it is used', async () => {
    let cookie = cookieOf(await signIn());
    for (let used = 0; used < 23; used++) {
      on.knobs.nowMs += 30 * minuteMs;
      cookie = cookieOf(await whoAmI(cookie)) || cookie;
    }
    on.knobs.nowMs += 30 * minuteMs - 1;
    expect((await whoAmI(cookie)).status).toBe(200);
    on.knobs.nowMs += 1;
    expect((await whoAmI(cookie)).status).toBe(401);
  });

  test('a young cookie is not renewed', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.nowMs += minuteMs - 1;
    expect((await whoAmI(cookie)).headers['set-cookie']).toBeUndefined();
  });

  test('it ends when its token is revoked', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.tokens.delete(adminToken);
    expect((await whoAmI(cookie)).status).toBe(401);
    const rpc = { headers: { ...json, cookie }, socket: {} };
    expect(await on.manager.callerOf(rpc, '127.0.0.1')).toBeUndefined();
  });

  test('it has the current scopes of its token', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.tokens.set(adminToken, [readScope]);
    expect(JSON.parse((await whoAmI(cookie)).text).scopes).toEqual([readScope]);
  });

  test('a changed cookie, another key or two cookies give no session', async () => {
    const cookie = cookieOf(await signIn());
    const last = cookie.endsWith('A') ? 'B' : 'A';
    const middle = cookie.length - 20;
    const changed = cookie.slice(0, middle) + last.repeat(4) + cookie.slice(middle + 4);
    expect((await whoAmI(changed)).status).toBe(401);
    expect((await whoAmI('usher-session=short')).status).toBe(401);
    expect((await whoAmI(`${cookie}; ${cookie}`)).status).toBe(401);
    await on.close();
    on = await startManager({ sessionKey: randomBytes(32) });
    expect((await whoAmI(cookie)).status).toBe(401);
  });

  test('while the store is down, the answer is 503', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.failure = new Unavailable('no answer');
    expect((await whoAmI(cookie)).status).toBe(503);
    on.knobs.failure = new Error('a bug with a secret');
    const bug = await whoAmI(cookie);
    expect(bug.status).toBe(500);
    expect(bug.text).toBe('{"error":"internal error"}');
    expect(on.knobs.errors).toHaveLength(2);
  });
});

describe('sign-out', () => {
  const signOut = (cookie: string, headers: Record<string, string> = json) =>
    ask(`${on.url}/session`, { method: 'DELETE', headers: { ...headers, cookie } });

  test('ends the session for every copy of its cookie', async () => {
    const cookie = cookieOf(await signIn());
    const answer = await signOut(cookie);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^usher-session=; Path=\/; Max-Age=0/);
    expect((await whoAmI(cookie)).status).toBe(401);
    expect(on.knobs.audited).toEqual(['session.create', 'session.end']);
  });

  test("another site's page cannot sign a visitor out", async () => {
    const cookie = cookieOf(await signIn());
    expect((await signOut(cookie, { ...json, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await whoAmI(cookie)).status).toBe(200);
  });

  test('that the store cannot record fails with 503, and the session goes on', async () => {
    const cookie = cookieOf(await signIn());
    on.knobs.failure = new Unavailable('the store is down');
    expect((await signOut(cookie)).status).toBe(503);
    delete on.knobs.failure;
    expect((await whoAmI(cookie)).status).toBe(200);
  });
});

test('while the store is down, the status is shown to callers with a session', async () => {
  const cookie = cookieOf(await signIn());
  on.knobs.failure = new Unavailable('the store is down');
  const status = (headers: Record<string, string>) => ask(`${on.url}/status`, { headers });
  expect((await status({ ...own, cookie })).status).toBe(200);
  expect((await status({ ...own, cookie: `${cookie}x` })).status).toBe(401);
  expect((await status({ cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(401);
});
