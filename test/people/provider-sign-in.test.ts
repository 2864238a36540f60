/** Sign-in by a real OpenID provider, over whole servers, with plain requests. */

import { expect, test } from 'vitest';
import { PeopleService } from '../../src/gen/usher/v1/people_pb.ts';
import { adminOf, clientOf } from '../server/api.ts';
import type { TestServer } from '../server/run-server.ts';
import { createBrowser, type PlainBrowser } from './browser-requests.ts';
import type { ProviderKnobs } from './openid-provider.ts';
import { begin } from './with-provider.ts';

/** Signs in up to the page's address, whose fragment is the code. */
async function toCode(browser: PlainBrowser, url: string): Promise<string> {
  const { url: at } = await browser.open(`${url}/sign-in/provider`, to =>
    /\/login#|problem=/.test(to),
  );
  return at;
}

/** What the page learns of its session. */
interface Session {
  actor: string;
  name: string;
  owners?: string[];
  scopes: string[];
  pageSecret: string;
}

async function signIn(browser: PlainBrowser, url: string) {
  const code = new URL(await toCode(browser, url)).hash.slice(1);
  const answer = await browser.send(`${url}/session`, 'POST', { code });
  return { code, status: answer.status, session: (await answer.json()) as Session };
}

async function problemOf(url: string, browser = createBrowser()): Promise<string | null> {
  return new URL(await toCode(browser, url)).searchParams.get('problem');
}

const eventsOf = async (server: TestServer) =>
  (await adminOf(server).listAuditEvents({ oldestFirst: true })).events;

test('a person signs in with the role of the rule, and is who did it', async () => {
  const { url, server } = await begin();
  const browser = createBrowser();
  const { status, session } = await signIn(browser, url);
  expect(status).toBe(200);
  expect(session).toMatchObject({ name: 'Ann Lee', scopes: ['usher.admin'] });
  expect(session.actor).toMatch(/^person:[0-9a-f-]{36}$/);
  expect(session.owners).toBeUndefined();
  const created = await browser.send(
    `${url}/usher.v1.AccessTokenService/Create`,
    'POST',
    { kind: 'KIND_STATIC', name: 'by ann' },
    session.pageSecret,
  );
  expect(created.status).toBe(200);
  expect(await eventsOf(server)).toMatchObject([
    { action: 'person.create', actor: session.actor, detail: `Ann Lee (${session.actor})` },
    { action: 'session.create', actor: session.actor, detail: 'provider' },
    { action: 'token.create', actor: session.actor },
  ]);
});

test('such a person registers no passkey, which would let them in past the provider', async () => {
  const { url } = await begin();
  const browser = createBrowser();
  const { session } = await signIn(browser, url);
  const asked = await browser.send(`${url}/passkeys/begin`, 'POST', {}, session.pageSecret);
  expect([asked.status, await asked.json()]).toEqual([
    400,
    { error: 'people who sign in by the provider have no passkeys' },
  ]);
});

test('a keeper has the owners of the rule; a second sign-in is the same person', async () => {
  const { url, provider } = await begin();
  provider.knobs.account = 'bob';
  const first = await signIn(createBrowser(), url);
  expect(first.session).toMatchObject({ name: 'Bob', owners: ['payments', 'billing'] });
  expect(first.session.scopes).toContain('usher.tokens.write');
  const second = await signIn(createBrowser(), url);
  expect(second.session.actor).toBe(first.session.actor);
});

test('only an address that the provider has verified counts', async () => {
  const { url, provider, server } = await begin();
  provider.knobs.account = 'eve';
  expect(await problemOf(url)).toBe('role');
  expect((await eventsOf(server)).at(-1)).toMatchObject({
    action: 'call.refused',
    detail: 'GET /sign-in/callback: no rule of USHER_OIDC_ROLES gives them a role',
  });
  provider.knobs.account = 'fay';
  expect((await signIn(createBrowser(), url)).session.scopes).toEqual(['usher.tokens.read']);
});

test('a code opens one session, in the browser that signed in', async () => {
  const { url } = await begin();
  const browser = createBrowser();
  const code = new URL(await toCode(browser, url)).hash.slice(1);
  const stranger = createBrowser();
  expect((await stranger.send(`${url}/session`, 'POST', { code })).status).toBe(401);
  const answers = await Promise.all(
    [1, 2, 3].map(() => browser.send(`${url}/session`, 'POST', { code })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
});

test('an answer of the provider is good once, and in one browser', async () => {
  const { url } = await begin();
  const browser = createBrowser();
  const { url: callback } = await browser.open(`${url}/sign-in/provider`, to =>
    to.includes('/sign-in/callback'),
  );
  const kept = new Map(browser.cookies);
  const problemAt = async (at: string, by = browser) => {
    const { url: end } = await by.open(at, to => /\/login#|problem=/.test(to));
    return new URL(end).searchParams.get('problem') ?? new URL(end).pathname;
  };
  expect(await problemAt(callback, createBrowser())).toBe('expired');
  const other = new URL(callback);
  other.searchParams.set('iss', 'https://other.example.com');
  expect(await problemAt(other.href)).toBe('state');
  for (const [name, value] of kept) browser.cookies.set(name, value);
  const wrong = new URL(callback);
  const state = wrong.searchParams.get('state') ?? '';
  wrong.searchParams.set('state', `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`);
  expect(await problemAt(wrong.href)).toBe('state');
  for (const [name, value] of kept) browser.cookies.set(name, value);
  expect(await problemAt(callback)).toBe('/login');
  expect(await problemAt(callback)).toBe('expired');
  for (const [name, value] of kept) browser.cookies.set(name, value);
  expect(await problemAt(callback)).toBe('code');
});

test.each<[string, string, (knobs: ProviderKnobs) => void]>([
  ['declines', 'declined', knobs => Object.assign(knobs, { declines: true })],
  [
    'has a clock that is an hour ahead',
    'clock',
    knobs => {
      knobs.alter = claims => ({
        ...claims,
        iat: Number(claims.iat) + 3600,
        exp: Number(claims.exp) + 3600,
        nbf: Number(claims.iat) + 3600,
      });
    },
  ],
  [
    'has a clock that is an hour behind',
    'clock',
    knobs => {
      knobs.alter = claims => ({
        ...claims,
        iat: Number(claims.iat) - 3600,
        exp: Number(claims.exp) - 3600,
      });
    },
  ],
  [
    'answers with another nonce',
    'answer',
    knobs => {
      knobs.alter = claims => ({ ...claims, nonce: 'another' });
    },
  ],
  [
    'answers without a nonce',
    'answer',
    knobs => {
      knobs.alter = ({ nonce: _nonce, ...claims }) => claims;
    },
  ],
  [
    'answers as another issuer',
    'answer',
    knobs => {
      knobs.alter = claims => ({ ...claims, iss: 'https://other.example.com' });
    },
  ],
  [
    'answers for another client',
    'answer',
    knobs => {
      knobs.alter = claims => ({ ...claims, aud: 'another' });
    },
  ],
  ['signs with another key', 'answer', knobs => Object.assign(knobs, { signsWithOtherKey: true })],
])('a provider that %s: the page says so, and no session is opened', async (_, problem, set) => {
  const { url, provider, server } = await begin();
  set(provider.knobs);
  const browser = createBrowser();
  expect(await problemOf(url, browser)).toBe(problem);
  expect([...browser.cookies.keys()].filter(name => name.startsWith('usher'))).toEqual([]);
  const actions = (await eventsOf(server)).map(({ action }) => action);
  expect(actions).toEqual(['call.refused']);
});

test('a provider that is down, slow or broken delays nothing else, and is asked again', async () => {
  const { url, provider, server } = await begin({ USHER_OUTBOUND_TIMEOUT_MS: '300' });
  provider.knobs.isHanging = true;
  expect(await problemOf(url)).toBe('unreachable');
  Object.assign(provider.knobs, { isHanging: false, isBroken: true });
  expect(await problemOf(url)).toBe('unreachable');
  expect(server.logged.some(line => line.includes('a sign-in by the provider failed'))).toBe(true);
  provider.knobs.isBroken = false;
  expect((await signIn(createBrowser(), url)).status).toBe(200);
});

test('someone who is disabled is not let in', async () => {
  const { url, server } = await begin();
  const { session } = await signIn(createBrowser(), url);
  const people = clientOf(PeopleService, server.manager, server.adminToken);
  await people.updatePerson({ person: { id: session.actor.split(':')[1] ?? '' }, disabled: true });
  expect(await problemOf(url)).toBe('disabled');
  expect((await eventsOf(server)).at(-1)).toMatchObject({
    ...{ action: 'call.refused', actor: session.actor },
    detail: 'GET /sign-in/callback: they are disabled',
  });
});

test('a sign-in that was begun ten minutes ago is over', async () => {
  const { url, server } = await begin();
  const browser = createBrowser();
  const { url: callback } = await browser.open(`${url}/sign-in/provider`, to =>
    to.includes('/sign-in/callback'),
  );
  server.clock.ms += 600_000;
  const { url: end } = await browser.open(callback, to => to.includes('problem='));
  expect(new URL(end).searchParams.get('problem')).toBe('expired');
});

test('another page cannot begin a sign-in', async () => {
  const { url } = await begin();
  const answer = await fetch(`${url}/sign-in/provider`, {
    headers: { 'sec-fetch-site': 'cross-site' },
    redirect: 'manual',
  });
  expect(answer.headers.get('location')).toBe('/sign-in');
});

test('the sign-out also ends the session at the provider', async () => {
  const { url, provider } = await begin();
  const browser = createBrowser();
  const { session } = await signIn(browser, url);
  const answer = await browser.send(`${url}/session`, 'DELETE', undefined, session.pageSecret);
  const { providerUrl } = (await answer.json()) as { providerUrl: string };
  const at = new URL(providerUrl);
  expect(`${at.origin}${at.pathname}`).toBe(`${provider.issuer}/session/end`);
  expect(at.searchParams.get('post_logout_redirect_uri')).toBe(`${url}/`);
  expect(at.searchParams.get('id_token_hint')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const asked = await browser.send(`${url}/session`, 'GET', undefined, session.pageSecret);
  expect(asked.status).toBe(401);
});

test('no code, token, secret or claim is in the log', async () => {
  const { url, server, provider } = await begin();
  const { code, session } = await signIn(createBrowser(), url);
  provider.knobs.account = 'eve';
  await problemOf(url);
  const events = JSON.stringify(await eventsOf(server), (_, value) => `${value}`);
  const text = `${server.logged.join('\n')} ${events}`;
  for (const secret of [code, session.pageSecret, 'a-secret-of', 'eve@example.com', 'admins']) {
    expect(text).not.toContain(secret);
  }
});

test('at another name the sign-in is sent on, once, to the address that the provider knows', async () => {
  const { url } = await begin({ USHER_MANAGER_URL: 'http://usher.example.com' });
  const answer = await fetch(`${url}/sign-in/provider`, { redirect: 'manual' });
  const location = answer.headers.get('location') ?? '';
  expect(location).toBe('http://usher.example.com/sign-in/provider?sent-on');
  // Behind a proxy that sends its own host, no circle.
  const again = await fetch(`${url}/sign-in/provider?sent-on`, { redirect: 'manual' });
  expect(again.headers.get('location')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/auth\?/);
});

test('who makes answers up is slowed as one who guesses', async () => {
  const { url, provider } = await begin({ USHER_GUESSES_PER_MINUTE_MAX: '5' });
  const browser = createBrowser();
  const { url: asked } = await browser.open(`${url}/sign-in/provider`, to => to.includes('state='));
  const state = new URL(asked).searchParams.get('state') ?? '';
  const cookies = new Map(browser.cookies);
  const problems = new Set<string | null>();
  for (let n = 0; n < 12 && !problems.has('slowed'); n++) {
    for (const [each, value] of cookies) browser.cookies.set(each, value);
    const made = `${url}/sign-in/callback?code=made-up&state=${state}&iss=${provider.issuer}`;
    const { url: end } = await browser.open(made, to => to.includes('problem='));
    problems.add(new URL(end).searchParams.get('problem'));
  }
  expect([...problems]).toEqual(['code', 'slowed']);
});
