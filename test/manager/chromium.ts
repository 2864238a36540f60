/** Starts real Chromium, and checks pages in it: console errors, accessibility, screenshots. */

import { mkdirSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { program } from '../program.ts';

const screenshotFolder = 'out/screenshots';

/** How a page is shown: colour scheme and screen size. */
export type Look = 'light' | 'dark' | 'phone' | 'zoom';

/** All looks. */
export const looks: readonly Look[] = ['light', 'dark', 'phone', 'zoom'];

const contexts = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
  // A page at 200 % has half as many CSS pixels (WCAG 1.4.4).
  zoom: { colorScheme: 'light', viewport: { width: 640, height: 430 }, deviceScaleFactor: 2 },
} as const;

/**
 * Starts headless Chromium, which trusts one more certificate if `trusted` is the base64 of the SHA-256 of its
 * public key. Throws if it is not installed.
 */
export function launchChromium(trusted?: string): Promise<Browser> {
  return chromium.launch({
    executablePath: program('chromium'),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(trusted === undefined ? [] : [`--ignore-certificate-errors-spki-list=${trusted}`]),
    ],
  });
}

/** A new browser context without cookies and storage; errors of its pages go to `complaints`. */
export async function newVisitor(
  browser: Browser,
  look: Look,
  complaints: string[] = [],
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ ...contexts[look], reducedMotion: 'reduce' });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  page.on('pageerror', error => complaints.push(error.message));
  page.on('console', message => {
    // The browser itself logs refused requests; every other error is a bug of ours.
    const isOurs = !message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && isOurs) complaints.push(message.text());
  });
  return { context, page };
}

/** Serious accessibility problems of the page; contrast is skipped where it is that of light. */
export async function axeViolations(page: Page, look: Look): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    withColours =>
      window.axe.run(document, {
        resultTypes: ['violations'],
        rules: { 'color-contrast': { enabled: withColours } },
      }),
    look === 'light' || look === 'dark',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`);
}

/** By how many pixels the page is wider than the window: then it scrolls sideways. */
export async function overflow(page: Page): Promise<number> {
  return Number(
    await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    ),
  );
}

declare global {
  // The global that axe-core defines in the page.
  var window: { axe: typeof axe };
  var document: axe.ElementContext;
}

/** Writes a screenshot of the page to out/screenshots. */
export async function keepPicture(page: Page, name: string, look: Look): Promise<void> {
  mkdirSync(screenshotFolder, { recursive: true });
  await page.screenshot({ path: `${screenshotFolder}/${name}-${look}.png` });
}
