/** AccessTokenService over Connect: how requests are passed on, and how records are shown. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AccessTokenService,
  type CreateAccessTokenRequestSchema,
  ExplainResponse_Check,
  Kind,
  LookupResponse_MatchedBy,
  type RevokeJwtsRequestSchema,
  State,
  type UpdateAccessTokenRequestSchema,
} from '../../../src/gen/usher/v1/access_token_pb.ts';
import type { AccessTokenRecord } from '../../../src/store/record.ts';
import { Unavailable, type Usage } from '../../../src/store/store.ts';
import type { AccessTokens } from '../../../src/tokens/access-tokens.ts';
import { TokenError } from '../../../src/tokens/errors.ts';
import { createConnectDoor } from '../../../src/transport/connect/listener.ts';
import { createHttpListener } from '../../../src/transport/http/listener.ts';
import { createCallerOf } from '../../../src/transport/rpc/caller-of.ts';
import { bind } from '../../../src/transport/rpc/handlers.ts';
import { accessTokenHandlers } from '../../../src/transport/services/access-token.ts';
import { defaultLimits } from '../../limits.ts';

const at = Date.UTC(2024, 1, 22, 3, 54, 51, 250);
const id = '018dcf2e-7a00-7000-8000-000000000001';

const record: AccessTokenRecord = {
  ...{ id, revision: 3, kind: 'jwt' },
  name: 'web',
  owner: 'shop',
  scopes: ['a'],
  metadata: { plan: 'gold' },
  audiences: ['https://shop.example'],
  jwtLifetimeMaxSeconds: 3600,
  createdAt: at - 5000,
  updatedAt: at - 4000,
  expiresAt: at + 1,
  secrets: [
    { masterKeyId: 'm', value: 'sealed-current', createdAt: at - 3000 },
    { masterKeyId: 'm', value: 'sealed-previous', createdAt: at - 5000, goodUntil: at + 9000 },
  ],
  revokedJwts: { issuedBefore: 1_700_000_000_000, ids: { x: 1, y: 1 }, subjects: { z: 1 } },
  eventId: 'e',
};
const usage: Usage = { days: { '2024-02-22': 7, '2024-01-24': 1 }, lastUsedAt: at - 10 };

/** The arguments of each call, and what to throw at the next. */
const calls: unknown[][] = [];
let failure: Error | undefined;
let usageFailure: Error | undefined;

function answering<T>(name: string, answer: T) {
  return async (_caller: unknown, ...args: unknown[]): Promise<T> => {
    calls.push([name, ...args]);
    if (failure) throw failure;
    return answer;
  };
}

const accessTokens: AccessTokens = {
  create: answering('create', { record, secret: 'shown once' }),
  get: answering('get', { record, usage }),
  list: answering('list', {
    ...{ records: [record], usage: [usage], nextPageToken: 'n', total: 9 },
    ...{ searched: 7, matching: 5, isCounted: true },
  }),
  listValues: answering('listValues', {
    values: [{ value: 'ann', count: 3, label: '' }],
    total: 2,
    isFinal: true,
  }),
  update: answering('update', record),
  endGrace: answering('endGrace', record),
  rotate: answering('rotate', { record: { ...record, kind: 'static' }, secret: 'shown once' }),
  revoke: answering('revoke', { ...record, revokedAt: at, revokeReason: 'leaked' }),
  revokeJwts: answering('revokeJwts', record),
};

const bugs: unknown[] = [];
const onBug = (error: unknown) => bugs.push(error);
const door = createConnectDoor({
  bindings: [
    bind(
      AccessTokenService,
      accessTokenHandlers({
        accessTokens,
        readTotalUse: async () => [],
        usage: {
          read: async () => {
            if (usageFailure) throw usageFailure;
            return usage;
          },
          report: async () => ({
            usage: { ...usage, lastUsedFrom: '192.0.2.1' },
            refusals: [
              ['EXPIRED', { days: { '2024-02-22': 2 }, lastUsedAt: at - 20 }],
              ['REVOKED', { days: { '2024-02-22': 3, '2024-02-21': 1 }, lastUsedAt: at }],
              ['RATE_LIMITED', { days: { '2023-02-22': 3 }, lastUsedAt: 5 }],
            ],
          }),
        },
        audit: {
          list: async (_caller, query) => {
            calls.push(['audit', query]);
            const event = { id: 'e', action: 'token.update', actor: 'admin', peer: '::1' };
            const rest = { tokenId: id, after: { name: 'web' }, detail: '', requestId: '' };
            const events = [{ ...event, ...rest, time: at, sequence: 5, hash: 'f0' }];
            const counts = { examined: 1, left: 4, lastSequence: 9 };
            return { events, nextPageToken: '5', names: { [id]: 'web' }, ...counts };
          },
          findRevocations: answering('find', {
            ...{ matches: [], nextPageToken: '', names: {}, examined: 1, left: 0 },
          }),
        },
        importTokens: answering('import', [
          { outcome: 'imported', id, problem: '' },
          { outcome: 'refused', id: '', problem: 'token: is empty' },
        ]),
        reseal: answering('reseal', {
          ...{ examined: 3, resealed: 1, nextPageToken: 'n' },
          left: [{ masterKeyId: 'k1', secrets: 2, listed: false }],
        }),
        explain: answering('explain', {
          verdict: { valid: false, reason: 'MALFORMED_CLAIM', claim: 'exp', stale: true },
          steps: [{ check: 'access token', passed: true, detail: 'it is there' }],
        }),
        actorNames: async () => new Map(),
        lookup: answering('lookup', {
          matches: [{ record, usage: { days: {} }, matchedBy: 'secret key' }],
          ...{ nextPageToken: 'n', examined: 9 },
        }),
        authenticate: createCallerOf(
          async (header, peer) =>
            header === 'admin'
              ? { actor: 'admin', name: '', peer, scopes: [] }
              : { reason: 'INVALID_TOKEN' },
          ({ peer }) => peer,
        ),
        now: () => at,
      }),
    ),
  ],
  limits: defaultLimits.http,
  onBug,
  door: 'manager',
  cors: false,
  requireProtocolHeader: true,
});
const listener = createHttpListener({
  routes: door.routes,
  limits: defaultLimits.http,
  corsOrigins: [],
  onBug,
});
let client: Client<typeof AccessTokenService>;
let stranger: typeof client;

beforeAll(async () => {
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const baseUrl = `http://127.0.0.1:${port}`;
  const clientWith = (token: string) =>
    createClient(
      AccessTokenService,
      createConnectTransport({
        baseUrl,
        httpVersion: '1.1',
        interceptors: [
          next => call => {
            call.header.set('authorization', token);
            return next(call);
          },
        ],
      }),
    );
  client = clientWith('admin');
  stranger = clientWith('other');
});

beforeEach(() => {
  calls.length = 0;
  failure = undefined;
  usageFailure = undefined;
});

afterAll(async () => {
  await listener.stop(5_000);
  expect(listener.connections()).toBe(0);
  expect(bugs).toEqual([]);
});

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    thrown => thrown,
  );
  if (error instanceof ConnectError) return error;
  throw new Error('the call did not fail as an rpc does');
}

const seconds = (ms: number) => BigInt(Math.floor(ms / 1000));

describe('records', () => {
  test('are shown with all fields but their secrets', async () => {
    const { accessToken } = await client.get({ id });
    expect(accessToken).toMatchObject({
      ...{ id, kind: Kind.JWT, state: State.ACTIVE, name: 'web', owner: 'shop', scopes: ['a'] },
      metadata: { plan: 'gold' },
      audiences: ['https://shop.example'],
      jwtLifetimeMax: { seconds: 3600n, nanos: 0 },
      createTime: { seconds: seconds(at - 5000), nanos: 250_000_000 },
      expireTime: { seconds: seconds(at), nanos: 251_000_000 },
      rotateTime: { seconds: seconds(at - 3000) },
      previousSecretExpireTime: { seconds: seconds(at + 9000) },
      lastUsedTime: { seconds: seconds(at), nanos: 240_000_000 },
      jwtsRevokedBeforeTime: { seconds: 1_700_000_000n },
      revokedJwts: 3,
      revision: 3n,
    });
    expect(accessToken?.revokeTime).toBeUndefined();
    const shown = JSON.stringify(accessToken, (_key, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(shown).not.toContain('sealed');
  });

  test('that are revoked say so', async () => {
    const { accessToken } = await client.revoke({ id, reason: 'leaked', requestId: 'r' });
    expect(calls).toEqual([['revoke', id, 'leaked', 'r']]);
    expect(accessToken).toMatchObject({ state: State.REVOKED, revokeReason: 'leaked' });
  });

  test('are shown without their use when that cannot be read after a change', async () => {
    usageFailure = new Unavailable('gone');
    const { accessToken } = await client.revoke({ id });
    expect(accessToken?.lastUsedTime).toBeUndefined();
  });
});

describe('Create and Rotate', () => {
  test('take every field and show the secret once', async () => {
    const answer = await client.create({
      ...{ kind: Kind.JWT, name: 'web', owner: 'shop', scopes: ['a'], audiences: ['b'] },
      metadata: { plan: 'gold' },
      jwtLifetimeMax: { seconds: 60n },
      expireTime: { seconds: seconds(at), nanos: 251_999_999 },
      requestId: 'r',
    });
    const fields = { name: 'web', owner: 'shop', scopes: ['a'], audiences: ['b'] };
    const rest = { metadata: { plan: 'gold' }, jwtLifetimeMaxSeconds: 60, expiresAt: at + 1 };
    expect(calls).toEqual([['create', 'jwt', { ...fields, ...rest }, 'r']]);
    expect([answer.token, answer.secret]).toEqual(['', 'shown once']);
  });

  test('a static one shows its token', async () => {
    const answer = await client.rotate({ id, grace: { seconds: 60n }, revision: 3n });
    expect(calls).toEqual([['rotate', id, 60, 3, undefined]]);
    expect([answer.token, answer.secret]).toEqual(['shown once', '']);
  });
});

describe('Update, List, RevokeJwts', () => {
  test('Update passes on the fields and the mask', async () => {
    const accessToken = { id, revision: 3n, name: 'new', jwtLifetimeMax: { seconds: 5n } };
    await client.update({ accessToken, updateMask: { paths: ['name', 'jwt_lifetime_max'] } });
    const fields = expect.objectContaining({ name: 'new', jwtLifetimeMaxSeconds: 5 });
    expect(calls).toEqual([
      ['update', id, 3, fields, ['name', 'jwtLifetimeMaxSeconds'], undefined],
    ]);
  });

  test('List passes on what is asked, and shows what was found', async () => {
    const answer = await client.list({ pageSize: 10 });
    expect(calls).toMatchObject([['list', { pageSize: 10, sort: 'newest' }]]);
    const counts = { searchedSize: 7n, matchingSize: 5n, matchingSizeFinal: true };
    expect(answer).toMatchObject({ nextPageToken: 'n', totalSize: 9n, ...counts });
    expect(answer.accessTokens).toHaveLength(1);
  });

  test.each([
    [{ case: 'jti' as const, value: 'j' }, { jti: 'j' }],
    [{ case: 'subject' as const, value: 's' }, { subject: 's' }],
    [{ case: 'issuedBefore' as const, value: { seconds: 5n } }, { issuedBefore: 5000 }],
  ])('RevokeJwts: %#', async (target, expected) => {
    await client.revokeJwts({ id, target, reason: 'why' });
    expect(calls).toEqual([['revokeJwts', id, expected, 'why', undefined]]);
  });
});

test('GetUsage shows thirty days, oldest first', async () => {
  const { days, lastUsedTime, lastUsedAddress, refusals } = await client.getUsage({ id });
  expect(days).toHaveLength(30);
  expect(days[0]).toMatchObject({ date: '2024-01-24', count: 1n });
  expect(days[1]).toMatchObject({ date: '2024-01-25', count: 0n });
  expect(days[29]).toMatchObject({ date: '2024-02-22', count: 7n, refused: 5n });
  expect(days[28]).toMatchObject({ count: 0n, refused: 1n });
  expect(lastUsedAddress).toBe('192.0.2.1');
  expect(refusals).toMatchObject([
    { reason: 'REVOKED', count: 4n, lastTime: { seconds: seconds(at) } },
    { reason: 'EXPIRED', count: 2n },
  ]);
  expect(lastUsedTime?.seconds).toBe(seconds(at));
});

test('Explain passes the question on, and shows verdict and steps', async () => {
  const question = { header: 'h', audience: 'a', requiredScopes: ['s'] };
  expect(await client.explain(question)).toMatchObject({
    ...{ valid: false, reason: 'MALFORMED_CLAIM', httpStatus: 401, stale: true, tokenId: '' },
    message: "jwt token has a malformed 'exp' claim",
    steps: [{ check: ExplainResponse_Check.ACCESS_TOKEN, passed: true, detail: 'it is there' }],
  });
  expect(calls).toEqual([['explain', question]]);
  const error = await errorOf(client.explain({ requiredScopes: ['a b'] }));
  expect(error.code).toBe(Code.InvalidArgument);
});

test('Lookup passes the text on, and shows what was found', async () => {
  const answer = await client.lookup({ text: 't', pageToken: 'p' });
  expect(answer).toMatchObject({ nextPageToken: 'n', examined: 9 });
  expect(answer.matches).toMatchObject([
    { matchedBy: LookupResponse_MatchedBy.SECRET_KEY, accessToken: { id } },
  ]);
  expect(calls).toMatchObject([['lookup', { text: 't', pageToken: 'p' }]]);
});

test('ListAuditEvents shows entries', async () => {
  const { events, nextPageToken, ...others } = await client.listAuditEvents({
    tokenId: id,
    pageSize: 1,
  });
  expect(calls).toMatchObject([
    ['audit', { pageSize: 1, pageToken: '', tokenId: id, oldestFirst: false, outcome: undefined }],
  ]);
  expect(nextPageToken).toBe('5');
  expect(others).toMatchObject({ names: { [id]: 'web' }, examined: 1, left: 4n, lastSequence: 9n });
  expect(events[0]).toMatchObject({ sequence: 5n, action: 'token.update', after: { name: 'web' } });
  expect(events[0]?.before).toBeUndefined();
});

describe('mistakes are reported', () => {
  const wrong = async (call: Promise<unknown>, message: string) => {
    const error = await errorOf(call);
    expect(error.code).toBe(Code.InvalidArgument);
    expect(`${error.rawMessage}; `).toContain(`${message}; `);
    expect(calls).toEqual([]);
  };

  test.each<[MessageInitShape<typeof CreateAccessTokenRequestSchema>, string]>([
    [{}, 'kind: is required'],
    [{ kind: 7 as Kind }, 'kind: is neither static nor jwt'],
    [{ kind: 1, jwtLifetimeMax: { nanos: 1 } }, 'jwt_lifetime_max: must be whole seconds'],
    [{ kind: 1, jwtLifetimeMax: { seconds: -1n } }, 'jwt_lifetime_max: must not be negative'],
  ])('Create %#', (request, message) => wrong(client.create(request), message));

  test.each<[MessageInitShape<typeof UpdateAccessTokenRequestSchema>, string]>([
    [{}, 'access_token: is required'],
    [{ accessToken: { id } }, 'update_mask: is required'],
    [
      { accessToken: { id, revision: 2n ** 60n }, updateMask: { paths: ['name'] } },
      'access_token.revision: must be below 2^53',
    ],
    [
      { accessToken: { id }, updateMask: { paths: ['kind'] } },
      'update_mask: kind cannot be changed; only name, owner, scopes, grantable_scopes, metadata, ' +
        'audiences, jwt_lifetime_max, expire_time, allowed_sources, rate_limit, quota can',
    ],
    [
      { accessToken: { id }, updateMask: { paths: ['expires_at'] } },
      'update_mask: expires_at cannot be changed; did you mean expire_time?',
    ],
  ])('Update %#', (request, message) => wrong(client.update(request), message));

  test.each<[MessageInitShape<typeof RevokeJwtsRequestSchema>, string]>([
    [{}, 'target: is required: give jti, jwt, subject or issued_before'],
  ])('RevokeJwts %#', (request, message) => wrong(client.revokeJwts(request), message));
});

describe('errors', () => {
  test.each([
    [new TokenError('ABORTED', 'revision: is not the current one'), Code.Aborted],
    [new TokenError('RESOURCE_EXHAUSTED', 'too many'), Code.ResourceExhausted],
    [new TokenError('FAILED_PRECONDITION', 'revoked'), Code.FailedPrecondition],
    [new Unavailable('ECONNREFUSED redis', new Error('secret')), Code.Unavailable],
  ])('%s', async (thrown, code) => {
    failure = thrown;
    const error = await errorOf(client.get({ id }));
    expect(error.code).toBe(code);
    const text = code === Code.Unavailable ? 'the store cannot be reached; ask again' : undefined;
    expect(error.rawMessage).toBe(text ?? thrown.message);
  });

  test('a refused caller gets the reason, before anything is read', async () => {
    const error = await errorOf(stranger.create({ kind: 7 as Kind }));
    expect([error.code, error.rawMessage]).toEqual([Code.Unauthenticated, 'token is not valid']);
  });
});
