/** The web app in unusual conditions: no mouse, no store, many tokens, pages of other origins. */

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { ask } from './ask.ts';
import { launchChromium, newVisitor } from './chromium.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { addToken, seed } from './fake-state.ts';

/** Registers the tests; `webFolder` is called when they run. */
export function playSurprises(webFolder: () => string): void {
  describe('in unusual conditions', () => {
    let fake: FakeManager;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    beforeAll(async () => {
      browser = await launchChromium();
    });
    afterAll(() => browser?.close());
    beforeEach(async () => {
      fake = await startFakeManager({ webFolder: webFolder() });
      ({ context, page } = await newVisitor(browser, 'light'));
      await page.goto(fake.loginLink());
      await page.getByRole('heading', { level: 1 }).waitFor();
    });
    afterEach(async () => {
      await context.close();
      await fake.close();
    });
    const rpc = (name: string) => `**/usher.v1.AccessTokenService/${name}`;
    const unavailable = { code: 'unavailable', message: 'the store cannot be reached' };

    test('an admin token signs in; a wrong one shows an error', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      const field = page.getByLabel('Admin token', { exact: true });
      await field.fill('wrong');
      await page.keyboard.press('Enter');
      await page.getByText('token is not valid').waitFor();
      await field.fill(fake.adminToken);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
      expect(await page.content()).not.toContain(fake.adminToken);
    });

    test('a failed sign-out shows an error, and can be tried again', async () => {
      await page.route('**/session', route =>
        route.request().method() === 'DELETE' ? route.fulfill({ status: 503 }) : route.continue(),
      );
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are still signed in').waitFor();
      await page.unroute('**/session');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Admin token', { exact: true }).waitFor();
    });

    test('a caller with an owner must choose an access token to see its audit log', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'owned' });
      await page.route('**/session', async route => {
        const answer = await route.fetch();
        await route.fulfill({ json: { ...(await answer.json()), owners: ['payments'] } });
      });
      await page.goto(`${fake.url}/audit`);
      await page.getByRole('heading', { name: 'Which access token?' }).waitFor();
      await page.getByPlaceholder('Only events of the access token').fill(entry.token.id);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'No events yet' }).waitFor();
    });

    test('an empty list offers to create the first access token', async () => {
      await page.getByText('No access tokens yet').waitFor();
      await page.getByRole('link', { name: 'New access token' }).last().click();
      await page.getByRole('heading', { name: 'New access token' }).waitFor();
    });

    test('the keyboard alone is enough', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'by keyboard' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      const rotate = page.getByRole('button', { name: 'Rotate' });
      await rotate.waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate('location.hash')).toBe('#main');
      await rotate.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog');
      await dialog.waitFor();
      await dialog.locator(':focus').waitFor();
      for (let presses = 0; presses < 8; presses++) await page.keyboard.press('Tab');
      expect(await dialog.locator(':focus').count()).toBe(1);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.locator('button:focus', { hasText: 'Rotate' }).waitFor();
    });

    test('a change without an answer is retried with its request id, applied once', async () => {
      const requests: Request[] = [];
      await page.route(rpc('Create'), async route => {
        requests.push(route.request());
        // The first request is executed, but its answer is lost.
        const answer = await route.fetch();
        if (requests.length > 1) return route.fulfill({ response: answer });
        return route.fulfill({ status: 503, json: unavailable });
      });
      await page.goto(`${fake.url}/tokens/new`);
      await page.getByLabel('Name').fill('only once');
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.getByTestId('secret').waitFor();
      const ids = requests.map(request => request.postDataJSON().requestId);
      expect(ids).toHaveLength(2);
      expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(ids[1]).toBe(ids[0]);
      expect(fake.state.entries.size).toBe(1);
    });

    test('a store that is down is shown as an error, with a button to try again', async () => {
      seed(fake.state, 3);
      await page.route(rpc('List'), route => route.fulfill({ status: 503, json: unavailable }));
      await page.goto(fake.url);
      await page.getByRole('alert').getByText('The store cannot be reached').waitFor();
      await page.unroute(rpc('List'));
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByText('1–3 of 3 in all').waitFor();
    });

    test('a change of an old revision is refused with an explanation', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'contested' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      entry.token.revision += 1n;
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('mine');
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('Someone else changed it in the meantime').waitFor();
      expect(entry.token.name).toBe('contested');
    });

    test('a hundred thousand tokens are listed page by page, filtered and searched', async () => {
      for (let place = 0; place < 100_000; place++) {
        addToken(fake.state, place % 2 ? Kind.JWT : Kind.STATIC, { name: `token ${place}` });
      }
      await page.goto(fake.url);
      await page.getByText('1–50 of 100,000 in all').waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('51–100 of 100,000 in all').waitFor();
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.getByText('1–50 of 100,000 in all').waitFor();
      await page.getByText('JWT', { exact: true }).click();
      await page.waitForURL(/kind=jwt/);
      const search = page.getByLabel('Search by name, owner, scope or id', { exact: true });
      await search.fill('token 77777');
      await page.getByText('1–1 of 1 found, 100,000 in all').waitFor();
      await page.getByRole('link', { name: 'token 77777' }).waitFor();
    });

    test('a token pasted into the search reaches neither the URL nor the server', async () => {
      const asked: string[] = [];
      page.on('request', request => asked.push(request.url() + (request.postData() ?? '')));
      const secret = `ush_${'a'.repeat(22)}_${'b'.repeat(49)}`;
      await page.getByLabel('Search by name, owner, scope or id', { exact: true }).fill(secret);
      await page.getByText('This looks like a secret').waitFor();
      expect(await page.content()).not.toContain(secret);
      expect(page.url()).not.toContain('ush_');
      expect(asked.join()).not.toContain(secret);
    });

    test("a page of another origin can't act with the session", async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'attacked' });
      const server = createServer((_, res) => res.end('<p>another origin'));
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const foreign = await context.newPage();
      await foreign.goto(`http://127.0.0.1:${port}/`);
      // Another port is the same site: the browser sends the cookie, which must not be enough.
      await foreign.evaluate(
        `fetch('${fake.url}/usher.v1.AccessTokenService/Revoke', {
          method: 'POST', mode: 'no-cors', credentials: 'include',
          body: '{"id":"${entry.token.id}"}',
        }).then(() => 0)`,
      );
      expect(fake.refused).toHaveLength(1);
      expect(fake.refused[0]?.cookie).toContain('usher-session=');
      const readable = `fetch('${fake.url}/session', { credentials: 'include' }).then(r => r.text(), () => 'refused')`;
      expect(await foreign.evaluate(readable)).toBe('refused');
      expect(entry.token.revokeTime).toBeUndefined();
      await new Promise(resolve => server.close(resolve));
    });

    test('a program on another port gets the cookie, and gains nothing', async () => {
      const received: IncomingHttpHeaders[] = [];
      const server = createServer((req, res) => {
        received.push(req.headers);
        res.end('<p>another program');
      });
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const other = await context.newPage();
      await other.goto(`http://127.0.0.1:${port}/`);
      expect(await other.evaluate('localStorage.length')).toBe(0);
      const cookie = received[0]?.cookie ?? '';
      expect(cookie).toContain('usher-session=');
      const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
      const replay = async (path: string, method?: string) => {
        const body = method === 'POST' ? '{}' : '';
        return ask(fake.url + path, {
          ...(method && { method }),
          headers: { ...own, cookie },
          body,
        });
      };
      expect((await replay('/session')).status).toBe(401);
      expect((await replay('/status')).status).toBe(401);
      expect((await replay('/usher.v1.AccessTokenService/List', 'POST')).status).toBe(401);
      await replay('/session', 'DELETE');
      // The session of the page goes on.
      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByText('Signed in').first().waitFor();
      await new Promise(resolve => server.close(resolve));
    });

    test('a session that ends empties no form', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'before' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog', { name: 'Edit' });
      await dialog.getByLabel('Name').fill('typed before the end');
      await context.clearCookies();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Your session has ended', { exact: true }).first().waitFor();
      const field = page.getByLabel('Admin token', { exact: true });
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await field.fill(fake.adminToken);
      await page.keyboard.press('Enter');
      await field.waitFor({ state: 'detached' });
      await dialog.getByRole('button', { name: 'Save' }).click();
      await page.locator('.token-name', { hasText: 'typed before the end' }).waitFor();
    });

    test('another caller who signs in afterwards sees nothing of the first', async () => {
      await page.getByRole('link', { name: 'New access token' }).first().click();
      await page.getByLabel('Name').fill('typed by the first');
      await context.clearCookies();
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.route('**/session', async route => {
        const answer = await route.fetch();
        const session = await answer.json();
        await route.fulfill({
          response: answer,
          json: { ...session, actor: 'another', name: 'another' },
        });
      });
      await page.getByLabel('Admin token', { exact: true }).fill(fake.adminToken);
      await page.keyboard.press('Enter');
      await page.getByText('another', { exact: true }).waitFor();
      expect(await page.getByLabel('Name').inputValue()).toBe('');
    });

    test('a page whose file is gone after an upgrade reloads once, and then says so', async () => {
      let loads = 0;
      page.on('load', () => loads++);
      await page.route('**/assets/audit-page-*.js', route => route.fulfill({ status: 404 }));
      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByText('This page cannot be shown').waitFor();
      expect(loads).toBe(1);
      await page.getByRole('link', { name: 'Status' }).click();
      await page.getByText('Invalidation feed').waitFor();
      await page.unroute('**/assets/audit-page-*.js');
      await page.getByRole('link', { name: 'Audit log' }).click();
      await page.getByRole('button', { name: 'Reload' }).click();
      await page.getByText('Signed in').first().waitFor();
    });

    test('a login link that gets no answer can be tried again', async () => {
      await page.route('**/session', route =>
        route.request().method() === 'POST' ? route.fulfill({ status: 503, json: {} }) : undefined,
      );
      await page.goto('about:blank');
      await page.goto(fake.loginLink());
      await page.getByText('The server cannot be reached').waitFor();
      expect(page.url()).toBe(`${fake.url}/login`);
      await page.unroute('**/session');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
    });
  });
}
