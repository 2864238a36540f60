/** Every page and dialog of the web app, to be checked for accessibility and photographed. */

import type { Page } from 'playwright-core';

/** A page in a state to check. */
export interface ShownPage {
  /** Name of the screenshot. */
  name: string;
  /** ":id" stands for the UUID of an access token of kind jwt. */
  path: string;
  /** Whether the page is shown only after sign-in. */
  needsSession: boolean;
  /** Brings the page into the state and waits until it is shown. */
  arrange(page: Page): Promise<void>;
}

const dialog = (button: string) => async (page: Page) => {
  await page.getByRole('button', { name: button, exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).waitFor();
};

const text = (words: string | RegExp) => async (page: Page) => {
  await page.getByText(words).first().waitFor();
};

/** All pages, in the order in which they are visited. */
export const pages: ShownPage[] = [
  { name: 'sign-in', path: '/', needsSession: false, arrange: text('Admin token') },
  {
    name: 'sign-in-spent',
    path: '/sign-in?link=spent',
    needsSession: false,
    arrange: text('This login link was used'),
  },
  { name: 'tokens', path: '/', needsSession: true, arrange: text(/in all$/) },
  {
    name: 'tokens-expiring',
    path: '/?state=expiring',
    needsSession: true,
    arrange: text(/in \d+ days/),
  },
  {
    name: 'tokens-none',
    path: '/?q=nothing-like-it',
    needsSession: true,
    arrange: text('Nothing matches'),
  },
  { name: 'new-token', path: '/tokens/new', needsSession: true, arrange: text('Metadata') },
  {
    name: 'new-token-jwt',
    path: '/tokens/new',
    needsSession: true,
    arrange: async page => {
      await page.getByRole('radio', { name: 'JWT key' }).click();
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.getByText('Enter a name.').waitFor();
    },
  },
  {
    name: 'secret',
    path: '/tokens/new',
    needsSession: true,
    arrange: async page => {
      await page.getByRole('radio', { name: 'JWT key' }).click();
      await page.getByLabel('Name').fill('checkout web');
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.locator('pre').waitFor();
    },
  },
  {
    name: 'access-token',
    path: '/tokens/:id',
    needsSession: true,
    arrange: async page => {
      await page.locator('.recharts-bar-rectangle path').last().waitFor();
    },
  },
  {
    name: 'access-token-code',
    path: '/tokens/:id?tab=code',
    needsSession: true,
    arrange: text('openssl'),
  },
  {
    name: 'access-token-audit',
    path: '/tokens/:id?tab=audit',
    needsSession: true,
    arrange: text('JWTs revoked'),
  },
  {
    name: 'access-token-missing',
    path: '/tokens/none',
    needsSession: true,
    arrange: text('There is no such'),
  },
  { name: 'edit', path: '/tokens/:id', needsSession: true, arrange: dialog('Edit') },
  { name: 'rotate', path: '/tokens/:id', needsSession: true, arrange: dialog('Rotate') },
  { name: 'revoke', path: '/tokens/:id', needsSession: true, arrange: dialog('Revoke') },
  { name: 'revoke-jwts', path: '/tokens/:id', needsSession: true, arrange: dialog('Revoke JWTs') },
  {
    name: 'issue-jwt',
    path: '/issue-jwt?kid=:id',
    needsSession: true,
    arrange: async page => {
      await page.getByLabel('Subject').fill('user-1');
      await page.getByRole('button', { name: 'Issue', exact: true }).click();
      await page.getByTestId('jwt').waitFor();
    },
  },
  {
    name: 'try-it',
    path: '/try-it',
    needsSession: true,
    arrange: async page => {
      await page.getByLabel('Authorization header').fill('Bearer not-a-good-one');
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByText('INVALID_TOKEN').waitFor();
    },
  },
  {
    name: 'try-it-valid',
    path: '/issue-jwt?kid=:id',
    needsSession: true,
    arrange: async page => {
      await page.getByLabel('Subject').fill('user-1');
      await page.getByRole('button', { name: 'Issue', exact: true }).click();
      const jwt = await page.getByTestId('jwt').textContent();
      await page.goto(new URL('/try-it', page.url()).href);
      await page.getByLabel('Authorization header').fill(`Bearer ${jwt}`);
      await page.getByRole('button', { name: 'Verify' }).click();
      await page.getByRole('heading', { name: 'Valid' }).waitFor();
    },
  },
  {
    name: 'audit',
    path: '/audit',
    needsSession: true,
    arrange: async page => {
      await page
        .getByRole('button', { name: /Access token created/ })
        .first()
        .click();
      await page.getByText('Sequence number').waitFor();
    },
  },
  {
    name: 'sign-in-again',
    path: '/tokens/new',
    needsSession: true,
    arrange: async page => {
      await page.getByLabel('Name').fill('typed before the session ended');
      await page.context().clearCookies();
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.getByText('What you typed is still there').waitFor();
    },
  },
  { name: 'whose', path: '/whose', needsSession: true, arrange: text('Nothing searched yet') },
  { name: 'leaks', path: '/leaks', needsSession: true, arrange: text('No leak needs you') },
  {
    name: 'status',
    path: '/status',
    needsSession: true,
    arrange: async page => {
      await page.getByText('Degraded').waitFor();
      await page.getByText('Changes: the disk is full: make room on it.').waitFor();
      await page.getByText('k1, k2').waitFor();
      await page.getByText('It waits for host:42 (it reads k1).').waitFor();
    },
  },
  {
    name: 'not-found',
    path: '/nothing/here',
    needsSession: true,
    arrange: text('There is no page here'),
  },
];
