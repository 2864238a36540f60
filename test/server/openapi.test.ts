/** The OpenAPI document: it is served, names every unary rpc where it is, and refers only to itself. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { LogService } from '../../src/gen/usher/v1/log_pb.ts';
import { NoticeService } from '../../src/gen/usher/v1/notices_pb.ts';
import { PeopleService } from '../../src/gen/usher/v1/people_pb.ts';
import { SignInService } from '../../src/gen/usher/v1/sign_in_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { runServer, type TestServer } from './run-server.ts';

const text = readFileSync(new URL('../../src/gen/openapi.yaml', import.meta.url), 'utf8');
const document = parse(text) as {
  paths: Record<string, { servers: { description: string }[]; post: { operationId: string } }>;
  components: { schemas: Record<string, { properties?: object; description?: string }> };
};

let server: TestServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(() => server.stop());

test.each(['http', 'manager'] as const)('the %s listener serves it', async listener => {
  const answer = await fetch(`http://${server[listener]}/openapi.yaml`);
  expect(answer.headers.get('content-type')).toBe('application/yaml');
  expect(await answer.text()).toBe(text);
});

test('it has every unary rpc', () => {
  const rpcs = [
    AccessTokenService,
    InvitationService,
    JobService,
    KeyService,
    LeakService,
    LogService,
    NoticeService,
    PeopleService,
    StoreService,
    SignInService,
    VerifierService,
    WebhookService,
  ].flatMap(service =>
    service.methods
      .filter(({ methodKind }) => methodKind === 'unary')
      .map(({ name }) => `/${service.typeName}/${name}`),
  );
  expect(Object.keys(document.paths).sort()).toEqual(rpcs.sort());
});

test.each(Object.entries(document.paths))(
  '%s is where the document says',
  async (path, { servers }) => {
    const ask = async (address: string) =>
      (await fetch(`http://${address}${path}`, { method: 'POST' })).status;
    // Without a Content-Type, an rpc answers 415.
    const isManagers = servers[0]?.description.startsWith('The API Manager');
    expect(await ask(server.manager)).toBe(415);
    expect(await ask(server.http)).toBe(isManagers ? 404 : 415);
  },
);

test('everything that it refers to is in it, and described', () => {
  const names = [...text.matchAll(/\$ref: "#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name ?? '',
  );
  expect(names.length).toBeGreaterThan(50);
  const { schemas } = document.components;
  for (const name of names) expect(Object.keys(schemas)).toContain(name);
  const bare = Object.entries(schemas).filter(([, { description }]) => !description);
  expect(bare.map(([name]) => name)).toEqual([]);
});
