/** No page is wider than the window where names are as long as they may be, and have no blank. */

import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { fieldLimits } from '../../src/tokens/fields.ts';
import { launchChromium, newVisitor, overflow } from '../manager/chromium.ts';
import { adminOf, clientOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { codeIn, invitationsAt, visit } from './invited-setup.ts';

const name = 'n'.repeat(fieldLimits.nameLengthMax);
const owner = 'o'.repeat(fieldLimits.ownerLengthMax);
const leakSecret = `whsec_${randomBytes(32).toString('base64')}`;

async function report(server: TestServer, credential: string): Promise<void> {
  const body = JSON.stringify({ findings: [{ credential, url: `https://a.example/${name}` }] });
  const at = new Date();
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(leakSecret).sign('msg_1', at, body),
  };
  const answer = await fetch(`http://${server.http}/leaks`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
}

/** Makes one of each; resolves to the paths of the pages that show them. */
async function fill(server: TestServer): Promise<{ paths: string[]; link: string }> {
  const invited = { name, role: Role.KEEPER, owners: [owner] };
  const { url, invitation } = await invitationsAt(server).createInvitation(invited);
  await visit(server).signIn({ invitation: codeIn(url) });
  const { url: link } = await invitationsAt(server).createInvitation(invited);
  const { accessToken, token } = await adminOf(server).create({
    ...{ kind: Kind.STATIC, name, owner, scopes: ['s'.repeat(fieldLimits.scopeLengthMax)] },
  });
  await report(server, token);
  const { webhook } = await clientOf(
    WebhookService,
    server.manager,
    server.adminToken,
  ).createWebhook({
    webhook: {
      ...{ url: `https://a.example/${name}`, description: name, owners: [owner] },
      ...{ events: ['token.leaked'], enabled: false },
    },
  });
  const ids = [`/people/${invitation?.personId}`, `/tokens/${accessToken?.id}`];
  const lists = ['/', '/people', '/webhooks', '/leaks', '/audit'];
  return { paths: [...lists, ...ids, `/webhooks/${webhook?.id}`], link };
}

test('no page is wider than the window', async () => {
  const server = await runServer({ USHER_LEAK_SECRET: leakSecret, USHER_LEAK_POLICY: 'flag' });
  const browser = await launchChromium();
  onTestFinished(async () => {
    await browser.close();
    await server.stop();
  });
  const { paths, link } = await fill(server);
  const wide: string[] = [];
  for (const look of ['light', 'phone'] as const) {
    const { context, page } = await newVisitor(browser, look);
    const open = async (path: string, shown: string) => {
      await page.goto(`http://${server.manager}${path}`);
      await page.getByText(shown).filter({ visible: true }).first().waitFor();
      const pixels = await overflow(page);
      if (pixels > 0) wide.push(`${path} (${look}): ${pixels} pixels wider`);
    };
    await open(`/invite#${codeIn(link)}`, 'Welcome,');
    await page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
    await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
    for (const path of paths) await open(path, name.slice(0, 20));
    await context.close();
  }
  expect(wide).toEqual([]);
}, 120_000);
