/** Webhooks and the bell in real Chromium, against a complete server and a real receiver. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import {
  axeViolations,
  keepPicture,
  launchChromium,
  looks,
  newVisitor,
} from '../manager/chromium.ts';
import { until } from '../until.ts';
import { type Receiver, startReceiver, verifiedNow } from '../webhooks/receiver.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let receiver: Receiver;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  server = await runServer({
    USHER_OUTBOUND_ALLOW: '127.0.0.1',
    USHER_WEBHOOK_TIMEOUT_MS: '1000',
  });
  receiver = await startReceiver();
  browser = await launchChromium();
  ({ page } = await newVisitor(browser, 'light', complaints));
  await page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
  await heading('Access tokens');
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await receiver?.stop();
});

const heading = (name: string) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const button = (name: string) => page.getByRole('button', { name, exact: true });
const bell = (name: RegExp) => page.getByRole('button', { name });
let secret = '';

test('a webhook is created; what the server refuses is shown at its field', async () => {
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await heading('Webhooks');
  await page.getByText('No webhooks yet').waitFor();
  await page.getByRole('link', { name: 'New webhook' }).click();
  await heading('New webhook');
  await page.getByLabel('Address').fill('https://10.0.0.1/hooks');
  await page.getByLabel('Description').fill('payments team');
  await page.getByRole('checkbox', { name: 'token.created' }).check();
  await button('Create webhook').click();
  await page.getByText(/The server: 10\.0\.0\.1 leads to an address that is not public/).waitFor();
  await page.getByLabel('Address').fill(`${receiver.url}/story`);
  await button('Create webhook').click();
  await heading('The webhook is ready');
  secret = (await page.getByTestId('secret').textContent()) ?? '';
  expect(secret).toMatch(/^whsec_/);
});

test('the secret is guarded until it is stored, and then gone', async () => {
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByRole('dialog', { name: 'Leave this page?' }).waitFor();
  await button('Stay').click();
  for (const tab of ['Python', 'Go', 'Node']) {
    await page.getByRole('tab', { name: tab }).click();
    await page.locator('pre').getByText('USHER_WEBHOOK_SECRET').first().waitFor();
  }
  await button('Copy secret').click();
  await button('Done').click();
  await heading('payments team');
  expect(await page.content()).not.toContain(secret);
  expect(page.url()).toMatch(/\/webhooks\/[0-9a-f-]{36}$/);
});

test('a test shows what the target answers: it hangs, redirects, fails, works', async () => {
  await page.getByText('Nothing sent yet').first().waitFor();
  const say = async (text: string | RegExp) => {
    server.clock.ms += 1000;
    await button('Send test').click();
    await page.getByRole('alert').getByText(text).waitFor();
    await page.getByRole('alert').getByRole('button').click();
  };
  receiver.answers['/story'] = () => undefined;
  await say(/did not answer within 1000 ms/);
  receiver.answers['/story'] = res => res.writeHead(302, { location: '/x' }).end();
  await say(/answered 302, a redirect/);
  receiver.answers['/story'] = 500;
  await say('answered 500');
  receiver.answers['/story'] = 200;
  await button('Send test').click();
  await page.getByText('The test arrived').waitFor();
  verifiedNow(secret, receiver.got.at(-1) ?? expect.unreachable());
});

test('a delivery shows its answer and its body, and is sent again', async () => {
  await page
    .getByRole('button', { name: /webhook\.test/ })
    .filter({ hasText: 'Failed' })
    .first()
    .click();
  await page.getByText('answer 500').waitFor();
  await page.getByRole('region', { name: 'Body of the event' }).getByText('webhook.test').waitFor();
  const count = receiver.got.length;
  await button('Send again').click();
  await page.getByText('Sent again: it answered 200.').waitFor();
  expect(receiver.got).toHaveLength(count + 1);
});

test('what happens appears without a reload', async () => {
  await adminOf(server).create({ name: 'checkout', kind: Kind.STATIC });
  await page.getByRole('button', { name: /token\.created checkout/ }).waitFor();
});

test('a webhook that Usher disabled rings the bell, which leads to it', async () => {
  await bell(/Notices: nothing new/).waitFor();
  receiver.answers['/story'] = 410;
  await adminOf(server).create({ name: 'gone', kind: Kind.STATIC });
  await page.getByText('Usher disabled this webhook').waitFor();
  server.clock.ms += 1000;
  await page.getByRole('link', { name: 'Access tokens' }).click();
  // The server answers from memory for some seconds.
  await until(async () => {
    await page.reload();
    await bell(/Notices/).waitFor();
    return (await bell(/Notices: 1 new/).count()) === 1;
  }, 30_000);
  await bell(/Notices: 1 new/).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Notices' }).waitFor();
  await page.getByText(/Usher disabled the webhook payments team/).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Notices' }).waitFor({ state: 'detached' });
  await bell(/Notices: 1 new/).click();
  await page.getByRole('link', { name: /Usher disabled the webhook/ }).click();
  await heading('payments team');
  await bell(/Notices: nothing new/).waitFor();
  receiver.answers['/story'] = 200;
  await button('Enable').click();
  await button('Disable').waitFor();
});

test('the secret is rotated, and the webhook is changed', async () => {
  await button('Rotate secret').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate', exact: true }).click();
  await heading('The new secret of the webhook');
  expect(await page.getByTestId('secret').textContent()).not.toBe(secret);
  await page.getByLabel('I have stored the secret').check();
  await button('Done').click();
  await page.getByText('The former secret signs until').waitFor();
  await button('Edit').click();
  await page.getByRole('dialog').getByLabel('Description').fill('billing team');
  await button('Save').click();
  await heading('billing team');
});

test.each(looks)('all of it is accessible: %s', { timeout: 120_000 }, async look => {
  const visitor = await newVisitor(browser, look, complaints);
  await visitor.page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
  await visitor.page.getByRole('heading', { name: 'Access tokens' }).waitFor();
  const mistakes: string[] = [];
  const check = async (name: string) => {
    await keepPicture(visitor.page, name, look);
    const width = await visitor.page.evaluate('document.documentElement.scrollWidth');
    expect(width, name).toBeLessThanOrEqual(visitor.page.viewportSize()?.width ?? 0);
    for (const each of await axeViolations(visitor.page, look)) mistakes.push(`${name}: ${each}`);
  };
  await visitor.page.goto(`http://${server.manager}/webhooks`);
  await visitor.page.getByRole('link', { name: 'billing team', exact: true }).waitFor();
  await check('webhooks');
  await visitor.page.getByRole('button', { name: /Notices/ }).click();
  await visitor.page.getByRole('dialog', { name: 'Notices' }).waitFor();
  await check('notices');
  await visitor.page.keyboard.press('Escape');
  await visitor.page.getByRole('link', { name: 'billing team', exact: true }).click();
  await visitor.page.getByRole('button', { name: /token\.created checkout/ }).click();
  await visitor.page.getByRole('region', { name: 'Body of the event' }).waitFor();
  await check('webhook');
  await visitor.page.getByRole('tab', { name: 'Verify events' }).click();
  await visitor.page.locator('pre').nth(1).waitFor();
  await check('webhook-code');
  await visitor.page.getByRole('button', { name: 'Edit', exact: true }).click();
  await visitor.page.getByRole('dialog').getByLabel('Address').waitFor();
  await check('webhook-edit');
  await visitor.page.goto(`http://${server.manager}/webhooks/new`);
  await visitor.page.getByLabel('Address').waitFor();
  await check('webhook-new');
  await visitor.context.close();
  expect(mistakes).toEqual([]);
});

test('it is removed', async () => {
  await button('Remove').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await heading('Webhooks');
  await page.getByText('No webhooks yet').waitFor();
  expect(complaints).toEqual([]);
});
