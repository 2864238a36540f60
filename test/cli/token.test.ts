/** `usher token`, run as a process against a fake API Manager. */

import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {
  CreateAccessTokenRequest,
  ListAccessTokensRequest,
  RevokeAccessTokenRequest,
  RotateAccessTokenRequest,
  UpdateAccessTokenRequest,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { Kind, Sort, State } from '../../src/gen/usher/v1/access_token_pb.ts';
import type { FakeManager } from './fake-manager.ts';
import { startFakeManager } from './fake-manager.ts';
import type { Ran } from './run-usher.ts';
import { adminToken, runUsher } from './run-usher.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
const record = (more = {}) => ({
  id,
  kind: Kind.STATIC,
  state: State.ACTIVE,
  name: 'billing',
  scopes: ['a', 'b'],
  createTime: timestampFromDate(new Date('2026-02-22T03:54:51Z')),
  revision: 3n,
  ...more,
});

/** The id of the access token with this name. */
const idOf = (name: string) =>
  `0198c0de-0000-7000-8000-${Buffer.from(name.padEnd(6)).toString('hex')}`;

let manager: FakeManager;
let created: CreateAccessTokenRequest[] = [];
let listed: ListAccessTokensRequest[] = [];
let updated: UpdateAccessTokenRequest[] = [];
let rotated: RotateAccessTokenRequest[] = [];
let revoked: RevokeAccessTokenRequest[] = [];
let failure: ConnectError | undefined;

beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      create(request) {
        created.push(request);
        if (failure) throw failure;
        const { kind, name } = request;
        const shown = kind === Kind.JWT ? { secret: 's3cret' } : { token: 'ush_t0ken' };
        return { accessToken: record({ kind, name }), ...shown };
      },
      get: ({ id: asked }) => {
        if (asked === id) return { accessToken: record({ name: 'evil\u001b[2Jname' }) };
        throw new ConnectError('no access token has this id', Code.NotFound);
      },
      list(request) {
        listed.push(request);
        const first = request.pageToken === '';
        const names = first ? ['one', 'two'] : ['three', 'four'];
        return {
          // The same one can come twice, in a list by last use.
          accessTokens: (first ? names : ['two', ...names]).map(name =>
            record({ name, id: idOf(name) }),
          ),
          nextPageToken: first ? 'second' : '',
        };
      },
      update(request) {
        updated.push(request);
        return { accessToken: record({ revision: 4n }) };
      },
      rotate(request) {
        rotated.push(request);
        return { accessToken: record(), token: 'ush_new' };
      },
      revoke(request) {
        revoked.push(request);
        return { accessToken: record({ state: State.REVOKED, revokeReason: request.reason }) };
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  created = [];
  listed = [];
  updated = [];
  rotated = [];
  revoked = [];
  failure = undefined;
});

const usher = (...args: string[]): Promise<Ran> =>
  runUsher(['token', ...args], { USHER_MANAGER_URL: manager.url });

describe('create', () => {
  test('--json prints id, kind and token, and nothing else', async () => {
    const ran = await usher('create', '--kind', 'static', '--name', 'billing', '--json');
    expect(ran).toEqual({
      code: 0,
      out: `{"id":"${id}","kind":"static","token":"ush_t0ken"}\n`,
      err: '',
    });
    expect(manager.authorizations.at(-1)).toBe(adminToken);
    expect(created[0]?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('of kind jwt prints the secret, and sends every field', async () => {
    const fields = ['--owner', 'team', '--scope', 'a', '--scope', 'b', '--metadata', '{"n":1}'];
    const jwtFields = ['--audience', 'web', '--jwt-lifetime-max', '1h'];
    const end = ['--expires-at', '2030-01-01T00:00:00Z'];
    const args = ['--kind', 'jwt', '--name', 'app', ...fields, ...jwtFields, ...end, '--json'];
    const { code, out } = await usher('create', ...args);
    expect([code, out]).toEqual([0, `{"id":"${id}","kind":"jwt","secret":"s3cret"}\n`]);
    expect(created[0]).toMatchObject({
      kind: Kind.JWT,
      name: 'app',
      owner: 'team',
      scopes: ['a', 'b'],
      metadata: { n: 1 },
      audiences: ['web'],
      jwtLifetimeMax: { seconds: 3600n, nanos: 0 },
      expireTime: { seconds: 1893456000n },
    });
  });

  test('of kind static sends the scopes that it may give', async () => {
    const grantable = ['--grantable-scope', 'a', '--grantable-scope', 'b'];
    await usher('create', '--kind', 'static', '--name', 'x', ...grantable);
    expect(created[0]).toMatchObject({ grantableScopes: ['a', 'b'] });
  });

  test('--expires-in counts from now', async () => {
    const before = Date.now();
    await usher('create', '--kind', 'static', '--name', 'x', '--expires-in', '30d');
    const end = created[0]?.expireTime;
    const lifetimeMs = end ? timestampDate(end).getTime() - before : 0;
    expect(lifetimeMs).toBeGreaterThanOrEqual(30 * 86_400_000);
    expect(lifetimeMs).toBeLessThan(31 * 86_400_000);
  });

  test('without --json shows the token, and on stderr that it is shown once', async () => {
    const { out, err } = await usher('create', '--kind', 'static', '--name', 'billing');
    expect(out).toBe(`id\t${id}\nname\tbilling\ntoken\tush_t0ken\n`);
    expect(err).toContain('Keep the token now: only its hash is stored');
  });

  test('an unknown outcome can be retried with its request id', async () => {
    failure = new ConnectError('the store cannot be reached', Code.Unavailable);
    const { code, out, err } = await usher('create', '--kind', 'static', '--name', 'x');
    expect([code, out]).toEqual([69, '']);
    expect(err).toContain(`--request-id ${created[0]?.requestId}`);
    failure = undefined;
    const again = created[0]?.requestId ?? '';
    await usher('create', '--kind', 'static', '--name', 'x', '--request-id', again);
    expect(created[1]?.requestId).toBe(again);
  });

  test.each([
    [Code.Unauthenticated, 77, /not allowed: told.*USHER_ADMIN_TOKEN/],
    [Code.PermissionDenied, 77, /not allowed: told/],
    [Code.InvalidArgument, 2, /told/],
    [Code.ResourceExhausted, 1, /told/],
    [Code.Internal, 70, /told/],
  ])('an error with code %s ends with exit code %s', async (code, exitCode, message) => {
    failure = new ConnectError('told', code);
    const ran = await usher('create', '--kind', 'static', '--name', 'x', '--json');
    expect([ran.code, ran.out]).toEqual([exitCode, '']);
    expect(ran.err).toMatch(message);
  });

  test('two expiry options at once are refused', async () => {
    const end = ['--expires-in', '1h', '--expires-at', '2030-01-01T00:00:00Z'];
    const ran = await usher('create', '--kind', 'static', '--name', 'x', ...end);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/give only one of/);
    expect(created).toEqual([]);
  });
});

describe('list', () => {
  test('reads pages up to the limit and says that there are more', async () => {
    const { out, err } = await usher('list', '--limit', '3');
    expect(out.split('\n').map(line => line.split('\t')[3])).toEqual([
      'NAME',
      'one',
      'two',
      'three',
      undefined,
    ]);
    expect(err).toMatch(/more follow/);
    expect(listed.map(({ pageToken }) => pageToken)).toEqual(['', 'second']);
  });

  test('--all --json prints every one, with the filters sent', async () => {
    const filters = ['--kind', 'static', '--owner', 'o', '--state', 'active', '--text', 't'];
    const more = ['--expires-within', '7d', '--sort', 'expiry', '--all', '--json'];
    const { out } = await usher('list', ...filters, ...more);
    const { accessTokens, more: follow } = JSON.parse(out);
    expect(accessTokens.map(({ name }: { name: string }) => name)).toEqual([
      'one',
      'two',
      'three',
      'four',
    ]);
    expect(follow).toBe(false);
    expect(listed[0]).toMatchObject({
      kind: Kind.STATIC,
      owner: 'o',
      state: State.ACTIVE,
      text: 't',
      expiresWithin: { seconds: 604800n },
      sort: Sort.EXPIRY,
      pageSize: 200,
    });
  });

  test('filters by scope, maker and use, and sorts both ways', async () => {
    await usher('list', '--scope', 'a:b', '--made-by', 'admin', '--unused', '90d');
    const filtered = { scope: 'a:b', createdBy: 'admin', unusedFor: { seconds: 7_776_000n } };
    expect(listed[0]).toMatchObject({ ...filtered, sort: Sort.NEWEST, reverse: false });
    listed = [];
    await usher('list', '--sort', 'last-used', '--reverse');
    expect(listed[0]).toMatchObject({ sort: Sort.LAST_USED, reverse: true });
    listed = [];
    await usher('list', '--reverse');
    expect(listed[0]).toMatchObject({ sort: Sort.OLDEST, reverse: false });
  });
});

describe('show', () => {
  test('--json is plain JSON, with words for kind and state', async () => {
    const { out } = await usher('show', id, '--json');
    expect(JSON.parse(out)).toEqual({
      id,
      kind: 'static',
      state: 'active',
      name: 'evil\u001b[2Jname',
      scopes: ['a', 'b'],
      createTime: '2026-02-22T03:54:51.000Z',
      revision: 3,
    });
  });

  test('no name can send control characters to the terminal', async () => {
    const { out } = await usher('show', id);
    expect(out).toContain('name\tevil\\u{1b}[2Jname\n');
  });

  test('an unknown one is refused', async () => {
    const ran = await usher('show', '0198c0de-0000-7000-8000-00000000ffff');
    expect([ran.code, ran.out, ran.err]).toEqual([1, '', 'usher: no access token has this id\n']);
  });
});

describe('update', () => {
  test('sends the given fields with the revision that it read', async () => {
    const ran = await usher('update', id, '--name', 'new', '--clear-scopes', '--clear-expiry');
    expect(ran.code).toBe(0);
    expect(updated[0]).toMatchObject({
      accessToken: { id, revision: 3n, name: 'new', scopes: [] },
      updateMask: { paths: ['name', 'scopes', 'expire_time'] },
    });
    expect(updated[0]?.accessToken?.expireTime).toBeUndefined();
  });

  test('sends a given revision', async () => {
    await usher('update', id, '--owner', 'o', '--revision', '2');
    expect(updated[0]?.accessToken?.revision).toBe(2n);
  });

  test.each([[[]], [['--scope', 'a', '--clear-scopes']]])('refuses %j', async options => {
    expect((await usher('update', id, ...options)).code).toBe(2);
    expect(updated).toEqual([]);
  });
});

test('rotate sends the grace and shows the new token', async () => {
  const { out } = await usher('rotate', id, '--grace', '1h', '--json');
  expect(out).toBe(`{"id":"${id}","kind":"static","token":"ush_new"}\n`);
  expect(rotated[0]).toMatchObject({ id, grace: { seconds: 3600n, nanos: 0 }, revision: 0n });
});

test('revoke sends the reason', async () => {
  const { out } = await usher('revoke', id, '--reason', 'leaked', '--json');
  expect(JSON.parse(out)).toMatchObject({ id, state: 'revoked', revokeReason: 'leaked' });
  expect(revoked[0]).toMatchObject({ id, reason: 'leaked' });
});
