/** Acting on many access tokens in a real browser, with 5,000 of them. */

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Reason } from '../../src/gen/usher/v1/verifier_pb.ts';
import { axeViolations, keepPicture, launchChromium, newVisitor } from '../manager/chromium.ts';
import { adminOf } from './api.ts';
import { addTokens, jobsOf, reasonOf, untilJob } from './jobs.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let browser: Browser;
let page: Page;
let url: string;
const complaints: string[] = [];
const tokens = new Map<string, string[]>();

beforeAll(async () => {
  const clock = {
    get ms() {
      return Date.now();
    },
  };
  server = await runServer({ USHER_JOB_ACTS_PER_SECOND: '300' }, clock);
  for (const [owner, count] of [
    ['ann', 4000],
    ['bob', 900],
    ['eve', 100],
  ] as const) {
    tokens.set(owner, await addTokens(server, owner, count));
  }
  url = `http://${server.manager}`;
  browser = await launchChromium();
  ({ page } = await newVisitor(browser, 'light', complaints));
  await signIn(page);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function signIn(visitor: Page): Promise<void> {
  await visitor.goto(`${url}/login#${server.issueLoginCode()}`);
  await visitor.getByRole('heading', { name: 'Access tokens' }).waitFor();
}

const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });

test('two rows are picked, with the keyboard, and get another owner', async () => {
  await page.goto(`${url}/?owner=eve`);
  const boxes = page.getByRole('checkbox', { name: /^Select / });
  await boxes.nth(3).waitFor();
  await boxes.nth(1).focus();
  await page.keyboard.press('Space');
  await boxes.nth(2).focus();
  await page.keyboard.press('Space');
  await page.getByText('2 selected').waitFor();
  expect(await axeViolations(page, 'light')).toEqual([]);
  await keepPicture(page, 'bulk-bar', 'light');
  await button('Change owner').click();
  await page.getByLabel('New owner').fill('fay');
  await page.keyboard.press('Enter');
  await page.getByText('Change the owner of 2 access tokens?').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await page.getByRole('heading', { name: 'Change the owner of 2 access tokens' }).waitFor();
  await page.getByText('2 of 2 done').waitFor();
  expect((await adminOf(server).list({ owner: 'fay' })).accessTokens).toHaveLength(2);
});

test('all that match are rotated; the progress survives a reload, and other pages show it', async () => {
  await page.goto(`${url}/?owner=bob`);
  await page.getByRole('checkbox', { name: 'Select all rows' }).check();
  await page.getByText('50 selected').waitFor();
  await button(/^Select all .* that match$/).click();
  await button('Rotate').click();
  await page.getByLabel('The current ones stay valid for').selectOption('0');
  await button('Continue').click();
  await page.getByText('Rotate 900 access tokens?').waitFor();
  expect(await axeViolations(page, 'light')).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await page
    .getByText(/ of 900 done/)
    .first()
    .waitFor();
  await page.reload();
  await page
    .getByText(/ of 900 done/)
    .first()
    .waitFor();
  await page.goto(`${url}/status`);
  const underway = page.getByRole('status', { name: 'Jobs at work' });
  await underway.getByRole('link', { name: /Rotate 900 access tokens/ }).click();
  await page.getByText('900 of 900 done').waitFor({ timeout: 30_000 });
  await page.getByRole('heading', { name: '900 new tokens and secrets' }).waitFor();
  expect(await axeViolations(page, 'light')).toEqual([]);
  await keepPicture(page, 'job', 'light');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button('Download as CSV').click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^usher-job-[0-9a-f]{8}\.csv$/);
  const rows = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(rows).toHaveLength(901);
  expect(await reasonOf(server, rows[1]?.split(',').at(-1) ?? '')).toBe(Reason.NONE);
  expect(await reasonOf(server, tokens.get('bob')?.[0] ?? '')).toBe(Reason.INVALID_TOKEN);
  await page.getByLabel('I have saved the file').check();
  await button('Remove them from the server').click();
  await page.getByRole('heading', { name: /new tokens and secrets/ }).waitFor({ state: 'hidden' });
  const { jobs } = await jobsOf(server).listJobs({});
  expect(jobs[0]?.secrets).toBe(0);
});

test('everything of an owner is revoked, after its count was typed', async () => {
  await page.goto(`${url}/?owner=ann`);
  await button('Revoke everything of ann').click();
  await page.getByLabel('Reason').fill('left the company');
  await button('Continue').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Revoke 4,000 access tokens of ann?').waitFor();
  const revoke = dialog.getByRole('button', { name: 'Revoke permanently' });
  expect(await revoke.isDisabled()).toBe(true);
  await dialog.getByLabel(/to confirm/).fill('400');
  expect(await revoke.isDisabled()).toBe(true);
  await dialog.getByLabel(/to confirm/).fill('4,000');
  await revoke.click();
  await page.getByText('4,000 of 4,000 done').waitFor({ timeout: 60_000 });
  for (const token of tokens.get('ann')?.filter((_, n) => n % 200 === 0) ?? []) {
    expect(await reasonOf(server, token)).toBe(Reason.REVOKED);
  }
  const [last] = (await jobsOf(server).listJobs({})).jobs;
  await untilJob(jobsOf(server), last?.id ?? '');
  expect(last?.act?.act.value).toMatchObject({ reason: 'left the company' });
});

test('the jobs are listed, on a phone and in the dark too, and a job can be canceled', async () => {
  await page.goto(`${url}/?owner=eve`);
  await page.getByRole('checkbox', { name: 'Select all rows' }).check();
  await button(/^Select all .* that match$/).click();
  await button('Set expiry').click();
  await button('Continue').click();
  await page.getByText('Set the expiry of 98 access tokens').first().waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.goto(`${url}/jobs`);
  await page.getByRole('link', { name: 'Revoke 4,000 access tokens of ann' }).waitFor();
  await page.getByText('Canceled').first().waitFor();
  for (const look of ['phone', 'dark'] as const) {
    const visitor = await newVisitor(browser, look, complaints);
    await signIn(visitor.page);
    await visitor.page.goto(`${url}/jobs`);
    await visitor.page.getByRole('link', { name: /Revoke 4,000/ }).waitFor();
    expect(await axeViolations(visitor.page, look)).toEqual([]);
    const wide = await visitor.page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(wide).toBe(false);
    await keepPicture(visitor.page, 'jobs', look);
    await visitor.context.close();
  }
  expect(complaints).toEqual([]);
});
