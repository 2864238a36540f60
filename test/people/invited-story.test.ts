/** Invited people in real Chromium with its virtual authenticator: link, passkey, second visit, lost passkey. */

import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../free-port.ts';
import {
  axeViolations,
  type Look,
  launchChromium,
  looks,
  newVisitor,
} from '../manager/chromium.ts';
import { runServer, type TestServer } from '../server/run-server.ts';

let server: TestServer;
let browser: Browser;
let url: string;
let admin: Page;
let invited: { context: BrowserContext; page: Page; device: CDPSession };
let link: string;
const complaints: string[] = [];
const problems: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  server = await runServer({
    ...{ USHER_MANAGER_LISTEN: `127.0.0.1:${port}`, USHER_MANAGER_URL: url },
  });
  browser = await launchChromium();
  ({ page: admin } = await newVisitor(browser, 'light', complaints));
  await admin.goto(`${url}/login#${server.issueLoginCode()}`);
  await heading(admin, 'Access tokens');
  invited = await visitorWithDevice('phone');
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** A visitor whose device makes passkeys, and answers at once. */
async function visitorWithDevice(look: Look) {
  const { context, page } = await newVisitor(browser, look, complaints);
  const device = await context.newCDPSession(page);
  await device.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
  await device.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, hasUserVerification: true, isUserVerified: true },
  });
  return { context, page, device };
}

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

async function check(page: Page, look: Look, what: string): Promise<void> {
  const found = await axeViolations(page, look);
  problems.push(...found.map(each => `${what} (${look}): ${each}`));
  const isWide = await page.evaluate(
    'document.documentElement.scrollWidth > document.documentElement.clientWidth',
  );
  if (isWide) problems.push(`${what} (${look}) is wider than the window`);
}

test('an administrator invites someone, and copies the link once', async () => {
  await admin.goto(`${url}/people`);
  await admin.getByRole('button', { name: 'Invite someone' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Zoë Keeper');
  await dialog.getByRole('radio', { name: 'Keeper' }).check();
  await dialog.getByLabel('Owners').first().fill('payments');
  await admin.keyboard.press('Enter');
  await check(admin, 'light', 'invite dialog');
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  link = (await admin.getByTestId('invite-link').textContent()) ?? '';
  expect(link).toMatch(new RegExp(`^${url}/invite#[\\w-]{43}$`));
  await check(admin, 'light', 'link dialog');
  await admin.getByRole('button', { name: 'Copy link' }).click();
  await admin.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await admin.evaluate('navigator.clipboard.readText()')).toBe(link);
  await admin.getByRole('button', { name: 'Done' }).click();
  await admin.getByText('Keeper, payments').waitFor();
  expect(await admin.content()).not.toContain(link.split('#')[1]);
  await check(admin, 'light', 'people');
});

test('at an address where passkeys do not work, the link says so and is not used up', async () => {
  const other = await newVisitor(browser, 'dark', complaints);
  await other.page.goto(link.replace('localhost', '127.0.0.1'));
  await heading(other.page, 'Welcome, Zoë Keeper');
  await other.page.getByText(`open the link at ${url} instead`).waitFor();
  await check(other.page, 'dark', 'invitation elsewhere');
  await other.context.close();
});

test('the invited person sees who invites and as what, signs in, and adds a passkey', async () => {
  const { page } = invited;
  await page.goto(link);
  await heading(page, 'Welcome, Zoë Keeper');
  expect(page.url()).toBe(`${url}/invite`);
  await page.getByText('admin token invites you to the API Manager as a keeper').waitFor();
  await page.getByText('Only those of payments').waitFor();
  await check(page, 'phone', 'invitation');
  await page.getByRole('button', { name: 'Sign in as Zoë Keeper' }).click();
  await heading(page, 'My passkeys');
  await page.getByText('You have no passkey yet').waitFor();
  await check(page, 'phone', 'no passkeys');
  await page.getByLabel('Name of the passkey').fill('My phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Remove My phone' }).waitFor();
  await check(page, 'phone', 'passkeys');
});

test('the device makes no second passkey of the same person, and says so', async () => {
  const { page } = invited;
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('This device has a passkey of yours already.').waitFor();
});

test.each(looks)('the link is spent for the next visitor (%s)', async look => {
  const other = await newVisitor(browser, look, complaints);
  await other.page.goto(link);
  await other.page.getByText('This link is no longer good').waitFor();
  await check(other.page, look, 'spent invitation');
  await other.context.close();
});

test('at the second visit the passkey signs in, by the keyboard alone', async () => {
  const { page } = invited;
  await signOut(page);
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.focus();
  await check(page, 'phone', 'sign-in');
  await page.keyboard.press('Enter');
  // The page where the session ended.
  await heading(page, 'My passkeys');
  await openNavigation(page);
  await page.getByText('Zoë Keeper').waitFor();
});

test('an administrator sees the passkey, and removes the last one only on purpose', async () => {
  await admin.goto(`${url}/people`);
  await admin.getByRole('link', { name: 'Zoë Keeper' }).click();
  await admin.getByRole('button', { name: 'Rename My phone' }).click();
  await admin.getByRole('dialog').getByLabel('Name').fill('Old phone');
  await admin.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await admin.getByRole('button', { name: 'Remove Old phone' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByText('It is the last one').waitFor();
  const remove = dialog.getByRole('button', { name: 'Remove', exact: true });
  expect(await remove.isDisabled()).toBe(true);
  await check(admin, 'light', 'remove the last passkey');
  await dialog.getByLabel('Remove it all the same').check();
  await remove.click();
  await admin.getByText('No passkey: they can sign in again by a new link alone.').waitFor();
  await check(admin, 'light', 'person');
});

test('a removed passkey is refused, and a new link lets the person in again', async () => {
  const { page } = invited;
  await page.goto(url);
  await heading(page, 'Access tokens');
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('this passkey is not known here').waitFor();
  await check(page, 'phone', 'refused passkey');

  await admin.getByRole('button', { name: 'New sign-in link' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click();
  const again = (await admin.getByTestId('invite-link').textContent()) ?? '';
  await page.goto(again);
  await heading(page, 'Welcome back, Zoë Keeper');
  await page.getByRole('button', { name: 'Sign in as Zoë Keeper' }).click();
  await heading(page, 'My passkeys');
});

test('a revoked link does not work', async () => {
  await admin.goto(`${url}/people`);
  await admin.getByRole('button', { name: 'Invite someone' }).click();
  await admin.getByRole('dialog').getByLabel('Name').fill('Never');
  await admin.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click();
  const never = (await admin.getByTestId('invite-link').textContent()) ?? '';
  await admin.getByRole('button', { name: 'Copy link' }).click();
  await admin.getByRole('button', { name: 'Done' }).click();
  await admin.getByRole('button', { name: 'Revoke the invitation of Never' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await admin.getByRole('button', { name: 'Revoke the invitation of Never' }).waitFor({
    state: 'detached',
  });
  const other = await newVisitor(browser, 'light', complaints);
  await other.page.goto(never);
  await other.page.getByText('This link is no longer good').waitFor();
  await other.context.close();
});

test('no page logged an error, was wider than the window, or failed axe', () => {
  expect(complaints).toEqual([]);
  expect(problems).toEqual([]);
});

async function openNavigation(page: Page): Promise<void> {
  const banner = page.getByRole('banner');
  const button = banner.getByRole('button', { name: 'Open navigation' });
  if (await button.isVisible()) await button.click();
}

async function signOut(page: Page): Promise<void> {
  await openNavigation(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading(page, 'Sign in');
}
