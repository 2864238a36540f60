/** The life of an access token in a real browser, against any server with a login link. */

import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { program } from '../program.ts';
import { launchChromium, newVisitor } from './chromium.ts';

/** A server to test. */
export interface Stage {
  /** Base URL of the web app. */
  url: string;
  /** A one-time login link that was not used yet. */
  loginLink: string;
  close(): Promise<void>;
}

interface Made {
  url: string;
  secret: string;
  /** The pasted shell lines. */
  shell: string;
}

/** Registers the tests of the story. Each test continues where the previous one ended. */
export function playStory(title: string, open: () => Promise<Stage>): void {
  describe(title, () => {
    let stage: Stage;
    let browser: Browser;
    let context: BrowserContext;
    let page: Page;
    const complaints: string[] = [];
    const name = `story ${Date.now()}`;
    let made: Made;

    beforeAll(async () => {
      stage = await open();
      browser = await launchChromium();
      ({ context, page } = await newVisitor(browser, 'light', complaints));
    });
    afterAll(async () => {
      await browser?.close();
      await stage?.close();
    });

    test('the one-time link signs in, and disappears from the address bar', async () => {
      await page.goto(stage.loginLink);
      await heading(page, 'Access tokens');
      expect(page.url()).toBe(`${stage.url}/`);
    });

    test('the link works once', async () => {
      const other = await newVisitor(browser, 'light');
      await other.page.goto(stage.loginLink);
      await heading(other.page, 'Sign in');
      await other.page.getByText('This login link was used or has expired').waitFor();
      await other.context.close();
    });

    test('a static token is shown once, and the pasted curl command is accepted', async () => {
      made = await createToken(page, stage.url, 'Static token', `${name} static`);
      expect(await run(made.shell)).toMatchObject({ message: 'Oh, Hello' });
      await dismissSecret(page, made.secret);
      made.url = page.url();
    });

    test('rotated with a grace, both tokens are valid; without one, only the newest', async () => {
      const old = made;
      const newer = await rotate(page, old.url, '1 hour');
      expect(await run(old.shell)).toMatchObject({ message: 'Oh, Hello' });
      expect(await run(newer.shell)).toMatchObject({ message: 'Oh, Hello' });
      await dismissSecret(page, newer.secret);
      await page.getByText('Previous token expires').waitFor();
      const newest = await rotate(page, old.url, 'No time: it expires now');
      expect(await run(old.shell)).toEqual({ error: 'token is not valid' });
      expect(await run(newer.shell)).toEqual({ error: 'token is not valid' });
      expect(await run(newest.shell)).toMatchObject({ message: 'Oh, Hello' });
      await dismissSecret(page, newest.secret);
      made = { ...newest, url: old.url };
    });

    test('revoked after its name was typed, the token is refused at once', async () => {
      await page.getByRole('button', { name: 'Revoke', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Last used').waitFor();
      const revoke = dialog.getByRole('button', { name: 'Revoke permanently' });
      await dialog.getByLabel('Type').fill('another name');
      expect(await revoke.isDisabled()).toBe(true);
      await dialog.getByLabel('Type').fill(`${name} static`);
      await dialog.getByLabel('Reason').fill('the story ends');
      await revoke.click();
      await page.getByText('the story ends').waitFor();
      expect(await run(made.shell)).toEqual({ error: 'token has been revoked' });
      expect(await page.getByRole('button', { name: 'Rotate' }).count()).toBe(0);
    });

    test('a jwt key: the pasted lines sign a JWT that is accepted', async () => {
      made = await createToken(page, stage.url, 'JWT key', `${name} jwt`);
      expect(await run(made.shell)).toMatchObject({ message: 'Oh, Hello' });
      await dismissSecret(page, made.secret);
      made.url = page.url();
      const kid = await page.getByTestId('token-id').textContent();
      expect(page.url()).toContain(kid);
      await page.getByText('kid (UUID)').waitFor();
    });

    test('one JWT is issued, verified, revoked by its jti, and then refused', async () => {
      const id = made.url.split('/').at(-1);
      await page.goto(`${stage.url}/issue-jwt?kid=${id}`);
      await page.getByLabel('Subject').fill('user-1');
      await page.getByRole('button', { name: 'Issue', exact: true }).click();
      const jwt = (await page.getByTestId('jwt').textContent()) ?? '';
      const jti = (await page.getByTestId('jti').textContent()) ?? '';
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByTestId('jwt').waitFor({ state: 'detached' });
      expect(await page.content()).not.toContain(jwt);

      await tryIt(page, stage.url, `Bearer ${jwt}`);
      await page.getByRole('heading', { name: 'Valid' }).waitFor();

      await page.goto(made.url);
      await page.getByRole('button', { name: 'Revoke JWTs' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox', { name: /^jti/ }).fill(jti);
      await dialog.getByRole('button', { name: 'Revoke these JWTs' }).click();
      await dialog.waitFor({ state: 'detached' });

      await tryIt(page, stage.url, `Bearer ${jwt}`);
      await page.getByText('REVOKED: token has been revoked').waitFor();
      expect(await run(made.shell)).toMatchObject({ message: 'Oh, Hello' });
    });

    test('the audit log shows every step', async () => {
      await page.goto(`${made.url}?tab=audit`);
      for (const text of ['Access token created', 'JWTs revoked']) {
        await page.locator('.audit-title', { hasText: text }).first().waitFor();
      }
      await page.goto(`${stage.url}/audit`);
      for (const text of ['Access token revoked', 'Access token rotated', 'Signed in']) {
        await page.locator('.audit-title', { hasText: text }).first().waitFor();
      }
      await page
        .getByRole('button', { name: /Access token revoked/ })
        .first()
        .click();
      await page.getByText('the story ends').first().waitFor();
    });

    test('a second browser without a session sees nothing', async () => {
      const other = await newVisitor(browser, 'light');
      for (const path of ['/', new URL(made.url).pathname, '/audit', '/status']) {
        await other.page.goto(stage.url + path);
        await heading(other.page, 'Sign in');
        expect(await other.page.content()).not.toContain(name);
      }
      const list = `${stage.url}/usher.v1.AccessTokenService/List`;
      const answer = await other.context.request.post(list, { data: {} });
      expect(answer.status()).toBe(401);
      await other.context.close();
    });

    test('another tab is signed in too, and a sign-out ends the session in both', async () => {
      const other = await context.newPage();
      await other.goto(stage.url);
      await heading(other, 'Access tokens');
      const stored = await page.evaluate('({ ...localStorage })');
      const cookies = await context.cookies();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await heading(page, 'Sign in');
      await heading(other, 'Sign in');
      await other.close();
      await page.goto(made.url);
      await heading(page, 'Sign in');
      // A copy of all that the browser had opens nothing either.
      await context.addCookies(cookies);
      await page.evaluate(`Object.assign(localStorage, ${JSON.stringify(stored)})`);
      await page.goto(made.url);
      await heading(page, 'Sign in');
    });

    test('no page logged an error or broke the content security policy', () => {
      expect(complaints).toEqual([]);
    });
  });
}

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

async function createToken(page: Page, url: string, kind: string, name: string): Promise<Made> {
  await page.goto(url);
  await page.getByRole('link', { name: 'New access token' }).first().click();
  await page.getByRole('radio', { name: kind }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Scopes').first().fill('orders.read');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Create access token' }).click();
  await heading(page, `${name} is ready`);
  const seen = await readSecret(page);
  return { ...seen, url: '' };
}

async function rotate(page: Page, url: string, grace: string): Promise<Made> {
  await page.getByRole('button', { name: 'Rotate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('stays valid for').selectOption(grace);
  await dialog.getByRole('button', { name: 'Rotate' }).click();
  return { ...(await readSecret(page)), url };
}

/** Reads the secret, and copies the shell lines with the button as a user would. */
async function readSecret(page: Page): Promise<{ secret: string; shell: string }> {
  const secret = (await page.getByTestId('secret').textContent()) ?? '';
  expect(secret.length).toBeGreaterThan(40);
  await page.getByRole('button', { name: 'Copy the curl code' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const shell = await page.evaluate('navigator.clipboard.readText()');
  return { secret, shell: String(shell) };
}

/** Closes the secret, which must then be gone from the page, its URL and the browser's storage. */
async function dismissSecret(page: Page, secret: string): Promise<void> {
  await page.getByLabel(/^I have stored/).check();
  await page.getByRole('button', { name: 'Done' }).click();
  await heading(page, 'Access Token');
  expect(await page.content()).not.toContain(secret);
  expect(page.url()).not.toContain(secret);
  const kept = await page.evaluate('JSON.stringify([{...localStorage}, {...sessionStorage}])');
  expect(kept).not.toContain(secret);
}

async function tryIt(page: Page, url: string, header: string): Promise<void> {
  await page.goto(`${url}/try-it`);
  await page.getByLabel('Authorization header').fill(header);
  await page.getByRole('button', { name: 'Verify' }).click();
}

/** Runs the pasted shell lines and parses the JSON that they print. */
async function run(shell: string): Promise<unknown> {
  const env = { PATH: `${dirname(program('curl'))}${delimiter}${process.env.PATH}` };
  const { stdout } = await promisify(execFile)('bash', ['-c', shell], { env });
  return JSON.parse(stdout);
}
