/** Fifty thousand access tokens in real Chromium, against a complete server, on both stores. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccessTokenService, Field, Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { axeViolations, launchChromium, looks, newVisitor } from '../manager/chromium.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { fillStore } from './many-tokens.ts';
import { runServer, type TestServer } from './run-server.ts';

const count = 50_000;
const folder = mkdtempSync(join(tmpdir(), 'usher-list-'));
let redis: RedisServer;
let browser: Browser;
beforeAll(async () => {
  redis = await startRedis();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['LMDB', 'Redis'])('the list over %s', kind => {
  let server: TestServer;
  let context: BrowserContext;
  let page: Page;
  let url: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    const store = kind === 'Redis' ? `redis://127.0.0.1:${redis.port}` : `lmdb:${folder}`;
    await fillStore(store, count, Date.now());
    server = await runServer({ USHER_STORE: store, USHER_STORE_TIMEOUT_MS: '10000' });
    url = `http://${server.manager}`;
    ({ context, page } = await newVisitor(browser, 'light', complaints));
    await page.goto(`${url}/login#${server.issueLoginCode()}`);
    await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
  }, 180_000);
  afterAll(async () => {
    await context?.close();
    await server?.stop();
  });

  const status = (text: string) => page.getByRole('status').getByText(text, { exact: true });
  const row = (n: number) => page.locator('tbody tr').nth(n).getByRole('link');

  test('the first page is there at once, with how many there are', async () => {
    await status('1–50 of 50,000 in all').waitFor();
    expect(await row(0).textContent()).toBe(`worker ${count - 1}`);
    await page.getByRole('button', { name: 'Next' }).click();
    await status('51–100 of 50,000 in all').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(50);
  });

  test('a search goes on by itself until it has found the oldest one', async () => {
    const search = page.getByLabel('Search by name, owner, scope or id', { exact: true });
    await search.fill('needle');
    await status('1–1 of 1 found, 50,000 in all').waitFor();
    expect(await row(0).textContent()).toBe('the needle');
    expect(new URL(page.url()).search).toBe('?q=needle');
    await search.fill('no such thing');
    await page.getByText('None of the 50,000 access tokens has this text.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await status('1–50 of 50,000 in all').waitFor();
  });

  test('a search can be stopped, and goes on from there', async () => {
    let searched = 0;
    let pageTokens: string[] = [];
    await page.route('**/usher.v1.AccessTokenService/List', async route => {
      pageTokens.push(route.request().postDataJSON().pageToken ?? '');
      searched += 1000;
      const nextPageToken = `after ${searched}`;
      const counts = { totalSize: '50000', searchedSize: String(searched), matchingSize: '0' };
      await route.fulfill({ json: { nextPageToken, ...counts } });
    });
    await page.goto(`${url}/?q=needle`);
    await page.getByText(/^Searched \d+,000 of 50,000, 0 found$/).waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('heading', { name: 'Nothing found so far' }).waitFor();
    const stoppedAt = `after ${searched}`;
    await page.unroute('**/usher.v1.AccessTokenService/List');
    pageTokens = [];
    page.on('request', request => {
      if (request.url().endsWith('/List')) pageTokens.push(request.postDataJSON().pageToken);
    });
    await page.getByRole('button', { name: 'Search on' }).first().click();
    await expect.poll(() => pageTokens[0]).toBe(stoppedAt);
    await page.goto(url);
    await status('1–50 of 50,000 in all').waitFor();
  });

  test('a click on a head sorts, and a second one the other way', async () => {
    const head = page.getByRole('columnheader', { name: 'Name' });
    expect(await head.getAttribute('aria-sort')).toBe('none');
    await head.getByRole('button').click();
    await page.locator('th[aria-sort=ascending]').waitFor();
    await page.getByRole('link', { name: 'the needle' }).waitFor();
    expect(await row(0).textContent()).toBe('the needle');
    await head.getByRole('button').click();
    await page.locator('th[aria-sort=descending]').waitFor();
    await page.getByRole('link', { name: 'worker 9999', exact: true }).waitFor();
    expect(page.url()).toContain('sort=-name');
  });

  test('the keyboard alone picks an owner, who is found by typing', async () => {
    await page.goto(url);
    const owner = page.getByRole('combobox', { name: 'Owner' });
    await owner.focus();
    await page.keyboard.type('RARE');
    await page.getByRole('option', { name: 'rare team 3' }).waitFor();
    // The list of before may have it too.
    const offered = page.getByRole('listbox').getByRole('option');
    await expect.poll(() => offered.count(), { timeout: 20_000 }).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await status('1–3 of 3 found, 50,000 in all').waitFor();
    expect(new URL(page.url()).search).toBe('?owner=rare+team');
    await page.reload();
    await status('1–3 of 3 found, 50,000 in all').waitFor();
    expect(await owner.inputValue()).toBe('rare team');
  });

  test('what is unused for long, and what expires, is told as it is', async () => {
    await page.goto(`${url}/?unused=90`);
    await status('1–50 of 49,500 found, 50,000 in all').waitFor();
    await page.goto(`${url}/?sort=expiry`);
    await page.getByRole('heading', { name: 'None expires' }).waitFor();
    await page.getByText('none of the 50,000 has one').waitFor();
    await page.getByRole('button', { name: 'Show all, newest first' }).click();
    await status('1–50 of 50,000 in all').waitFor();
  });

  test('the columns are the reader’s choice, which stays', async () => {
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'Made by' }).check();
    await page.getByRole('checkbox', { name: 'Scopes' }).uncheck();
    await page.keyboard.press('Escape');
    await page.getByRole('cell', { name: 'admin token' }).first().waitFor();
    await page.reload();
    await page.getByRole('columnheader', { name: 'Made by' }).waitFor();
    expect(await page.getByRole('columnheader', { name: 'Scopes' }).count()).toBe(0);
  });

  test('a caller with an owner sees its own alone, and as fast', async () => {
    const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1' });
    const tokens = createClient(AccessTokenService, transport);
    const asAdmin = { headers: { authorization: server.adminToken } };
    const { token } = await tokens.create(
      { kind: Kind.STATIC, name: 'viewer', owner: 'rare team', scopes: ['usher.tokens.read'] },
      asAdmin,
    );
    const asOwner = { headers: { authorization: token } };
    const page = await tokens.list({ text: 'worker' }, asOwner);
    expect(page.accessTokens.map(({ owner }) => owner)).toEqual(Array(3).fill('rare team'));
    expect(page).toMatchObject({ totalSize: 4n, matchingSize: 3n, nextPageToken: '' });
    const owners = await tokens.listValues({ field: Field.OWNER }, asOwner);
    expect(owners.values).toMatchObject([{ value: 'rare team', size: 4n }]);
  });

  test.each(looks)(
    'nothing is cut off or hard to reach: %s',
    async look => {
      const visitor = await newVisitor(browser, look, complaints);
      const other = visitor.page;
      await other.goto(`${url}/login#${server.issueLoginCode()}`);
      await other.getByText(/in all$/).waitFor();
      await other.getByRole('combobox', { name: 'Scope' }).focus();
      await other
        .getByRole('option', { name: /^orders:/ })
        .first()
        .waitFor();
      expect(await axeViolations(other, look)).toEqual([]);
      await other.keyboard.press('Escape');
      await other.getByRole('button', { name: 'Columns' }).click();
      await other.getByRole('checkbox', { name: 'Created' }).waitFor();
      expect(await axeViolations(other, look)).toEqual([]);
      expect(
        await other.evaluate('document.documentElement.scrollWidth <= window.innerWidth'),
      ).toBe(true);
      await visitor.context.close();
    },
    120_000,
  );

  test('no page logged an error', () => {
    expect(complaints).toEqual([]);
  });
});
