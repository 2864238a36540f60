/** The web app keeps what would be lost: secrets, forms, and what someone else changed. */

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { axeViolations, launchChromium, newVisitor } from './chromium.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { addToken } from './fake-state.ts';

/** Registers the tests; `webFolder` is called when they run. */
export function playCareful(webFolder: () => string): void {
  describe('what would be lost', () => {
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
    const question = () => page.getByRole('dialog', { name: 'Leave this page?' });
    const answer = async (button: 'Leave' | 'Stay') => {
      await question().getByRole('button', { name: button }).click();
      await question().waitFor({ state: 'detached' });
    };
    const goNew = async () => {
      await page.getByRole('link', { name: 'New access token' }).first().click();
      await page.getByRole('heading', { name: 'New access token' }).waitFor();
    };

    test('a secret that was not stored: links, Back and a reload ask first', async () => {
      await goNew();
      await page.getByLabel('Name').fill('precious');
      await page.getByRole('button', { name: 'Create access token' }).click();
      const secret = await page.getByTestId('secret').textContent();
      await page.getByRole('link', { name: 'Try it' }).click();
      await question().getByText('you have not stored it yet').waitFor();
      expect(await axeViolations(page, 'light')).toEqual([]);
      await answer('Stay');
      expect(await page.getByTestId('secret').textContent()).toBe(secret);
      await page.evaluate('history.back()');
      await answer('Stay');
      expect(await page.getByTestId('secret').textContent()).toBe(secret);
      expect(new URL(page.url()).pathname).toBe('/tokens/new');

      const asked = page.waitForEvent('dialog');
      // The reload waits for the answer.
      const reload = page.reload().catch(() => undefined);
      const dialog = await asked;
      expect(dialog.type()).toBe('beforeunload');
      await dialog.dismiss();
      expect(await page.getByTestId('secret').textContent()).toBe(secret);
      await page.getByLabel(/^I have stored/).check();
      await page.getByRole('link', { name: 'Try it' }).click();
      await page.getByRole('heading', { name: 'Try it' }).waitFor();
      await reload;
    });

    test('a press of Back leaves after "Leave"', async () => {
      await goNew();
      await page.getByLabel('Name').fill('half done');
      await page.evaluate('history.back()');
      await answer('Leave');
      await page.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
      await goNew();
      expect(await page.getByLabel('Name').inputValue()).toBe('');
    });

    test('an untouched form and a stored secret are left without a question', async () => {
      await goNew();
      await page.getByRole('link', { name: 'Try it' }).click();
      await page.getByRole('heading', { name: 'Try it' }).waitFor();
      expect(await question().count()).toBe(0);
    });

    test('a dialog with changes is not closed by Escape alone, an unchanged one is', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'edited' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog', { name: 'Edit access token' });
      await dialog.getByLabel('Name').waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Edit' }).click();
      await dialog.getByLabel('Name').fill('changed');
      await page.keyboard.press('Escape');
      await answer('Stay');
      expect(await dialog.getByLabel('Name').inputValue()).toBe('changed');
      await page.keyboard.press('Escape');
      await answer('Leave');
      await dialog.waitFor({ state: 'detached' });
    });

    test('an edit that met another one keeps both, and saves at the second try', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'contested', owner: 'a' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      await page.getByRole('button', { name: 'Edit' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('mine');
      Object.assign(entry.token, { owner: 'theirs', revision: entry.token.revision + 1n });
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.getByText('Someone else changed it in the meantime').waitFor();
      await dialog.getByText('They changed: owner.').waitFor();
      expect(await dialog.getByLabel('Owner').inputValue()).toBe('theirs');
      expect(await dialog.getByLabel('Name').inputValue()).toBe('mine');
      expect(await axeViolations(page, 'light')).toEqual([]);
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      expect(entry.token).toMatchObject({ name: 'mine', owner: 'theirs' });
    });

    test('a rotation that met another change works at the second try', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'rotated' });
      await page.goto(`${fake.url}/tokens/${entry.token.id}`);
      await page.getByRole('button', { name: 'Rotate' }).click();
      entry.token.revision += 1n;
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Rotate' }).click();
      await dialog.getByText('Someone else changed it in the meantime').waitFor();
      await dialog.getByRole('button', { name: 'Rotate' }).click();
      await page.getByTestId('secret').waitFor();
    });

    test('a session that ends leaves a filled form as it is, below the sign-in', async () => {
      await goNew();
      await page.getByLabel('Name').fill('kept');
      await context.clearCookies();
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.getByText('Your session has ended').first().waitFor();
      await page.getByLabel('Admin token', { exact: true }).fill(fake.adminToken);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'Sign in again' }).waitFor({ state: 'detached' });
      expect(await page.getByLabel('Name').inputValue()).toBe('kept');
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.getByTestId('secret').waitFor();
    });

    test('the grace of a rotation is shown, and ended by hand', async () => {
      const { entry } = addToken(fake.state, Kind.STATIC, { name: 'in grace' });
      entry.secrets.push({ value: 'old', goodUntilMs: Date.now() + 3_600_000 });
      await page.goto(fake.url);
      await page.getByText(/^Grace ends/).waitFor();
      await page.getByRole('link', { name: 'in grace' }).click();
      await page.getByRole('button', { name: 'End it now' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'End it now' }).click();
      await page.getByText(/^Grace ends/).waitFor({ state: 'detached' });
      expect(entry.secrets).toHaveLength(1);
    });

    test('a new token gets an expiry, known scopes, and a warning beside powerful ones', async () => {
      addToken(fake.state, Kind.STATIC, { name: 'other', scopes: ['orders.read'], owner: 'shop' });
      await goNew();
      expect(await page.getByLabel('Expires').inputValue()).toBe('90');
      await page.getByLabel('Scopes').first().click();
      await page.getByRole('option', { name: 'orders.read' }).click();
      expect(await page.getByText('power over Usher itself').count()).toBe(0);
      await page.getByLabel('Scopes').first().fill('usher.admin');
      await page.keyboard.press('Enter');
      await page.getByText('This gives power over Usher itself').waitFor();
      await page.keyboard.press('Tab');
      expect(await axeViolations(page, 'light')).toEqual([]);
    });
  });
}
