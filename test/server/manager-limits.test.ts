/** Allowed addresses, rate limit and quota in real Chromium, against a complete server. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind, LimitPer, Period } from '../../src/gen/usher/v1/access_token_pb.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { launchChromium, newVisitor } from '../manager/chromium.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  server = await runServer();
  browser = await launchChromium();
  ({ page } = await newVisitor(browser, 'light', complaints));
  await page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
  await page.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const field = (label: string) => page.getByLabel(label, { exact: true });
const addSource = async (source: string) => {
  await field('Allowed addresses').first().fill(source);
  await page.keyboard.press('Enter');
};
const read = async () => {
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  return (await adminOf(server).get({ id })).accessToken;
};
const detail = (name: string) =>
  page.locator('.details > div', { has: page.getByText(name, { exact: true }) }).locator('dd');

test('host bits are refused at the field, and the range that was meant is accepted', async () => {
  await page.goto(`http://${server.manager}/tokens/new`);
  await page.getByRole('radio', { name: 'JWT key' }).click();
  await page.getByLabel('Name').fill('with limits');
  await addSource('192.0.2.1/24');
  await page.getByLabel('Rate limit', { exact: true }).fill('100');
  await field('Within').fill('90');
  await field('Unit of: Within').selectOption('seconds');
  await field('Rate limit counts').selectOption('each subject alone');
  await field('Quota').fill('10000');
  await field('In a').selectOption('day');
  await page.getByRole('button', { name: 'Create access token' }).click();
  const meant = '"192.0.2.1/24" has bits behind its prefix; write 192.0.2.0/24, or 192.0.2.1';
  await page.getByText(`The server: ${meant} for that address alone.`).waitFor();
  await page.keyboard.press('Backspace');
  await field('Allowed addresses').first().focus();
  await page.keyboard.press('Backspace');
  await addSource('192.0.2.0/24');
  await addSource('2001:DB8::1');
  await page.getByRole('button', { name: 'Create access token' }).click();
  await page.getByLabel(/^I have stored/).check();
  await page.getByRole('button', { name: 'Done' }).click();
  await detail('Allowed addresses').getByText('192.0.2.0/24').waitFor();
  expect(await read()).toMatchObject({
    kind: Kind.JWT,
    allowedSources: ['192.0.2.0/24', '2001:db8::1'],
    rateLimit: { requests: 100n, window: { seconds: 90n }, per: LimitPer.SUBJECT },
    quota: { requests: 10_000n, period: Period.DAY, per: LimitPer.TOKEN },
  });
});

test('the page says what they are', async () => {
  expect(await detail('Rate limit').textContent()).toBe(
    '100 uses within 90 seconds, for each subject',
  );
  expect(await detail('Quota').textContent()).toBe('10,000 uses a day (UTC)');
  await page.getByRole('heading', { name: 'Limits' }).waitFor();
});

test('a limit out of range is refused before it is sent; others are changed and cleared', async () => {
  await page.getByRole('button', { name: 'Edit' }).click();
  const dialog = page.getByRole('dialog');
  await field('Within').fill('2');
  await field('Unit of: Within').selectOption('days');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Enter a time from 1 second to 1 day.').waitFor();
  await field('Rate limit').fill('0');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Enter a whole number from 1 on').first().waitFor();
  await field('Rate limit').fill('');
  await field('Quota').fill('5');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await detail('Rate limit').textContent()).toBe('none');
  expect(await detail('Quota').textContent()).toBe('5 uses a day (UTC)');
  const token = await read();
  expect(token?.rateLimit).toBeUndefined();
  expect(token).toMatchObject({
    allowedSources: ['192.0.2.0/24', '2001:db8::1'],
    quota: { requests: 5n },
  });
});

test('the audit trail says in words what changed', async () => {
  await page.getByRole('tab', { name: 'Audit trail' }).click();
  for (const text of ['rate limit ', 'quota ']) {
    await page.locator('.audit-sentence', { hasText: text }).first().waitFor();
  }
});

test('who is limited to owners reads in the dialog that an administrator sets the ceiling', async () => {
  const { token } = await makeStatic(server, { owner: 'ann', scopes: ['usher.admin'] });
  const { id } = await makeStatic(server, { owner: 'ann' });
  const note = 'can be made stricter here, but neither looser than that nor cleared';
  await page.goto(`http://${server.manager}/tokens/${id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('dialog').waitFor();
  expect(await page.getByText(note).count()).toBe(0);
  const { page: hers } = await newVisitor(browser, 'light', complaints);
  await hers.goto(`http://${server.manager}/sign-in`);
  await hers.getByLabel('Admin token', { exact: true }).fill(token);
  await hers.keyboard.press('Enter');
  await hers.getByRole('heading', { name: 'Access tokens', exact: true }).waitFor();
  await hers.goto(`http://${server.manager}/tokens/${id}`);
  await hers.getByRole('button', { name: 'Edit' }).click();
  await hers.getByText(note).waitFor();
});

test('no page logged an error', () => expect(complaints).toEqual([]));
