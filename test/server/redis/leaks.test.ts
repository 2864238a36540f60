/** Reports of one leaked token to several replicas on Redis at once: one revocation, one leak. */

import { randomBytes } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { LeakService } from '../../../src/gen/usher/v1/leaks_pb.ts';
import { makeStatic } from '../../gateways/tokens.ts';
import { until } from '../../until.ts';
import { adminOf } from '../api.ts';
import { runServer } from '../run-server.ts';
import { redisPlace } from './place.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;

test('both replicas refuse the token, and the log has each event once', async () => {
  const { url, end } = await redisPlace();
  onTestFinished(end);
  const env = { USHER_STORE: url, USHER_LEAK_SECRET: secret };
  const replicas = [await runServer(env), await runServer(env)];
  onTestFinished(async () => void (await Promise.all(replicas.map(each => each.stop()))));
  const [first, second] = replicas;
  if (first === undefined || second === undefined) throw new Error('no replicas');
  const { token, id } = await makeStatic(first);

  const body = JSON.stringify({ findings: [{ credential: token, url: 'https://a.example/1' }] });
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', new Date(), body),
  };
  const report = async (http: string) => {
    const answer = await fetch(`http://${http}/leaks`, { method: 'POST', headers, body });
    return ((await answer.json()) as { outcomes: string[] }).outcomes[0];
  };
  const outcomes = await Promise.all([0, 1, 0, 1].map(n => report(replicas[n]?.http ?? '')));
  expect(outcomes).toContain('revoked');
  for (const each of outcomes) expect(['revoked', 'over']).toContain(each);

  const statusAt = async (http: string) => {
    const answer = await fetch(`http://${http}/`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return answer.status;
  };
  await until(async () => (await statusAt(first.http)) === 401);
  await until(async () => (await statusAt(second.http)) === 401);
  const { events } = await adminOf(second).listAuditEvents({ tokenId: id, oldestFirst: true });
  const actions = events.map(({ action }) => action);
  expect(actions).toEqual(['token.create', 'token.revoke', 'token.leaked']);
  const baseUrl = `http://${second.manager}`;
  const transport = createConnectTransport({ baseUrl, httpVersion: '1.1' });
  const admin = { headers: { authorization: `Bearer ${second.adminToken}` } };
  const { leaks } = await createClient(LeakService, transport).listLeaks({ tokenId: id }, admin);
  expect(leaks.map(({ findings }) => findings.length)).toEqual([1]);
});
