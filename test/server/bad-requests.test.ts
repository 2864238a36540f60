/**
 * A request in which several fields are wrong is refused once, with all of them in the error's
 * details: for every administrative rpc, over Connect and over gRPC.
 */

import type { DescService } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BadRequestSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import {
  AccessTokenService,
  type AuditOutcome,
  type Field,
  Kind,
  type Sort,
  type State,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { InvitationService } from '../../src/gen/usher/v1/invitations_pb.ts';
import { JobService } from '../../src/gen/usher/v1/jobs_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { LogService } from '../../src/gen/usher/v1/log_pb.ts';
import { NoticeService } from '../../src/gen/usher/v1/notices_pb.ts';
import { PeopleService, type Role } from '../../src/gen/usher/v1/people_pb.ts';
import { SignInService } from '../../src/gen/usher/v1/sign_in_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { WebhookService } from '../../src/gen/usher/v1/webhooks_pb.ts';
import { ownEngine } from '../engine.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await runServer(ownEngine);
});
afterAll(() => server.stop());

const long = 'x'.repeat(300);
const tooFar = { seconds: 10n ** 15n };
const fraction = { nanos: 1 };
const wrongFields = {
  name: ' ',
  owner: long,
  scopes: ['a', 'a'],
  metadata: { text: 'x'.repeat(20_000) },
  audiences: [''],
  jwtLifetimeMax: fraction,
  expireTime: tooFar,
  grantableScopes: ['a b'],
  allowedSources: ['10.0.0.1/8'],
  rateLimit: {},
  quota: { requests: 2n ** 60n, period: 1 },
};
const maskable = [
  ...['allowed_sources', 'audiences', 'expire_time', 'grantable_scopes', 'jwt_lifetime_max'],
  ...['metadata', 'name', 'owner', 'quota', 'rate_limit', 'scopes'],
];
const ofAccessToken = [
  ...maskable.filter(name => name !== 'quota' && name !== 'rate_limit'),
  ...['quota.requests', 'rate_limit.requests', 'rate_limit.window'],
];

/** For each rpc: a request with everything wrong, and the fields that the error must name. */
const tokens: Record<string, [request: object, fields: string[]]> = {
  create: [
    { ...wrongFields, kind: 9 as Kind, requestId: 'r' },
    [...ofAccessToken, 'kind', 'request_id'].sort(),
  ],
  get: [{ id: 'x' }, ['id']],
  list: [
    {
      ...{ pageSize: 1000, kind: 9 as Kind, state: 9 as State, sort: 9 as Sort },
      ...{ expiresWithin: { seconds: -1n }, unusedFor: { seconds: -1n } },
    },
    ['expires_within', 'kind', 'page_size', 'sort', 'state', 'unused_for'],
  ],
  listValues: [{ pageSize: 1000, field: 9 as Field }, ['field', 'page_size']],
  update: [
    {
      accessToken: { ...wrongFields, id: 'x', revision: 2n ** 60n },
      updateMask: { paths: maskable },
      requestId: 'r',
    },
    [
      ...[...ofAccessToken, 'id', 'revision'].sort().map(name => `access_token.${name}`),
      'request_id',
    ],
  ],
  rotate: [
    { id: 'x', grace: fraction, revision: 2n ** 60n, requestId: 'r' },
    ['grace', 'id', 'request_id', 'revision'],
  ],
  endGrace: [{ id: 'x', requestId: 'r' }, ['id', 'request_id']],
  revoke: [{ id: 'x', reason: long, requestId: 'r' }, ['id', 'reason', 'request_id']],
  revokeJwts: [{ id: 'x', reason: long, requestId: 'r' }, ['id', 'reason', 'request_id', 'target']],
  import: [
    { items: [{ expireTime: tooFar }, {}, { expireTime: tooFar }], requestId: 'r' },
    ['items[0].expire_time', 'items[2].expire_time', 'request_id'],
  ],
  reseal: [{ pageSize: 1000, pageToken: 'x' }, ['page_size', 'page_token']],
  getUsage: [{ id: 'x' }, ['id']],
  explain: [
    { audience: 'a'.repeat(257), requiredScopes: Array(65).fill('a') },
    ['audience', 'required_scopes'],
  ],
  lookup: [{ text: '', pageToken: 'x' }, ['page_token', 'text']],
  listAuditEvents: [
    {
      ...{ pageSize: 2000, tokenId: 'x', actor: long, tokenName: long, owner: long },
      ...{ actions: ['no.action'], outcome: 9 as AuditOutcome, fromSequence: 2n ** 60n },
      ...{ since: tooFar, until: { nanos: -1 } },
    },
    [
      ...['actions', 'actor', 'from_sequence', 'outcome', 'owner', 'page_size', 'since'],
      ...['token_id', 'token_name', 'until'],
    ],
  ],
  findJwtRevocations: [
    { value: '', tokenId: 'x', sequence: 2n ** 60n },
    ['sequence', 'token_id', 'value'],
  ],
};
const store: typeof tokens = {
  migrate: [{ pageToken: 'x' }, ['page_token']],
  listRecords: [{ pageToken: 'x' }, ['page_token']],
  listDocuments: [{ name: 'jobs/x' }, ['name']],
  readBackup: [{ pageToken: 'x' }, ['page_token']],
  // Their requests are empty.
  getStoreStatus: [{}, []],
  acceptStore: [{}, []],
};
const keys: typeof tokens = {
  getKeys: [{}, []],
  reloadKeys: [{}, []],
  rotateKeys: [{}, []],
  removeKey: [{ id: '' }, ['id']],
  countKeyUse: [{ pageToken: 'x' }, ['page_token']],
};
const ofWebhook = ['description', 'events', 'expiring_days', 'owners', 'url'];
const wrongWebhook = {
  ...{ url: 'x', description: long, events: ['x'], owners: [''], expiringDays: [0] },
};
const webhooks: typeof tokens = {
  createWebhook: [
    { webhook: wrongWebhook, requestId: 'r' },
    ['request_id', ...ofWebhook.map(name => `webhook.${name}`)],
  ],
  listWebhooks: [{}, []],
  getWebhook: [{ id: 'x' }, ['id']],
  updateWebhook: [
    {
      webhook: { ...wrongWebhook, id: 'x', revision: 2n ** 60n },
      updateMask: { paths: ofWebhook },
    },
    [...ofWebhook, 'id', 'revision'].sort().map(name => `webhook.${name}`),
  ],
  rotateWebhookSecret: [
    { id: 'x', grace: fraction, requestId: 'x' },
    ['grace', 'id', 'request_id'],
  ],
  removeWebhook: [{ id: 'x' }, ['id']],
  testWebhook: [{ id: 'x' }, ['id']],
  listDeliveries: [
    { webhookId: 'x', pageSize: 101, pageToken: 'x' },
    ['page_size', 'page_token', 'webhook_id'],
  ],
  replayDelivery: [{ webhookId: 'x', deliveryId: 'x' }, ['webhook_id']],
};
const invitations: typeof tokens = {
  createInvitation: [
    { role: 9 as Role, owners: [''], requestId: 'r' },
    ['name', 'request_id', 'role'],
  ],
  listInvitations: [{ pageToken: 'x' }, ['page_token']],
  revokeInvitation: [{}, ['id']],
  listPasskeys: [{ personId: 'x' }, ['person_id']],
  renamePasskey: [{ personId: 'x' }, ['id', 'name', 'person_id']],
  removePasskey: [{}, ['id', 'person_id']],
};
const people: typeof tokens = {
  listPeople: [{ pageSize: 1000, pageToken: 'x' }, ['page_size', 'page_token']],
  getPerson: [{ id: 'x' }, ['id']],
  updatePerson: [
    {
      person: { id: 'x', name: ' ', role: 9 as Role, revision: 2n ** 60n },
      updateMask: { paths: ['name', 'role', 'role_by_provider'] },
    },
    [
      ...['person.id', 'person.name', 'person.revision', 'person.role'],
      ...['person.role_by_provider', 'update_mask'],
    ],
  ],
  removePerson: [{ id: 'x', revision: 2n ** 60n }, ['id', 'revision']],
  listSessions: [
    { actor: 'x', pageSize: 1000, pageToken: 'x' },
    ['actor', 'page_size', 'page_token'],
  ],
  endSession: [{ id: 'a b' }, ['id']],
  endSessions: [{ actor: 'x' }, ['actor']],
};
const jobs: typeof tokens = {
  createJob: [
    {
      act: { act: { case: 'revoke', value: { reason: long } } },
      selection: { selection: { case: 'filter', value: { kind: 9 as Kind, state: 9 as State } } },
      requestId: 'r',
    },
    ['act.revoke.reason', 'request_id', 'selection.filter.kind', 'selection.filter.state'],
  ],
  startJob: [{ id: 'x' }, ['id']],
  getJob: [{ id: 'x' }, ['id']],
  listJobs: [{ pageSize: 1000, pageToken: 'x' }, ['page_size', 'page_token']],
  cancelJob: [{ id: 'x' }, ['id']],
  listJobFailures: [{ id: 'x', pageToken: 'x' }, ['id', 'page_token']],
  readJobSecrets: [{ id: 'x', pageToken: 'x' }, ['id', 'page_token']],
  forgetJobSecrets: [{ id: 'x' }, ['id']],
};
const issueJwt: (typeof tokens)[string] = [
  {
    ...{ tokenId: 'x', subject: long, audience: [''], scopes: ['a b'] },
    claims: { exp: 1 },
  },
  ['audience', 'claims', 'expiry', 'scopes', 'subject', 'token_id'],
];

const leaks: typeof tokens = {
  listLeaks: [{ tokenId: 'x' }, ['token_id']],
  dismissLeak: [{ id: '?', note: long }, ['id', 'note']],
};

const logs = {
  getLogLevel: [{}, []],
  setLogLevel: [{ level: 'loud' }, ['level']],
} satisfies typeof tokens;

/** The fields that an error names in its details. */
async function namedBy(call: Promise<unknown>): Promise<string[]> {
  const error = ConnectError.from(
    await call.then(
      () => new Error('it passed'),
      each => each,
    ),
  );
  expect(error.code).toBe(Code.InvalidArgument);
  const [detail] = error.findDetails(BadRequestSchema);
  const violations = detail?.fieldViolations ?? [];
  for (const { description } of violations) expect(error.rawMessage).toContain(description);
  return violations.map(({ field }) => field).sort();
}

/** A client that sends what JSON could not say, such as a time in the year 30,000,000. */
function clientOf<S extends DescService>(service: S, address: string, isGrpc = false) {
  const options = {
    baseUrl: `http://${address}`,
    interceptors: [
      next => request => {
        request.header.set('authorization', server.adminToken);
        return next(request);
      },
    ],
  } satisfies Parameters<typeof createGrpcTransport>[0];
  const transport = isGrpc
    ? createGrpcTransport(options)
    : createConnectTransport({ ...options, httpVersion: '1.1', useBinaryFormat: true });
  return createClient(service, transport);
}

type Calls = Record<string, (request: object) => Promise<unknown>>;
type Service =
  | typeof AccessTokenService
  | typeof InvitationService
  | typeof StoreService
  | typeof KeyService
  | typeof LeakService
  | typeof LogService
  | typeof PeopleService
  | typeof JobService
  | typeof WebhookService;
const callsOf = (service: Service, isGrpc: boolean) =>
  clientOf(service, server.manager, isGrpc) as unknown as Calls;

/** Both protocols name the same fields. */
async function namesIn(service: Service, name: string, request: object, fields: string[]) {
  for (const isGrpc of [false, true]) {
    const call = callsOf(service, isGrpc)[name]?.(request) as Promise<unknown>;
    expect(await namedBy(call)).toEqual(fields);
  }
}

test('every administrative rpc is in this test', () => {
  const services = [
    AccessTokenService,
    InvitationService,
    StoreService,
    KeyService,
    LeakService,
    LogService,
    SignInService,
    PeopleService,
    WebhookService,
    NoticeService,
    JobService,
  ];
  const rpcs = services.flatMap(({ methods }) => methods.map(({ localName }) => localName));
  const here = [
    ...Object.keys(tokens),
    ...Object.keys(store),
    ...Object.keys(keys),
    ...Object.keys(webhooks),
    // Its request is empty.
    'listNotices',
    ...Object.keys(logs),
    ...Object.keys(leaks),
    ...Object.keys(invitations),
    ...Object.keys(people),
    ...Object.keys(jobs),
    'createSignInCode',
  ];
  expect(here.sort()).toEqual(rpcs.sort());
});

test.each(Object.entries(tokens))('AccessTokenService.%s', async (name, [request, fields]) => {
  await namesIn(AccessTokenService, name, request, fields);
});

test.each(Object.entries(store).filter(([, [, fields]]) => fields.length > 0))(
  'StoreService.%s',
  async (name, [request, fields]) => {
    await namesIn(StoreService, name, request, fields);
  },
);

test.each(Object.entries(keys).filter(([, [, fields]]) => fields.length > 0))(
  'KeyService.%s',
  async (name, [request, fields]) => {
    await namesIn(KeyService, name, request, fields);
  },
);

test.each(Object.entries(webhooks).filter(([, [, fields]]) => fields.length > 0))(
  'WebhookService.%s',
  async (name, [request, fields]) => {
    await namesIn(WebhookService, name, request, fields);
  },
);

test('LogService.setLogLevel', async () => {
  const [request, fields] = logs.setLogLevel;
  await namesIn(LogService, 'setLogLevel', request, fields);
});

test.each(Object.entries(leaks))('LeakService.%s', async (name, [request, fields]) => {
  await namesIn(LeakService, name, request, fields);
});

test.each(Object.entries(invitations))('InvitationService.%s', async (name, [request, fields]) => {
  await namesIn(InvitationService, name, request, fields);
});

test.each(Object.entries(people))('PeopleService.%s', async (name, [request, fields]) => {
  await namesIn(PeopleService, name, request, fields);
});

test.each(Object.entries(jobs))('JobService.%s', async (name, [request, fields]) => {
  await namesIn(JobService, name, request, fields);
});

test('VerifierService.issueJwt, over Connect and gRPC', async () => {
  const [request, fields] = issueJwt;
  const connect = clientOf(VerifierService, server.http);
  expect(await namedBy(connect.issueJwt(request))).toEqual(fields);
  const grpc = clientOf(VerifierService, server.grpc, true);
  expect(await namedBy(grpc.issueJwt(request))).toEqual(fields);
});

test('without a request id, and with readable values, all are named too', async () => {
  const { expireTime: _, jwtLifetimeMax: __, quota: ___, ...readable } = wrongFields;
  const rateLimit = { window: { seconds: 100_000n } };
  const admin = clientOf(AccessTokenService, server.manager);
  const past = { seconds: 1n };
  const call = admin.create({ ...readable, rateLimit, kind: Kind.STATIC, expireTime: past });
  expect(await namedBy(call)).toEqual([
    ...['allowed_sources', 'audiences', 'expire_time', 'grantable_scopes', 'metadata', 'name'],
    ...['owner', 'rate_limit.requests', 'rate_limit.window', 'scopes'],
  ]);
});
