/**
 * A team's day in real Chromium, against a real server with 50,000 access tokens and a real OpenID provider:
 * first visit, invitation, sign-in, search, revocation of thousands, audit log, export, a leak, sign-out.
 */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { freePort } from '../free-port.ts';
import {
  axeViolations,
  type Look,
  launchChromium,
  looks,
  newVisitor,
  overflow,
} from '../manager/chromium.ts';
import { adminOf } from '../server/api.ts';
import { fillStore } from '../server/many-tokens.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';
import { startProvider, type TestProvider } from './openid-provider.ts';
import { accounts, roles } from './with-provider.ts';

const count = 50_000;
/** How many of them one team has. */
const ofTeam = (count / 20).toLocaleString('en');
const inAll = count.toLocaleString('en');
const folder = mkdtempSync(join(tmpdir(), 'usher-team-'));
const leakSecret = `whsec_${randomBytes(32).toString('base64')}`;
const complaints: string[] = [];
let server: TestServer;
let provider: TestProvider;
let browser: Browser;
let url: string;
/** The first administrator, with the login link; Ann, by the provider; Zoë, by an invitation. */
let first: Page;
let ann: Page;
let zoe: Page;

beforeAll(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  provider = await startProvider([url], () => undefined);
  provider.knobs.accounts = accounts;
  await fillStore(`lmdb:${folder}`, count, Date.now());
  const clock = {
    get ms() {
      return Date.now();
    },
  };
  const env = {
    ...provider.env(roles, url),
    ...{ USHER_STORE: `lmdb:${folder}`, USHER_MANAGER_LISTEN: `127.0.0.1:${port}` },
    USHER_LEAK_SECRET: leakSecret,
  };
  server = await runServer(env, clock);
  browser = await launchChromium();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await provider?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function visit(look: Look = 'light'): Promise<Page> {
  const { context, page } = await newVisitor(browser, look, complaints);
  context.setDefaultTimeout(40_000);
  return page;
}

const heading = (page: Page, name: string) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

async function signInByProvider(page: Page): Promise<void> {
  await page.goto(url);
  await page.getByRole('link', { name: /^Sign in with / }).click();
  await heading(page, 'Access tokens');
}

test('first visit: the page asks who one is, and the link of the terminal lets in', async () => {
  first = await visit();
  await first.goto(url);
  await heading(first, 'Sign in');
  await first.goto(`${url}/login#${server.issueLoginCode()}`);
  await first.getByText(`1–50 of ${inAll} in all`, { exact: true }).waitFor();
});

test('an auditor is invited, whose link is not left behind unasked, and comes in by it', async () => {
  await first.getByRole('link', { name: 'People' }).click();
  await first.getByRole('button', { name: 'Invite someone' }).click();
  const dialog = first.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Zoë');
  await dialog.getByRole('radio', { name: 'Auditor' }).check();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = (await first.getByTestId('invite-link').textContent()) ?? '';
  await first.getByRole('button', { name: 'Done' }).click();
  const question = first.getByRole('dialog', { name: 'Leave this page?' });
  await question.getByText('you have not copied it yet').waitFor();
  await question.getByRole('button', { name: 'Stay' }).click();
  await first.getByRole('button', { name: 'Copy link' }).click();
  await first.getByRole('button', { name: 'Done' }).click();
  await first.getByTestId('invite-link').waitFor({ state: 'detached' });

  zoe = await visit();
  await zoe.goto(link);
  await zoe.getByRole('button', { name: 'Sign in as Zoë' }).click();
  await heading(zoe, 'My passkeys');
  // The role shows the audit log, and nothing else.
  expect(await zoe.getByRole('link', { name: 'Access tokens' }).count()).toBe(0);
});

test('someone signs in by the provider, and finds one access token among 50,000', async () => {
  ann = await visit();
  await signInByProvider(ann);
  await ann.getByText('Ann Lee').first().waitFor();
  await ann.getByLabel('Search by name, owner, scope or id', { exact: true }).fill('needle');
  await ann.getByRole('link', { name: 'the needle' }).waitFor();
  await ann.getByText(`1–1 of 1 found, ${inAll} in all`, { exact: true }).waitFor();
});

test('2,500 of an owner are revoked by the keyboard alone, and the progress outlives a reload', async () => {
  await ann.goto(`${url}/?owner=team+7`);
  const everything = ann.getByRole('button', { name: 'Revoke everything of team 7' });
  await everything.waitFor();
  await everything.press('Enter');
  await ann.getByLabel('Reason').focus();
  await ann.keyboard.type('team 7 is dissolved');
  await ann.keyboard.press('Enter');
  const dialog = ann.getByRole('dialog');
  await dialog.getByText(`Revoke ${ofTeam} access tokens of team 7?`).waitFor();
  await dialog.getByLabel(/to confirm/).focus();
  await ann.keyboard.type(ofTeam);
  await ann.keyboard.press('Enter');
  // The dialog may show the progress first; the job's page is what a reload shows again.
  await ann.waitForURL('**/jobs/*');
  await ann.getByText(new RegExp(` of ${ofTeam} done`)).waitFor();
  await ann.reload();
  await ann.getByText(`${ofTeam} of ${ofTeam} done`).waitFor({ timeout: 60_000 });
}, 100_000);

test('the auditor reads who did it and why, and exports it', async () => {
  await zoe.goto(`${url}/audit`);
  await zoe.getByLabel('By whom').fill('Ann Lee');
  await zoe.getByRole('button', { name: 'Remove the filter: By Ann Lee' }).waitFor();
  await zoe
    .getByText(/^Ann Lee revoked worker \d+: team 7 is dissolved$/)
    .first()
    .waitFor();
  await zoe.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    zoe.waitForEvent('download'),
    zoe
      .getByRole('button', { name: /^Export|^Download/ })
      .last()
      .click(),
  ]);
  const text = readFileSync(await download.path(), 'utf8');
  expect(text.match(/team 7 is dissolved/g)?.length).toBeGreaterThanOrEqual(count / 20);
}, 100_000);

test('a reported token is revoked at once, and rings the bell', async () => {
  const { token = '' } = await adminOf(server).create({
    ...{ kind: Kind.STATIC, name: 'in a commit', owner: 'payments', scopes: ['pay'] },
  });
  const findings = [{ credential: token, url: 'https://git.example/x', source: 'git' }];
  const body = JSON.stringify({ findings });
  const at = new Date();
  const id = 'report-1';
  const response = await fetch(`http://${server.http}/leaks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)) },
      'webhook-signature': new Webhook(leakSecret).sign(id, at, body),
    },
    body,
  });
  expect([response.status, await response.json()]).toEqual([200, { outcomes: ['revoked'] }]);
  const bell = ann.getByRole('button', { name: /^Notices: [1-9]/ });
  // The answer of some seconds before is good enough for a bell.
  await until(async () => {
    await ann.goto(url);
    await ann.getByRole('button', { name: /^Notices/ }).waitFor();
    return (await bell.count()) === 1;
  }, 40_000);
  await bell.click();
  const notices = ann.getByRole('dialog', { name: 'Notices' });
  await notices.getByRole('link', { name: /in a commit/ }).click();
  await ann.getByText('in a commit').first().waitFor();
  await ann.goto(`${url}/?q=in+a+commit`);
  await ann
    .getByRole('row', { name: /in a commit/ })
    .getByText('Revoked')
    .waitFor();
}, 60_000);

test.each(looks)(
  'each page of it is accessible, and as wide as the window: %s',
  async look => {
    const page = await visit(look);
    await page.goto(`${url}/sign-in?problem=role`);
    await page.getByText('You have no role here').waitFor();
    expect(await axeViolations(page, look)).toEqual([]);
    await signInByProvider(page);
    for (const [path, text] of [
      ['/', /in all$/],
      ['/people', 'Signed in now'],
      ['/sessions', 'This one'],
      ['/jobs', `Revoke ${ofTeam} access tokens of team 7`],
      ['/audit', /Ann Lee/],
      ['/leaks', 'in a commit'],
    ] as const) {
      await page.goto(url + path);
      await page.locator('main').getByText(text).first().waitFor();
      expect([path, await axeViolations(page, look), await overflow(page)]).toEqual([path, [], 0]);
    }
    await page.context().close();
  },
  120_000,
);

test('a sign-out everywhere ends what is open here and at the provider, and nothing of others', async () => {
  const elsewhere = await visit();
  await signInByProvider(elsewhere);
  await ann.goto(`${url}/sessions`);
  await ann.getByText('This one').waitFor();
  await ann.getByRole('button', { name: 'Sign out everywhere' }).click();
  await ann.waitForURL(/\/session\/end/);
  await elsewhere.reload();
  await heading(elsewhere, 'Sign in');
  await zoe.reload();
  await heading(zoe, 'Audit log');
});

test('no page logged an error', () => {
  expect(complaints).toEqual([]);
});
