/** People sign in by a real provider, in real Chromium: who they are, and how their sessions end. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  axeViolations,
  type Look,
  launchChromium,
  looks,
  newVisitor,
} from '../manager/chromium.ts';
import { begin } from './with-provider.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

async function visitor(complaints: string[], look: Look = 'light'): Promise<Page> {
  const { context, page } = await newVisitor(browser, look, complaints);
  onTestFinished(() => context.close());
  return page;
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole('link', { name: /^Sign in with / }).click();
}

test('a person signs in, is named, and ends everything that is open', async () => {
  const { url, provider } = await begin();
  const complaints: string[] = [];
  const page = await visitor(complaints);
  await signIn(page, url);
  await page.getByRole('heading', { level: 1, name: 'Access tokens' }).waitFor();
  await page.getByText('Ann Lee').first().waitFor();
  // The one-time code is not left in the address.
  expect(page.url()).toBe(`${url}/`);

  provider.knobs.account = 'bob';
  const other = await visitor(complaints);
  await signIn(other, url);
  await other.getByText('Owner payments, billing').waitFor();
  expect(await other.getByRole('link', { name: 'People' }).count()).toBe(0);

  await page.getByRole('link', { name: 'People' }).click();
  await page.getByRole('link', { name: 'Bob' }).click();
  await page.getByRole('heading', { level: 1, name: 'Bob' }).waitFor();
  await page.getByRole('button', { name: 'Change role' }).click();
  await page.getByRole('radio', { name: 'Viewer' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('An administrator').waitFor();
  await other.reload();
  await other.getByRole('heading', { level: 1, name: 'Access tokens' }).waitFor();
  expect(await other.getByRole('link', { name: 'New access token' }).count()).toBe(0);

  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: 'Enable' }).waitFor();
  await other.reload();
  await other.getByRole('link', { name: /^Sign in with / }).click();
  await other.getByText('Your access is disabled').waitFor();

  await page.getByRole('link', { name: 'My sessions' }).click();
  await page.getByText('This one').waitFor();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.waitForURL(/\/session\/end/);
  expect(complaints).toEqual([]);
});

test('someone without a role sees why, and is not let in', async () => {
  const { url, provider } = await begin();
  provider.knobs.account = 'eve';
  const complaints: string[] = [];
  const page = await visitor(complaints);
  await signIn(page, url);
  await page.getByText('You have no role here').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  expect(complaints).toEqual([]);
});

test.each(looks)('the pages have no serious accessibility problem: %s', async look => {
  const { url } = await begin();
  const complaints: string[] = [];
  const page = await visitor(complaints, look);
  await page.goto(`${url}/sign-in?problem=role`);
  await page.getByText('You have no role here').waitFor();
  expect(await axeViolations(page, look)).toEqual([]);
  await page.getByRole('link', { name: /^Sign in with / }).click();
  await page.getByText('Ann Lee').first().waitFor({ state: 'attached' });
  for (const [path, text] of [
    ['/people', 'Signed in now'],
    ['/sessions', 'This one'],
  ] as const) {
    await page.goto(`${url}${path}`);
    await page.getByText(text).first().waitFor();
    await page.getByText('This one').waitFor();
    expect(await axeViolations(page, look)).toEqual([]);
    const hidden = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(hidden).toBe(0);
  }
  await page.goto(`${url}/people`);
  await page.getByRole('link', { name: 'Ann Lee' }).click();
  await page.getByText('This is you').waitFor();
  expect(await axeViolations(page, look)).toEqual([]);
  expect(complaints).toEqual([]);
});
