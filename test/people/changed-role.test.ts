/** Someone's role changes while their page is open: the page shows what they may do and see now. */

import { expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { PeopleService, Role } from '../../src/gen/usher/v1/people_pb.ts';
import { launchChromium, newVisitor } from '../manager/chromium.ts';
import { adminOf, clientOf } from '../server/api.ts';
import { runServer } from '../server/run-server.ts';
import { codeIn, invitationsAt } from './invited-setup.ts';

test('a keeper becomes a viewer of one owner, and a keeper again', async () => {
  const server = await runServer();
  const browser = await launchChromium();
  onTestFinished(async () => {
    await browser.close();
    await server.stop();
  });
  const tokens = adminOf(server);
  for (const owner of ['ann', 'bob']) {
    await tokens.create({ kind: Kind.STATIC, name: `of ${owner}`, owner });
  }
  const keeper = { name: 'Zoë', role: Role.KEEPER, owners: ['ann', 'bob'] };
  const { url, invitation } = await invitationsAt(server).createInvitation(keeper);
  const { page } = await newVisitor(browser, 'light');
  await page.goto(`http://${server.manager}/invite#${codeIn(url)}`);
  await page.getByRole('button', { name: 'Sign in as Zoë' }).click();
  await page.waitForURL(to => !to.pathname.startsWith('/invite'));
  await page.goto(`http://${server.manager}/`);
  await page.getByText('of bob').waitFor();
  await page.getByRole('link', { name: 'New access token' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('one more');

  const setRole = async (role: Role, owners: string[]) => {
    const person = { id: invitation?.personId ?? '', role, owners };
    const updateMask = { paths: ['role', 'owners'] };
    await clientOf(PeopleService, server.manager, server.adminToken).updatePerson({
      ...{ person, updateMask },
    });
  };
  await setRole(Role.VIEWER, ['ann']);
  await page.getByRole('button', { name: 'Create access token' }).click();
  await page.getByText('You may not do this').waitFor();
  expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('one more');
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByText('of ann').waitFor();
  await page.getByText('of bob').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'New access token' }).waitFor({ state: 'detached' });

  await setRole(Role.KEEPER, ['ann', 'bob']);
  await page.reload();
  await page.getByText('of bob').waitFor();
  await page.getByRole('link', { name: 'New access token' }).waitFor();
}, 60_000);
