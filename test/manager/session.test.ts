/** Sessions of the web app: how they begin, how long they last, and what ends them. */

import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cameOverTls } from '../../src/manager/over-tls.ts';
import { pageSecretHeader } from '../../src/manager/page-secret.ts';
import { type EndedSessions, Unavailable } from '../../src/store/store.ts';
import { readScope } from '../../src/tokens/caller.ts';
import { type Answer, ask } from './ask.ts';
import { rememberEnded } from './ended-sessions.ts';
import { adminToken, type ManagerOnPort, startManager } from './manager-on-port.ts';
import { cookieIn, type SignedIn, sessionIn, signInWith } from './signed-in.ts';

let on: ManagerOnPort;
beforeEach(async () => {
  on = await startManager();
});
afterEach(() => on.close());

const own = { 'sec-fetch-site': 'same-origin' };
const json = { ...own, 'content-type': 'application/json' };
const minuteMs = 60_000;

function signIn(token = adminToken, headers: Record<string, string> = {}): Promise<Answer> {
  return signInWith(on, { token }, headers);
}

function whoAmI(session: Partial<SignedIn>): Promise<Answer> {
  return ask(`${on.url}/session`, { headers: { ...own, ...session } });
}

describe('a session has two halves', () => {
  const open = async (session: Partial<SignedIn>) => {
    const headers = { ...json, ...session };
    return {
      session: (await ask(`${on.url}/session`, { headers })).status,
      status: (await ask(`${on.url}/status`, { headers })).status,
      rpc: (await on.manager.callerOf(headers, '127.0.0.1')) !== undefined,
    };
  };
  const nothing = { session: 401, status: 401, rpc: false };

  test('the cookie and the page secret open it together', async () => {
    expect(await open(sessionIn(await signIn()))).toEqual({ session: 200, status: 200, rpc: true });
  });

  test('the cookie alone opens nothing, as browsers send it to every port of the host', async () => {
    const { cookie } = sessionIn(await signIn());
    expect(await open({ cookie })).toEqual(nothing);
    expect(await open({ cookie, [pageSecretHeader]: '' })).toEqual(nothing);
    const method = 'DELETE';
    await ask(`${on.url}/session`, { method, headers: { ...json, cookie } });
    expect(on.knobs.audited).toEqual(['session.create']);
  });

  test('the page secret alone, or of another session, opens nothing', async () => {
    const [one, two] = [sessionIn(await signIn()), sessionIn(await signIn())];
    expect(await open({ [pageSecretHeader]: one[pageSecretHeader] })).toEqual(nothing);
    expect(await open({ ...one, [pageSecretHeader]: two[pageSecretHeader] })).toEqual(nothing);
    const twice = `${one[pageSecretHeader]}, ${one[pageSecretHeader]}`;
    expect(await open({ ...one, [pageSecretHeader]: twice })).toEqual(nothing);
  });

  test('the page secret is in the answer of the sign-in alone', async () => {
    const answer = await signIn();
    const session = sessionIn(answer);
    expect(session[pageSecretHeader]).toMatch(/^[\w-]{43}$/);
    on.knobs.nowMs += 2 * minuteMs;
    const later = await whoAmI(session);
    expect(cookieIn(later)).not.toBe('');
    expect(Object.keys(JSON.parse(later.text))).not.toContain('pageSecret');
    expect(`${later.text} ${JSON.stringify(later.headers)}`).not.toContain(
      session[pageSecretHeader],
    );
    expect((await whoAmI({ ...session, cookie: cookieIn(later) })).status).toBe(200);
  });
});

describe('sign-in by token', () => {
  test('an admin token opens a session that no script can read', async () => {
    const answer = await signIn();
    expect(answer.status).toBe(200);
    const attributes = answer.headers['set-cookie']?.[0]?.split('; ').slice(1);
    expect(attributes).toEqual(['Path=/', 'Max-Age=3600', 'HttpOnly', 'SameSite=Strict']);
    expect(answer.headers['cache-control']).toBe('no-store');
    const who = await whoAmI(sessionIn(answer));
    expect(JSON.parse(who.text)).toMatchObject({ actor: adminToken, scopes: ['usher.admin'] });
    expect(on.knobs.audited).toEqual(['session.create']);
  });

  test('the cookie holds nothing readable', async () => {
    const value = cookieIn(await signIn()).split('=')[1] ?? '';
    expect(value.length).toBeLessThan(1000);
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
    expect((await signIn(adminToken, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await signInWith(on, { token: adminToken, code: 'x' })).status).toBe(400);
    expect((await signInWith(on, { Token: adminToken })).status).toBe(400);
    expect((await signInWith(on, [adminToken])).status).toBe(400);
    expect(on.knobs.audited).toEqual([]);
  });

  test("another site's page cannot sign a visitor in", async () => {
    expect((await signIn(adminToken, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await signIn(adminToken, { origin: 'http://evil.example' })).status).toBe(403);
  });
});

describe('over TLS the cookie is Secure and bound to the host', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['one proxy', { 'x-forwarded-proto': 'https' }, true],
    ['two proxies', { 'x-forwarded-proto': 'https, http' }, true],
    ['in capitals', { 'x-forwarded-proto': 'HTTPS,http' }, true],
    ['plain to the first proxy', { 'x-forwarded-proto': 'http, https' }, false],
    ['RFC 7239', { forwarded: 'for=192.0.2.1;proto=https;by=10.0.0.1' }, true],
    [
      'RFC 7239, two proxies',
      { forwarded: 'For="[2001:db8::1]";Proto="https", for=10.0.0.1' },
      true,
    ],
    [
      'RFC 7239, plain to the first',
      { forwarded: 'for=192.0.2.1, for=10.0.0.1;proto=https' },
      false,
    ],
    ['no proxy', {}, false],
  ])('%s', async (_, headers, isSecure) => {
    const answer = await signIn(adminToken, headers);
    const cookie = answer.headers['set-cookie']?.[0] ?? '';
    if (isSecure) expect(cookie).toMatch(/^__Host-usher-session=.*; Secure$/);
    else expect(cookie).toMatch(/^usher-session=((?!Secure).)*$/);
    expect((await whoAmI(sessionIn(answer))).status).toBe(200);
  });

  test('on the own connection', () => {
    const socket = Object.assign(new Socket(), { encrypted: true });
    expect(cameOverTls({ headers: {}, socket })).toBe(true);
  });
});

describe('sign-in by link', () => {
  const follow = (code: string) => signInWith(on, { code });

  test('a code opens one session', async () => {
    const code = on.codes.issue(adminToken);
    const answer = await follow(code);
    expect(answer.status).toBe(200);
    expect((await whoAmI(sessionIn(answer))).status).toBe(200);
    const again = await follow(code);
    expect(again.status).toBe(401);
    expect(again.text).toBe('{"error":"login link was used or has expired"}');
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  test('fetching the link, as previews do, does not use it up', async () => {
    const code = on.codes.issue(adminToken);
    const preview = await ask(`${on.url}/login?${code}`);
    expect(preview.text).toContain('the app');
    expect(preview.headers['set-cookie']).toBeUndefined();
    expect((await follow(code)).status).toBe(200);
  });

  test('a code expires after ten minutes', async () => {
    const code = on.codes.issue(adminToken);
    on.knobs.nowMs += 10 * minuteMs;
    expect((await follow(code)).status).toBe(401);
  });

  test('one code too many drops the oldest', async () => {
    const [first = '', ...rest] = Array.from({ length: 17 }, () => on.codes.issue(adminToken));
    expect(on.codes.redeem(first)).toBeUndefined();
    const actors = rest.map(code => on.codes.redeem(code)?.actor);
    expect(actors).toEqual(rest.map(() => adminToken));
  });
});

describe('lifetime of a session', () => {
  test('it ends an hour after its last use', async () => {
    const session = sessionIn(await signIn());
    on.knobs.nowMs += 60 * minuteMs - 1;
    const used = await whoAmI(session);
    expect(used.status).toBe(200);
    on.knobs.nowMs += 1;
    expect((await whoAmI(session)).status).toBe(401);
    expect((await whoAmI({ ...session, cookie: cookieIn(used) })).status).toBe(200);
  });

  test('it ends after twelve hours, however much it is used', async () => {
    const session = sessionIn(await signIn());
    for (let used = 0; used < 23; used++) {
      on.knobs.nowMs += 30 * minuteMs;
      session.cookie = cookieIn(await whoAmI(session)) || session.cookie;
    }
    on.knobs.nowMs += 30 * minuteMs - 1;
    expect((await whoAmI(session)).status).toBe(200);
    on.knobs.nowMs += 1;
    expect((await whoAmI(session)).status).toBe(401);
  });

  test('a young cookie is not renewed', async () => {
    const session = sessionIn(await signIn());
    on.knobs.nowMs += minuteMs - 1;
    expect((await whoAmI(session)).headers['set-cookie']).toBeUndefined();
  });

  test('it ends when its token is revoked', async () => {
    const session = sessionIn(await signIn());
    on.knobs.tokens.delete(adminToken);
    expect((await whoAmI(session)).status).toBe(401);
    expect(await on.manager.callerOf({ ...json, ...session }, '127.0.0.1')).toBeUndefined();
  });

  test('it has the current scopes of its token', async () => {
    const session = sessionIn(await signIn());
    on.knobs.tokens.set(adminToken, [readScope]);
    expect(JSON.parse((await whoAmI(session)).text).scopes).toEqual([readScope]);
  });

  test('a changed cookie, another key or two cookies give no session', async () => {
    const session = sessionIn(await signIn());
    const { cookie } = session;
    const last = cookie.endsWith('A') ? 'B' : 'A';
    const middle = cookie.length - 20;
    const changed = cookie.slice(0, middle) + last.repeat(4) + cookie.slice(middle + 4);
    for (const other of [changed, 'usher-session=short', `${cookie}; ${cookie}`]) {
      expect((await whoAmI({ ...session, cookie: other })).status).toBe(401);
    }
    await on.close();
    const otherKeys = [randomBytes(32)];
    on = await startManager({ sessionKeys: () => otherKeys });
    expect((await whoAmI(session)).status).toBe(401);
  });

  test('another first key ends no session whose key is still there, and seals it again', async () => {
    await on.close();
    const [first, second] = [randomBytes(32), randomBytes(32)];
    let keys = [first];
    on = await startManager({ sessionKeys: () => keys });
    const session = sessionIn(await signIn());
    keys = [second, first];
    on.knobs.nowMs += 10 * minuteMs;
    const renewed = await whoAmI(session);
    expect(renewed.status).toBe(200);
    const cookie = cookieIn(renewed) ?? '';
    keys = [second];
    expect((await whoAmI(session)).status).toBe(401);
    expect((await whoAmI({ ...session, cookie })).status).toBe(200);
  });

  test('while the store is down, the answer is 503', async () => {
    const session = sessionIn(await signIn());
    on.knobs.failure = new Unavailable('no answer');
    expect((await whoAmI(session)).status).toBe(503);
    on.knobs.failure = new Error('a bug with a secret');
    const bug = await whoAmI(session);
    expect(bug.status).toBe(500);
    expect(bug.text).toBe('{"error":"internal error"}');
    // That the store is down is no bug, and its health says it.
    expect(on.knobs.errors).toEqual([on.knobs.failure]);
  });
});

describe('sign-out', () => {
  const signOut = (session: SignedIn, headers: Record<string, string> = json) =>
    ask(`${on.url}/session`, { method: 'DELETE', headers: { ...headers, ...session } });

  test('ends the session for every copy of its cookie', async () => {
    const session = sessionIn(await signIn());
    const answer = await signOut(session);
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^usher-session=; Path=\/; Max-Age=0/);
    expect((await whoAmI(session)).status).toBe(401);
    expect(on.knobs.audited).toEqual(['session.create', 'session.end']);
  });

  test("another site's page cannot sign a visitor out", async () => {
    const session = sessionIn(await signIn());
    expect((await signOut(session, { ...json, 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await whoAmI(session)).status).toBe(200);
  });

  test('that is repeated waits for the end again: the first one may have failed half way', async () => {
    await on.close();
    const ended = rememberEnded(() => undefined);
    let fails = true;
    const endSession: EndedSessions['endSession'] = async (...session) => {
      await ended.endSession(...session);
      if (fails) throw new Unavailable('too few Redis replicas have the change');
    };
    on = await startManager({}, { ...ended, endSession });
    const session = sessionIn(await signIn());
    expect((await signOut(session)).status).toBe(503);
    expect((await whoAmI(session)).status).toBe(401);
    expect((await signOut(session)).status).toBe(503);
    fails = false;
    expect((await signOut(session)).status).toBe(200);
    expect(on.knobs.audited).toEqual(['session.create', 'session.end']);
  });

  test('that the store cannot record fails with 503, and the session stays valid', async () => {
    const session = sessionIn(await signIn());
    on.knobs.failure = new Unavailable('the store is down');
    expect((await signOut(session)).status).toBe(503);
    delete on.knobs.failure;
    expect((await whoAmI(session)).status).toBe(200);
  });
});

test('while the store is down, the status is shown to callers with a session', async () => {
  const session = sessionIn(await signIn());
  on.knobs.failure = new Unavailable('the store is down');
  const status = (headers: Record<string, string>) => ask(`${on.url}/status`, { headers });
  expect((await status({ ...own, ...session })).status).toBe(200);
  expect((await status({ ...own, ...session, cookie: `${session.cookie}x` })).status).toBe(401);
  expect((await status({ ...own, cookie: session.cookie })).status).toBe(401);
  expect((await status({ ...session, 'sec-fetch-site': 'cross-site' })).status).toBe(401);
});
