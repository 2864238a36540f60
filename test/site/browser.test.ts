/** The built site in real Chromium: it can be searched, read in the dark and on a phone. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  axeViolations,
  keepPicture,
  launchChromium,
  newVisitor,
  overflow,
} from '../manager/chromium.ts';
import { builtPages, serveSite } from './built-site.ts';

let browser: Browser;
let site: Awaited<ReturnType<typeof serveSite>>;

beforeAll(async () => {
  site = await serveSite();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  site?.close();
});

/** Opens a page, and waits until Vue has taken it over: before that, keys and clicks do nothing. */
async function visit(page: Page, address = '/'): Promise<void> {
  await page.goto(new URL(address, site.url).href);
  await page.waitForFunction("'__vue_app__' in (document.querySelector('#app') ?? {})");
}

test('the search finds "revoke", and leads there', async () => {
  const complaints: string[] = [];
  const { context, page } = await newVisitor(browser, 'light', complaints);
  await visit(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('searchbox').fill('revoke');
  const results = page.locator('.VPLocalSearchBox .result');
  await results.first().waitFor();
  expect(await results.count()).toBeGreaterThan(3);
  await results.first().click();
  await page.waitForURL(url => url.pathname !== '/');
  expect((await page.locator('main').innerText()).toLowerCase()).toContain('revo');
  expect(complaints).toEqual([]);
  await context.close();
});

test('the appearance can be switched, and is remembered', async () => {
  const { context, page } = await newVisitor(browser, 'light');
  await visit(page);
  const isDark = () => page.locator('html').evaluate(html => html.classList.contains('dark'));
  expect(await isDark()).toBe(false);
  await page.getByRole('switch').first().click();
  expect(await isDark()).toBe(true);
  await page.reload();
  expect(await isDark()).toBe(true);
  await context.close();
});

const pages = ['', 'settings', 'benchmarks', 'compare', 'gateways', 'decisions/'];

test.each(pages.flatMap(path => (['light', 'dark'] as const).map(look => [path, look] as const)))(
  '/%s is accessible, %s',
  async (path, look) => {
    const complaints: string[] = [];
    const { context, page } = await newVisitor(browser, look, complaints);
    await visit(page, `/${path}`);
    await page.locator('main h1').waitFor();
    await keepPicture(page, `site-${path.replaceAll('/', '-') || 'index'}`, look);
    expect(await axeViolations(page, look)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  },
);

test('no page scrolls sideways on a phone', async () => {
  // The pages are there without JavaScript, and much sooner.
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    javaScriptEnabled: false,
  });
  const page = await context.newPage();
  const wide: string[] = [];
  for (const address of builtPages().keys()) {
    await page.goto(`${site.url}${address}`);
    const pixels = await overflow(page);
    if (pixels > 0) wide.push(`${address}: ${pixels} px too wide`);
  }
  expect(wide).toEqual([]);
  await context.close();
});

test('the menu of a phone leads to a page', async () => {
  const { context, page } = await newVisitor(browser, 'phone');
  await visit(page);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Settings', exact: true }).first().click();
  await page.waitForURL('**/settings');
  await keepPicture(page, 'site-settings', 'phone');
  expect(await overflow(page)).toBe(0);
  await context.close();
});
