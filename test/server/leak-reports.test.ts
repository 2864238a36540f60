/** The two doors for reports of leaked credentials, on a real server with a list of keys over https. */

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { runUsher } from '../cli/run-usher.ts';
import { ownEngine } from '../engine.ts';
import { makeStatic } from '../gateways/tokens.ts';
import { adminOf } from './api.ts';
import { runServer, secrets, type TestServer } from './run-server.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyId = 'f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d';
let pems: Certificates;
let github: ReturnType<typeof createServer>;
let usher: TestServer;

beforeAll(async () => {
  pems = await makeCertificates();
  const [cert, key] = ['server.pem', 'server-key.pem'].map(name => readFileSync(pems.path(name)));
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  github = createServer({ cert, key }, (_, response) => {
    const public_keys = [{ key_identifier: keyId, key: pem, is_current: true }];
    response.end(JSON.stringify({ public_keys }));
  });
  await new Promise<void>(resolve => github.listen(0, '127.0.0.1', resolve));
  const { port } = github.address() as AddressInfo;
  usher = await runServer({
    ...ownEngine,
    USHER_LEAK_SECRET: secret,
    USHER_LEAK_GITHUB: `https://127.0.0.1:${port}/keys`,
    USHER_OUTBOUND_ALLOW: `127.0.0.1:${port}`,
    USHER_OUTBOUND_CA_FILE: pems.path('ca.pem'),
    USHER_GUESSES_PER_MINUTE_MAX: '20',
  });
});
afterAll(async () => {
  await usher.stop();
  github.close();
  pems.remove();
});

const post = (path: string, body: string, headers: Record<string, string>) =>
  fetch(`http://${usher.http}${path}`, { method: 'POST', headers, body });

function byGithub(findings: unknown, body = JSON.stringify(findings)) {
  const signature = sign('sha256', Buffer.from(body), privateKey).toString('base64');
  const headers = {
    'Github-Public-Key-Identifier': keyId,
    'Github-Public-Key-Signature': signature,
  };
  return { body, headers };
}

function byScanner(report: unknown, at = Date.now()) {
  const body = JSON.stringify(report);
  const signature = new Webhook(secret).sign('msg_1', new Date(at), body);
  const timestamp = String(Math.floor(at / 1000));
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  return { body, headers };
}

const asAdmin = () => ({ headers: { authorization: usher.adminToken } });
const verdictOn = (token: string) =>
  fetch(`http://${usher.http}/`, { headers: { authorization: `Bearer ${token}` } });

test("GitHub's report revokes, and says which findings were real", async () => {
  const { token, id } = await makeStatic(usher);
  const url = 'https://github.com/octocat/Hello-World/blob/123456/foo/bar.txt';
  const type = 'acme_api_token';
  const wrong = `${token.slice(0, -1)}?`;
  const { body, headers } = byGithub([
    { token, type, url, source: 'content', later: 'ignored' },
    { token: wrong, type, url: '', source: 'commit' },
  ]);
  const answer = await post('/leaks/github', body, headers);
  expect(answer.status).toBe(200);
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(await answer.json()).toEqual([
    { token_hash: hash(token), token_type: type, label: 'true_positive' },
    { token_hash: hash(wrong), token_type: type, label: 'false_positive' },
  ]);
  expect((await verdictOn(token)).status).toBe(401);
  const { events } = await adminOf(usher).listAuditEvents({ tokenId: id });
  expect(events[0]).toMatchObject({ action: 'token.leaked', actor: 'usher', peer: '127.0.0.1' });
  expect(usher.logged.join('\n')).not.toContain(token);
  expect(usher.logged.join('\n')).toContain('a credential was reported as leaked');
});

test("a scanner's report is answered for each finding", async () => {
  const { token } = await makeStatic(usher);
  const { body, headers } = byScanner({
    findings: [{ credential: token, url: 'https://paste.example/1' }, { credential: 'x' }],
  });
  const answer = await post('/leaks', body, headers);
  expect([answer.status, await answer.json()]).toEqual([200, { outcomes: ['revoked', 'unknown'] }]);
  expect((await verdictOn(token)).status).toBe(401);
  const again = await post('/leaks', body, headers);
  expect(await again.json()).toEqual({ outcomes: ['over', 'unknown'] });
  const metrics = await (await fetch(`http://${usher.manager}/metrics`, asAdmin())).text();
  const counted = (outcome: string) =>
    Number(new RegExp(`\\{by="report",outcome="${outcome}"\\} (\\d+)`).exec(metrics)?.[1]);
  expect(['revoked', 'over', 'unknown', 'failed'].map(counted)).toEqual([1, 1, 2, 0]);
});

test('the admin token is an error in the log', async () => {
  const { body, headers } = byScanner({ findings: [{ credential: usher.adminToken }] });
  expect(await (await post('/leaks', body, headers)).json()).toEqual({ outcomes: ['flagged'] });
  const line = usher.logged.find(each => each.includes('replace USHER_ADMIN_TOKEN now'));
  expect(line).toContain('"level":"error"');
  expect(usher.logged.join('\n')).not.toContain(usher.adminToken);
});

test.each([
  ['not JSON', 'nothing', /is not a JSON object/],
  ['a list', [], /is not a JSON object/],
  ['no findings', {}, /has no list "findings"/],
  ['another member', { findings: [], finding: 1 }, /the member finding, .*did you mean findings\?/],
  ['an entry that is no object', { findings: ['x'] }, /findings\[0\] is not an object/],
  ['a misspelt member', { findings: [{ credentials: 'x' }] }, /did you mean credential\?/],
  ['no credential', { findings: [{ url: 'x' }] }, /findings\[0\] has no credential/],
  ['too many', { findings: Array(1001).fill({ credential: 'x' }) }, /more than 1000 findings/],
])('a signed report with %s is refused', async (_, report, message) => {
  const { body, headers } = byScanner(report);
  const answer = await post('/leaks', body, headers);
  expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
    400,
    expect.stringMatching(message),
  ]);
});

test("GitHub's report of another form is refused", async () => {
  for (const report of [{}, 'x', [1], [{ token: 'x' }]]) {
    const { body, headers } = byGithub(report);
    expect((await post('/leaks/github', body, headers)).status).toBe(400);
  }
});

test('other methods, and a body that is too long', async () => {
  expect((await fetch(`http://${usher.http}/leaks`)).status).toBe(405);
  const long = await post('/leaks', 'x'.repeat(4_194_305), {});
  expect(long.status).toBe(413);
});

// The last one: its source is slowed afterwards.
test('without a right signature nothing is said about a token, and guesses are slowed', async () => {
  const { token } = await makeStatic(usher);
  const finding = { findings: [{ credential: token }] };
  const ofGithub = [{ token, type: 't', url: '', source: '' }];
  const good = byScanner(finding);
  const tries: [string, string, Record<string, string>][] = [
    ['/leaks', good.body, {}],
    ['/leaks', good.body, { ...good.headers, 'webhook-id': 'msg_2' }],
    ['/leaks', JSON.stringify({ findings: [{ credential: 'x' }] }), good.headers],
    ['/leaks', good.body, byScanner(finding, Date.now() - 600_000).headers],
    ['/leaks', good.body, byGithub(ofGithub).headers],
    ['/leaks/github', JSON.stringify(ofGithub), {}],
    ['/leaks/github', JSON.stringify(ofGithub), byGithub([]).headers],
    ['/leaks/github', good.body, good.headers],
    ['/leaks/github', '', {}],
  ];
  const texts = new Set<string>();
  for (const [path, body, headers] of tries) {
    const answer = await post(path, body, headers);
    expect([path, answer.status]).toEqual([path, 401]);
    texts.add(await answer.text());
  }
  expect([...texts]).toEqual([
    '{"error":"the signature of the report is missing, wrong or too old"}',
  ]);
  const statuses: number[] = [];
  for (let n = 0; n < 20; n++) statuses.push((await post('/leaks', good.body, {})).status);
  expect(statuses.at(-1)).toBe(429);
  // A right signature is no guess, and until it came the token was good.
  const signed = await post('/leaks', good.body, good.headers);
  expect([signed.status, await signed.json()]).toEqual([200, { outcomes: ['revoked'] }]);
});

test('neither path is there unless it is configured', async () => {
  const other = await runServer(ownEngine);
  const ask = (path: string) =>
    fetch(`http://${other.http}${path}`, { method: 'POST', body: '{}' });
  expect((await ask('/leaks')).status).toBe(404);
  expect((await ask('/leaks/github')).status).toBe(404);
  await other.stop();
});

test('after reports the records agree with the log, and a backup is good', async () => {
  const { token } = await makeStatic(usher);
  const { body, headers } = byScanner({ findings: [{ credential: token }] });
  expect(await (await post('/leaks', body, headers)).json()).toEqual({ outcomes: ['revoked'] });
  const env = { USHER_MANAGER_URL: `http://${usher.manager}`, USHER_ADMIN_TOKEN: usher.adminToken };
  const verified = await runUsher(['audit', 'verify', '--records', '--json'], env);
  expect(JSON.parse(verified.out)).toMatchObject({ whole: true, wrong: [] });
  const file = pems.path('backup');
  expect(await runUsher(['backup', file], env)).toMatchObject({ code: 0 });
  const checked = await runUsher(['restore', '--check', file, '--json'], secrets);
  expect(checked, checked.out).toMatchObject({ code: 0 });
});
