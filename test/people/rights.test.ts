/** Every rpc of the API Manager, called by everyone who can be signed in, and by no one. */

import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { Role } from '../../src/gen/usher/v1/people_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { adminOf, clientOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';
import { codeIn, type Visitor, visit } from './invited-setup.ts';
import { rpcs, services } from './rights.ts';

/** A letter for each who calls: those in capitals are for all owners, the others for "ann" alone. */
const people = {
  V: [Role.VIEWER, []],
  I: [Role.ISSUER, []],
  K: [Role.KEEPER, []],
  U: [Role.AUDITOR, []],
  v: [Role.VIEWER, ['ann']],
  i: [Role.ISSUER, ['ann']],
  k: [Role.KEEPER, ['ann']],
  u: [Role.AUDITOR, ['ann']],
  a: [Role.ADMIN, ['ann']],
} as const;
type Letter = keyof typeof people;

let server: TestServer;
const visitors = new Map<Letter | 'n', Visitor>();
/** What only those who see all owners may read. */
const secrets: string[] = [];
const named = { tokenId: '', jobId: '', webhookId: '', personId: '', jti: 'a-jti-of-bee' };

beforeAll(async () => {
  server = await runServer({ USHER_OUTBOUND_ALLOW: '127.0.0.0/8' });
  const admin = <S extends Parameters<typeof clientOf>[0]>(service: S) =>
    clientOf(service, server.manager, server.adminToken);
  const invitations = admin(InvitationService);
  for (const [letter, [role, owners]] of Object.entries(people)) {
    const name = `person ${letter}`;
    const { url } = await invitations.createInvitation({ name, role, owners: [...owners] });
    const visitor = visit(server);
    expect((await visitor.signIn({ invitation: codeIn(url) })).status).toBe(200);
    visitors.set(letter as Letter, visitor);
  }
  visitors.set('n', visit(server));
  const tokens = adminOf(server);
  await tokens.create({ kind: Kind.STATIC, name: 'of ann', owner: 'ann', scopes: ['a'] });
  const { accessToken: token, secret } = await tokens.create({
    ...{ kind: Kind.JWT, name: 'the hive', owner: 'bee', scopes: ['honey.take'] },
  });
  named.tokenId = token?.id ?? '';
  await tokens.revokeJwts({
    id: named.tokenId,
    target: { case: 'jti', value: named.jti },
    reason: 'stung someone',
  });
  const jobs = admin(JobService);
  const { job } = await jobs.createJob({
    act: { act: { case: 'setOwner', value: { owner: 'wasp' } } },
    selection: { selection: { case: 'owner', value: 'bee' } },
  });
  named.jobId = job?.id ?? '';
  await until(async () => (await jobs.getJob({ id: named.jobId })).job?.count === 1);
  const { webhook } = await admin(WebhookService).createWebhook({
    webhook: {
      url: 'https://127.0.0.1:1/hook',
      description: 'apiary',
      events: ['token.leaked'],
      enabled: true,
    },
  });
  named.webhookId = webhook?.id ?? '';
  const invited = await invitations.createInvitation({ name: 'Queen', role: Role.VIEWER });
  named.personId = invited.invitation?.personId ?? '';
  secrets.push('the hive', '"bee"', 'honey.take', 'stung someone', 'apiary', 'wasp', 'Queen');
  secrets.push(secret ?? '', JSON.stringify(named.tokenId));
});
afterAll(() => server?.stop());

/** The answer of a call: its code, "ok" for none, and its text. */
async function call(letter: Letter | 'n', path: string, request: object) {
  const { status, body } = await (visitors.get(letter) as Visitor).post(`/${path}`, request);
  return { code: status === 200 ? 'ok' : String(body.code ?? status), text: JSON.stringify(body) };
}

/** Requests that name what is another owner's, or what is not there: nothing is changed by them. */
const requestOf = (rpc: string) => rpcs[rpc]?.request(named, v7()) ?? {};

describe.each(services)('$typeName', service => {
  const unary = service.methods.filter(({ methodKind }) => methodKind === 'unary');

  test('each rpc is in the table, or a stream', () => {
    const inTable = Object.keys(rpcs).filter(each => each.startsWith(`${service.typeName}/`));
    expect(inTable.sort()).toEqual(unary.map(({ name }) => `${service.typeName}/${name}`).sort());
  });

  test.each(unary.map(({ name }) => name))('%s', async name => {
    const path = `${service.typeName}/${name}`;
    const letIn: string[] = [];
    for (const letter of Object.keys(people) as Letter[]) {
      const { code, text } = await call(letter, path, requestOf(path));
      // What is refused as a request was judged after the rights; all of the table's are good ones.
      expect(code, `${letter}: ${text}`).toMatch(
        /^(ok|permission_denied|unauthenticated|not_found|failed_precondition|aborted)$/,
      );
      if (!/denied|unauthenticated/.test(code)) letIn.push(letter);
      if (letter !== letter.toLowerCase()) continue;
      const { response = text } = { response: text };
      const found = secrets.filter(secret => secret !== '' && response.includes(secret));
      // An error may say what the request named.
      const own = JSON.stringify(requestOf(path));
      expect(
        found.filter(each => !own.includes(each.replaceAll('"', ''))),
        letter,
      ).toEqual([]);
    }
    expect(letIn.join('')).toBe(rpcs[path]?.letIn);
    const { code } = await call('n', path, requestOf(path));
    expect(code).toBe(rpcs[path]?.stranger ?? 'unauthenticated');
  });
});

test('nothing of it was changed', async () => {
  const { accessToken } = await adminOf(server).get({ id: named.tokenId });
  expect(accessToken).toMatchObject({ name: 'the hive', owner: 'bee', revision: 2n });
});

test('each entry of the log has the names of those whom it names', async () => {
  const { events } = await adminOf(server).listAuditEvents({ pageSize: 500 });
  const isNamed = (id: string) => id !== '' && id !== 'admin' && id !== 'usher';
  const nameless = events.filter(
    ({ actor, actorName, tokenId, tokenName }) =>
      (isNamed(actor) && !actorName) || (tokenId !== '' && !tokenName),
  );
  expect(events.length).toBeGreaterThan(50);
  expect(nameless.map(({ action, detail }) => `${action}: ${detail}`)).toEqual([]);
});
