/** The client's check of the audit chain accepts entries of the store that came over the wire. */

import { createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { checkChain } from '../../src/api/audit-chain.ts';
import { auditEntries } from '../../src/api/audit-log.ts';
import type { Admin } from '../../src/api/connect.ts';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { LogService } from '../../src/gen/usher/v1/log_pb.ts';
import { PeopleService } from '../../src/gen/usher/v1/people_pb.ts';
import { SignInService } from '../../src/gen/usher/v1/sign_in_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { chain, emptyChain } from '../../src/store/audit.ts';
import { auditEventMessage } from '../../src/transport/services/audit-events.ts';
import { entryOf } from '../../src/wording/audit-entry.ts';

test('the API shows every field that is hashed', async () => {
  const event = {
    id: '0198c0de-0000-7000-8000-000000000001',
    time: 1_708_574_091_007,
    action: 'token.update',
    actor: '0198c0de-0000-7000-8000-000000000009',
    actorName: 'deployer',
    peer: '127.0.0.1',
    tokenId: '0198c0de-0000-7000-8000-000000000002',
    tokenName: 'checkout',
    before: { scopes: ['a'], metadata: { n: 1.5, none: null } },
    after: { scopes: [], metadata: {} },
    detail: 'why',
    requestId: '0198c0de-0000-7000-8000-000000000003',
  };
  const first = chain(emptyChain, event);
  // As versions before wrote it.
  const { before: _, after: __, actorName: ___, tokenName: ____, ...plain } = event;
  const second = chain(first, { ...plain, id: '0198c0de-0000-7000-8000-000000000004' });
  const transport = createRouterTransport(router => {
    router.service(AccessTokenService, {
      listAuditEvents: () => ({ events: [first, second].map(auditEventMessage) }),
    });
  });
  const admin: Admin = {
    tokens: createClient(AccessTokenService, transport),
    store: createClient(StoreService, transport),
    invitations: createClient(InvitationService, transport),
    jobs: createClient(JobService, transport),
    keys: createClient(KeyService, transport),
    log: createClient(LogService, transport),
    leaks: createClient(LeakService, transport),
    signIn: createClient(SignInService, transport),
    people: createClient(PeopleService, transport),
    verifier: createClient(VerifierService, transport),
    webhooks: createClient(WebhookService, transport),
  };
  const report = await checkChain(auditEntries(admin, { oldestFirst: true, limit: 10 }));
  expect(report).toEqual({ whole: true, entries: 2, sequence: 2, hash: second.hash });
});

test('an entry that versions without names wrote has the hash that it had', async () => {
  const event = {
    id: '0198c0de-0000-7000-8000-000000000001',
    time: 1_708_574_091_007,
    action: 'token.update',
    actor: 'admin',
    peer: '127.0.0.1',
    tokenId: '0198c0de-0000-7000-8000-000000000002',
    before: { scopes: ['a'] },
    after: { scopes: [] },
    detail: 'why',
    requestId: '',
  };
  const written = '190fa3fec0871e66f444086c0f073bf832a8df12906ab152c9ccf80156c8036a';
  const chained = { ...event, sequence: 1, hash: written };
  expect(chain(emptyChain, event).hash).toBe(written);
  const report = await checkChain([entryOf(auditEventMessage(chained))]);
  expect(report).toMatchObject({ whole: true, entries: 1 });
});
