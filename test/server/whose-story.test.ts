/** "Whose is this?" and the leaks, in real Chromium against the whole server. */

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import {
  axeViolations,
  keepPicture,
  launchChromium,
  looks,
  newVisitor,
} from '../manager/chromium.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

const leakSecret = `whsec_${randomBytes(32).toString('base64')}`;
let server: TestServer;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];
/** The addresses of all requests of the browser. */
const asked: string[] = [];
const pasted: string[] = [];

beforeAll(async () => {
  server = await runServer({ USHER_LEAK_SECRET: leakSecret, USHER_TOKEN_PREFIX: 'acme' });
  browser = await launchChromium();
  ({ context, page } = await newVisitor(browser, 'light', complaints));
  page.on('request', request => asked.push(request.url()));
  await page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
  await page.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function make(kind: Kind, name: string) {
  const made = await adminOf(server).create({
    kind,
    name,
    owner: 'payments',
    scopes: ['orders:read'],
  });
  return { id: made.accessToken?.id ?? '', secret: made.token || made.secret };
}

/** A JWT without a jti, as its holder signs it. */
function sign(kid: string, key: string, sub: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 600;
  const input = `${encode({ alg: 'HS256', kid })}.${encode({ sub, exp })}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

const statusOf = async (token: string) => {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`http://${server.http}/`, { headers })).status;
};

/** Pastes a text by keyboard alone, and searches for it. */
async function ask(text: string): Promise<void> {
  pasted.push(text);
  await page.getByLabel('What you found').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Enter');
}

const copy = (text: string) =>
  page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);

async function report(...credentials: string[]): Promise<void> {
  const findings = credentials.map(credential => {
    return { credential, url: 'https://paste.example/a?b=c', source: 'commit' };
  });
  const body = JSON.stringify({ findings });
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': new Webhook(leakSecret).sign('msg_1', new Date(), body),
  };
  const answer = await fetch(`http://${server.http}/leaks`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
}

test('a whole token is found by keyboard, and its access token revoked from there', async () => {
  const { secret } = await make(Kind.STATIC, 'billing worker');
  expect(secret).toMatch(/^acme_/);
  await page.getByRole('link', { name: 'Whose is this?' }).click();
  await page.getByText('Nothing searched yet').waitFor();
  await ask(`Authorization: Bearer ${secret}`);
  const card = page.getByRole('article', { name: 'billing worker' });
  await card.getByText('This is its token. Anyone who has it can use it.').waitFor();
  await card.getByText('payments').waitFor();
  await card.getByText('Active').waitFor();
  expect(page.url()).toBe(`http://${server.manager}/whose`);
  await card.getByRole('button', { name: 'Revoke the access token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Type').fill('billing worker');
  await dialog.getByLabel('Reason').fill('found in a ticket');
  await dialog.getByRole('button', { name: 'Revoke permanently' }).click();
  await card.getByText('Revoked', { exact: true }).first().waitFor();
  await card.getByText('found in a ticket').waitFor();
  expect(await statusOf(secret)).toBe(401);
});

test('a credential that is pasted into the search of the list is looked up instead', async () => {
  const { id, secret } = await make(Kind.STATIC, 'pasted elsewhere');
  expect(await statusOf(secret)).toBe(200);
  pasted.push(secret);
  await page.getByRole('link', { name: 'Access tokens' }).click();
  await copy(secret);
  await page.getByLabel('Search by name, owner, scope or id').focus();
  await page.keyboard.press('Control+V');
  await page.getByRole('article', { name: 'pasted elsewhere' }).waitFor();
  expect(page.url()).toBe(`http://${server.manager}/whose`);
  await page.goBack();
  await copy(id);
  await page.getByLabel('Search by name, owner, scope or id').focus();
  await page.keyboard.press('Control+V');
  await page.waitForURL(`**/?q=${id}`);
  await page.goto(`http://${server.manager}/whose`);
});

test('a part of a token, a kid and a secret key are found too; a guess is not', async () => {
  const fixed = await make(Kind.STATIC, 'nightly export');
  await ask(fixed.secret.slice(0, 29));
  await page.getByText('This names the access token, but is refused').waitFor();
  const jwt = await make(Kind.JWT, 'checkout web');
  await ask(jwt.id.toUpperCase());
  await page.getByText('This is the id of an access token').waitFor();
  await ask(jwt.secret);
  const card = page.getByRole('article', { name: 'checkout web' });
  await card.getByText('This is its secret key. Anyone who has it can sign JWTs.').waitFor();
  await page.getByText(/^\d access tokens searched$/).waitFor();
  await ask('nothing-that-anyone-knows-0123456789');
  await page.getByText('No access token was found').waitFor();
  expect(await page.getByRole('article').count()).toBe(0);
});

test('a JWT without a jti is revoked alone', async () => {
  const { id, secret } = await make(Kind.JWT, 'mobile app');
  const [leaked, other] = [sign(id, secret, 'ann'), sign(id, secret, 'bob')];
  await ask(leaked);
  const card = page.getByRole('article', { name: 'mobile app' });
  await card.getByText('This is a JWT that its secret key signed.').waitFor();
  await card.getByRole('button', { name: 'Revoke this JWT alone' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke this JWT' }).click();
  await page.getByText('Usher refuses this JWT from now on.').waitFor();
  expect([await statusOf(leaked), await statusOf(other)]).toEqual([401, 200]);
});

test('a long search shows how far it is, and can be stopped', async () => {
  const items = Array.from({ length: 500 }, (_, n) => {
    return {
      name: `old ${n}`,
      secret: { case: 'token', value: randomBytes(24).toString('hex') },
    } as const;
  });
  await adminOf(server).import({ items, requestId: randomUUID() });
  await page.getByRole('button', { name: 'Clear' }).click();
  let asks = 0;
  const lookup = '**/usher.v1.AccessTokenService/Lookup';
  // The second page of the search is never answered.
  await page.route(lookup, route => (++asks === 1 ? route.continue() : undefined));
  await ask('a-secret-key-of-nobody-0123456789-0123456789');
  await page.getByText('500 access tokens searched so far').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped: 500 access tokens searched').waitFor();
  await page.unroute(lookup);
  await ask('a-secret-key-of-nobody-0123456789-0123456789');
  await page.getByText('No access token was found').waitFor();
  await page.getByText(/^5\d\d access tokens searched$/).waitFor();
});

test('a reported leak is shown on its page and in the list, and dismissed', async () => {
  const { id, secret } = await make(Kind.STATIC, 'data lake');
  const key = await make(Kind.JWT, 'partner');
  await report(secret, sign(key.id, key.secret, 'cat'), server.adminToken);
  pasted.push(secret, server.adminToken);
  await page.goto(`http://${server.manager}/tokens/${id}`);
  const banner = page.getByRole('region', { name: 'Leaks' });
  await banner.getByText('The token leaked').waitFor();
  await banner.getByText('The access token was revoked.').waitFor();
  await page.getByRole('link', { name: 'Leaks', exact: true }).click();
  await page.getByText('Usher cannot revoke it: it is a setting').waitFor();
  const partner = page.getByRole('article').filter({ hasText: 'partner' });
  await partner.getByText('the access token stays active').waitFor();
  const link = partner.getByRole('link', { name: 'https://paste.example/a?b=c' });
  expect(await link.getAttribute('rel')).toContain('noreferrer');
  await partner.getByRole('button', { name: 'It is taken care of' }).click();
  await partner.waitFor({ state: 'detached' });
  await page.getByRole('switch', { name: 'Also dismissed ones' }).press('Space');
  await partner.getByText('Dismissed by admin token').waitFor();
});

test.each(looks)('both pages are accessible, and nothing is cut off: %s', async look => {
  const jwt = await make(
    Kind.JWT,
    `a_name_without_any_blank_that_is_nearly_as_long_as_it_can_be_${look}`,
  );
  const token = sign(jwt.id, jwt.secret, 'ann');
  pasted.push(token);
  const visitor = await newVisitor(browser, look, complaints);
  const shown = visitor.page;
  await shown.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
  await shown.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
  await shown.goto(`http://${server.manager}/whose`);
  await shown.getByLabel('What you found').fill(token);
  await shown.getByRole('button', { name: 'Find' }).click();
  await shown.getByRole('article').waitFor();
  await keepPicture(shown, 'whose', look);
  expect(await axeViolations(shown, look)).toEqual([]);
  expect(await overflow(shown)).toBe(0);
  await shown.goto(`http://${server.manager}/leaks`);
  await shown.getByText('cannot revoke it').waitFor();
  await keepPicture(shown, 'leaks', look);
  expect(await axeViolations(shown, look)).toEqual([]);
  expect(await overflow(shown)).toBe(0);
  await visitor.context.close();
});

/** How far the page can be scrolled sideways, in pixels. */
function overflow(shown: Page): Promise<number> {
  return shown.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}

test('nothing that was pasted is in an address, the history, the log or the storage', async () => {
  const urls = asked.join('\n');
  const kept = JSON.stringify(await context.storageState());
  const { events } = await adminOf(server).listAuditEvents({ pageSize: 1000 });
  const log = JSON.stringify(events, (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const secrets = pasted.filter(text => !/^[0-9A-F-]{36}$/.test(text));
  expect(secrets.length).toBeGreaterThan(5);
  for (const text of secrets) {
    for (const place of [urls, kept, log, server.logged.join('\n')]) {
      expect(place).not.toContain(text.replace(/^Authorization: Bearer /, ''));
    }
  }
  expect(complaints).toEqual([]);
});
