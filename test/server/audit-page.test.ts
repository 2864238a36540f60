/** The page of the audit log in real Chromium, against a complete server. */

import { readFileSync } from 'node:fs';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccessTokenService, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import {
  axeViolations,
  keepPicture,
  launchChromium,
  looks,
  newVisitor,
} from '../manager/chromium.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let url = '';
let browser: Browser;
let context: BrowserContext;
let page: Page;
let shop = '';
const complaints: string[] = [];
const day = 86_400_000;
const patienceMs = 20_000;

const clientOf = (token: string) =>
  createClient(
    AccessTokenService,
    createConnectTransport({
      baseUrl: url,
      httpVersion: '1.1',
      interceptors: [
        next => request => {
          request.header.set('authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    }),
  );

beforeAll(async () => {
  server = await runServer();
  url = `http://${server.manager}`;
  const admin = clientOf(server.adminToken);
  const robot = await admin.create({
    ...{ kind: Kind.STATIC, name: 'deploy robot', scopes: ['usher.admin'] },
  });
  const made = await admin.create({
    ...{ kind: Kind.JWT, name: 'Web shop', owner: 'payments', scopes: ['orders.read', 'old'] },
  });
  shop = made.accessToken?.id ?? '';
  const byRobot = clientOf(robot.token);
  await byRobot.update({
    accessToken: {
      ...{ id: shop, revision: 1n, owner: 'growth', scopes: ['orders.read', 'orders.write'] },
      expireTime: { seconds: BigInt(Math.floor((server.clock.ms + 90 * day) / 1000)) },
      rateLimit: { requests: 100n, window: { seconds: 60n } },
    },
    updateMask: { paths: ['owner', 'scopes', 'expire_time', 'rate_limit'] },
  });
  const target = { case: 'subject', value: 'user-17' } as const;
  await byRobot.revokeJwts({ id: shop, target, reason: 'lost phone' });
  await byRobot.revokeJwts({ id: shop, target: { case: 'jti', value: 'jwt-9' }, reason: '' });
  await clientOf('wrong')
    .list({})
    .catch(() => undefined);
  browser = await launchChromium();
  ({ context, page } = await newVisitor(browser, 'light', complaints));
  context.setDefaultTimeout(patienceMs);
  await page.goto(`${url}/login#${server.issueLoginCode()}`);
  await page.getByRole('heading', { level: 1, name: 'Access tokens' }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The machine can be slow: as patient as the waits for elements. */
const poll = <T>(read: () => T) => expect.poll(read, { timeout: patienceMs });
const rows = () => page.locator('.audit-event');
const sentences = async () => await page.locator('.audit-sentence').allTextContents();
const open = async (path: string) => {
  await page.goto(url + path);
  await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
  await page.locator('.audit-event, [role=alert], h2').first().waitFor();
};

describe('the log in words', () => {
  test('names who did what, to which access token, and how it changed', async () => {
    await open('/audit');
    await rows().first().waitFor();
    const said = await sentences();
    expect(said).toContain(
      'admin token created Web shop (jwt): owner payments, scopes orders.read old',
    );
    expect(said.find(text => text.includes('changed Web shop'))).toMatch(
      /^deploy robot changed Web shop: owner payments → growth, scopes \+ orders\.write − old, expiry never → .+, rate limit none → 100 a minute$/,
    );
    expect(said).toContain('deploy robot revoked the JWTs of one subject of Web shop: lost phone');
    expect(said).toContain('deploy robot revoked one JWT of Web shop');
    expect(said.some(text => text.startsWith('someone unknown was refused: '))).toBe(true);
    await page.getByText(/^Today, /).waitFor();
  });

  test('links to the access token', async () => {
    await open('/audit');
    await page.getByRole('link', { name: 'Web shop' }).first().click();
    await page.getByText('Web shop').first().waitFor();
    expect(page.url()).toBe(`${url}/tokens/${shop}`);
  });
});

describe('filters', () => {
  test('combine, are in the address, and each can be taken away again', async () => {
    await open('/audit');
    await page.getByLabel('By whom').fill('robot');
    await page.getByRole('button', { name: 'Remove the filter: By robot' }).waitFor();
    await page.getByLabel('What', { exact: true }).selectOption({ label: 'JWTs revoked' });
    await page.getByRole('button', { name: 'Remove the filter: JWTs revoked' }).waitFor();
    await poll(() => rows().count()).toBe(2);
    expect(new URL(page.url()).search).toBe('?by=robot&action=jwt.revoke');
    await page.reload();
    await poll(() => rows().count()).toBe(2);
    await page.getByRole('button', { name: 'Remove the filter: JWTs revoked' }).click();
    await poll(() => rows().count()).toBe(3);
    await page.getByRole('button', { name: 'Clear all' }).click();
    await poll(() => rows().count()).toBeGreaterThan(5);
  });

  test('follow a click on who did it', async () => {
    await open('/audit?outcome=done');
    await page.getByTitle('Only what deploy robot did').first().click();
    await page.getByRole('button', { name: 'Remove the filter: By deploy robot' }).waitFor();
    await poll(() => rows().count()).toBe(3);
  });

  test('that nothing passes say so, and a pasted secret is dropped', async () => {
    await open('/audit?owner=nobody');
    await page.getByText('Nothing matches').waitFor();
    await page.getByLabel('Access token', { exact: true }).fill(server.adminToken.repeat(4));
    await page.getByText('This looks like a secret.').waitFor();
    expect(page.url()).not.toContain('admin-');
  });
});

describe('an entry', () => {
  test('opens by its address, with its neighbours, and its link is copied', async () => {
    await open('/audit');
    await page
      .getByRole('button', { name: /^JWTs revoked: details of entry/ })
      .last()
      .click();
    await page.getByRole('button', { name: 'Copy a link to this entry' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const link = String(await page.evaluate('navigator.clipboard.readText()'));
    expect(link).toMatch(/\/audit\?event=4$/);
    await page.goto(link);
    await page.getByText('Entry 4 and its neighbours.').waitFor();
    expect(await page.locator('.audit-event[data-linked] .audit-sentence').textContent()).toContain(
      'the JWTs of one subject',
    );
    expect(await rows().count()).toBeGreaterThan(4);
    await page.getByText('"action": "jwt.revoke"').waitFor({ state: 'attached' });
    await open('/audit?event=4000');
    await page.getByText('Entry 4000 is not here').waitFor();
  });

  test('says whether it revoked a subject, which is in no address', async () => {
    const asked: string[] = [];
    page.on('request', request => void asked.push(request.url()));
    await open('/audit?event=4');
    const field = page.getByLabel('Is it this one?').first();
    await field.fill('user-17');
    await page.getByRole('button', { name: 'Compare' }).first().click();
    await page.getByText('Yes: this entry revoked the JWTs of this subject.').waitFor();
    await field.fill('user-18');
    await page.getByRole('button', { name: 'Compare' }).first().click();
    await page.getByText('No: this entry revoked something else.').waitFor();
    expect(`${asked}${server.logged}`).not.toContain('user-1');
  });

  test('is found by the jti that it revoked, and marked', async () => {
    await open('/audit');
    await page.getByRole('button', { name: 'Find a revocation' }).click();
    await page.getByLabel('jti or subject').fill('jwt-9');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByText('This entry did:').waitFor();
    await page.getByRole('dialog').getByRole('link', { name: 'Entry 5' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.audit-event[data-marked]').waitFor();
    expect(page.url()).toBe(`${url}/audit`);
  });
});

test('what was added since is counted, and shown when the reader asks', async () => {
  await page.clock.install();
  await open('/audit?token=new');
  await page.getByText('Nothing matches').waitFor();
  const admin = clientOf(server.adminToken);
  for (const n of [1, 2, 3]) await admin.create({ kind: Kind.STATIC, name: `new ${n}` });
  await page.clock.runFor(16_000);
  await page.getByRole('button', { name: '3 new events: show them' }).click();
  await poll(() => rows().count()).toBe(3);
  await page.close();
  page = await context.newPage();
});

describe('a search in a long log', () => {
  test('goes on by itself with its progress, can be stopped, and be continued', async () => {
    let calls = 0;
    const held: (() => void)[] = [];
    await page.route('**/ListAuditEvents', async route => {
      const n = ++calls;
      if (n > 3) await new Promise<void>(resolve => void held.push(resolve));
      await route.fulfill({
        contentType: 'application/json',
        body: JSON.stringify({
          ...{ nextPageToken: n < 6 ? `page ${n}` : '', examined: 10_000, lastSequence: '60000' },
          left: String(60_000 - n * 10_000),
        }),
      });
    });
    await page.goto(`${url}/audit?owner=rare`);
    await page.getByText('0 events; read 30,000 of 60,000 entries').waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    held.splice(0).forEach(release => void release());
    await page.getByText('read 40,000 of 60,000 entries').waitFor();
    await page.getByRole('button', { name: 'Load more' }).click();
    await poll(() => held.length).toBe(1);
    held.splice(0).forEach(release => void release());
    await poll(() => held.length).toBe(1);
    held.splice(0).forEach(release => void release());
    await page.getByText('Nothing matches').waitFor();
    expect(calls).toBe(6);
    await page.unroute('**/ListAuditEvents');
  });

  test('shows an error in its place, and tries again', async () => {
    await page.route('**/ListAuditEvents', route =>
      route.fulfill({
        ...{ status: 400, contentType: 'application/json' },
        body: JSON.stringify({ code: 'permission_denied', message: 'not today' }),
      }),
    );
    await open('/audit');
    await page.getByText('not today').waitFor();
    await page.unroute('**/ListAuditEvents');
    await page.getByRole('button', { name: 'Try again' }).click();
    await rows().first().waitFor();
  });
});

describe('an export', () => {
  const download = async (label: string) => {
    await page.getByRole('button', { name: 'Export' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(label, { exact: true }).click();
    const started = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Export' }).click();
    const file = await started;
    await dialog.getByText(/is in your downloads/).waitFor();
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
  };

  test('as JSON Lines is one that the command line verifies', async () => {
    await open('/audit');
    const { name, text } = await download('JSON Lines');
    expect(name).toMatch(/^usher-audit-\d{8}T\d{4}Z-\d{8}T\d{4}Z\.jsonl$/);
    const verified = await runUsher(['audit', 'verify', '-', '--json'], {}, { stdin: text });
    expect(JSON.parse(verified.out)).toMatchObject({ whole: true });
  });

  test('as CSV holds what the filters choose, in words, and no formula', async () => {
    const admin = clientOf(server.adminToken);
    await admin.create({ kind: Kind.STATIC, name: '=HYPERLINK("http://x")', owner: 'sheet' });
    await open('/audit?owner=sheet');
    const { name, text } = await download('CSV');
    expect(name).toMatch(/\.csv$/);
    const [head, row, ...others] = text.trimEnd().split('\r\n');
    expect(head).toMatch(/^\ufeffsequence,time,who,sentence,/);
    expect(row).toContain('admin token created =HYPERLINK(""http://x"") (static): owner sheet');
    expect(row).toContain(`,"'=HYPERLINK(""http://x"")",`);
    expect(others).toEqual([]);
  });
});

test.each(looks)('it is accessible, and fits: %s', async look => {
  const visitor = await newVisitor(browser, look, complaints);
  await visitor.page.goto(`${url}/login#${server.issueLoginCode()}`);
  await visitor.page.getByRole('heading', { level: 1, name: 'Access tokens' }).waitFor();
  const mistakes: string[] = [];
  const check = async (name: string) => {
    await keepPicture(visitor.page, name, look);
    mistakes.push(...(await axeViolations(visitor.page, look)).map(each => `${name}: ${each}`));
    const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
    if (await visitor.page.evaluate(isWider)) mistakes.push(`${name}: is wider than the screen`);
  };
  await visitor.page.goto(`${url}/audit?by=robot`);
  await visitor.page.locator('.audit-event').first().waitFor();
  await check('audit-filtered');
  await visitor.page.goto(`${url}/audit?event=3`);
  await visitor.page.getByText('Entry 3 and its neighbours.').waitFor();
  await check('audit-entry');
  await visitor.page.getByRole('button', { name: 'Export' }).click();
  await visitor.page.getByRole('dialog').getByText('JSON Lines').waitFor();
  await check('audit-export');
  await visitor.context.close();
  expect(mistakes).toEqual([]);
});

test('the keyboard alone opens the details and filters', async () => {
  await open('/audit');
  await page
    .getByRole('button', { name: /details of entry/ })
    .first()
    .focus();
  await page.keyboard.press('Enter');
  await page.getByText('As JSON, with its hash').first().waitFor();
  await page
    .getByTitle(/^Only what admin token did/)
    .first()
    .focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove the filter: By admin token' }).focus();
  await page.keyboard.press('Enter');
  await poll(() => new URL(page.url()).search).toBe('');
});

test('no page logged an error or broke the content security policy', () => {
  expect(complaints).toEqual([]);
});
