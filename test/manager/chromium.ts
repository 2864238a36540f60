/** Real Chromium, and what every page of ours must keep to in it. */

import { mkdirSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { program } from '../program.ts';

const screenshotFolder = 'out/screenshots';

/** How a page is looked at. */
export type Look = 'light' | 'dark' | 'phone';

/** Every look. */
export const looks: readonly Look[] = ['light', 'dark', 'phone'];

const contexts = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

/** Starts Chromium. */
export function launchChromium(): Promise<Browser> {
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
    ],
  });
}

/** A browser of its own: no cookie, no storage. Complaints of its pages are put into `complaints`. */
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
    // A refused request is logged by the browser itself; everything else is our mistake.
    const isOurs = !message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && isOurs) complaints.push(message.text());
  });
  return { context, page };
}

/** Serious mistakes of accessibility on the page as it is now; a phone has the colours of light. */
export async function axeViolations(page: Page, look: Look): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    withColours =>
      window.axe.run(document, {
        resultTypes: ['violations'],
        rules: { 'color-contrast': { enabled: withColours } },
      }),
    look !== 'phone',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`);
}

declare global {
  // What axe-core puts into the page.
  var window: { axe: typeof axe };
  var document: axe.ElementContext;
}

/** Keeps a picture of the page as it is now. */
export async function keepPicture(page: Page, name: string, look: Look): Promise<void> {
  mkdirSync(screenshotFolder, { recursive: true });
  await page.screenshot({ path: `${screenshotFolder}/${name}-${look}.png` });
}
