/** `usher backup` of a running server, and `usher restore` into the other kind of store. */

import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { PeopleService, Role } from '../../src/gen/usher/v1/people_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { codeIn, invitationsAt, visit } from '../people/invited-setup.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { adminOf, clientOf } from './api.ts';
import { runServer, secrets, type TestServer } from './run-server.ts';

let folder: string;
let redis: RedisServer;
let server: TestServer | undefined;
let file: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'usher-backup-'));
  file = join(folder, 'backup');
  redis = await startRedis();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (store: string) =>
  store === 'Redis' ? `redis://127.0.0.1:${redis.port}` : `lmdb:${join(folder, 'data')}`;

async function start(store: string, env: Record<string, string> = {}): Promise<TestServer> {
  await server?.stop();
  server = await runServer({ USHER_STORE: urlOf(store), ...env });
  return server;
}

const backup = ({ manager, adminToken }: TestServer) =>
  runUsher(['backup', file], {
    USHER_MANAGER_URL: `http://${manager}`,
    USHER_ADMIN_TOKEN: adminToken,
  });

const restore = (store: string, env: Record<string, string> = secrets) =>
  runUsher(['restore', file, '--json'], { ...env, USHER_STORE: urlOf(store) });

function jwtOf(kid: string, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const body = `${part({ alg: 'HS256', kid })}.${part({ exp })}`;
  return `Bearer ${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** Fills a store; resolves to headers with their verdicts. */
async function fill(admin: ReturnType<typeof adminOf>): Promise<[header: string, Reason][]> {
  const good = await admin.create({ kind: Kind.STATIC, name: 'good', owner: 'ann' });
  const bad = await admin.create({ kind: Kind.STATIC, name: 'revoked' });
  await admin.revoke({ id: bad.accessToken?.id ?? '', reason: 'lost' });
  const jwt = await admin.create({ kind: Kind.JWT, name: 'app' });
  const imported = `sk_live_${randomBytes(16).toString('hex')}`;
  await admin.import({ items: [{ name: 'old', secret: { case: 'token', value: imported } }] });
  return [
    [good.token, Reason.NONE],
    [bad.token, Reason.REVOKED],
    [jwtOf(jwt.accessToken?.id ?? '', jwt.secret), Reason.NONE],
    [imported, Reason.NONE],
  ];
}

async function expectVerdicts({ http }: TestServer, expected: [string, Reason][]) {
  const verifier = clientOf(VerifierService, http, '');
  for (const [header, reason] of expected) {
    expect((await verifier.verify({ header })).reason).toBe(reason);
  }
}

test.each([
  ['LMDB', 'Redis'],
  ['Redis', 'LMDB'],
])('a backup of %s is restored into %s', async (from, to) => {
  const first = await start(from);
  const expected = await fill(adminOf(first));
  await expectVerdicts(first, expected);
  expect(await backup(first)).toMatchObject({ code: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  for (const [header] of expected) expect(text).not.toContain(header.replace('Bearer ', ''));
  await first.stop();
  server = undefined;

  const { code, out } = await restore(to);
  expect([code, JSON.parse(out)]).toEqual([
    0,
    { records: 4, documents: 0, entries: 6, imported: 1 },
  ]);
  const second = await start(to);
  await expectVerdicts(second, expected);
  const env = {
    USHER_MANAGER_URL: `http://${second.manager}`,
    USHER_ADMIN_TOKEN: second.adminToken,
  };
  const verified = await runUsher(['audit', 'verify', '--records', '--json'], env);
  expect(JSON.parse(verified.out)).toMatchObject({
    whole: true,
    entries: 7,
    records: 4,
    wrong: [],
  });
  const admin = adminOf(second);
  const { events } = await admin.listAuditEvents({ pageSize: 1 });
  expect(events).toMatchObject([
    {
      ...{ action: 'store.restore', actor: 'command line', peer: hostname(), tokenId: '' },
      detail: expect.stringMatching(
        /^4 access tokens, 1 digests .* and 6 entries of the log, .* entry 6 of 20\d\d-.*Z$/,
      ),
    },
  ]);
  expect((await admin.list({ owner: 'ann' })).accessTokens).toHaveLength(1);
  await admin.create({ kind: Kind.STATIC, name: 'later' });
});

test.each([
  ['LMDB', 'Redis'],
  ['Redis', 'LMDB'],
])(
  'people and open invitations of %s are restored into %s, and are not signed in',
  async (from, to) => {
    const first = await start(from);
    const invitations = invitationsAt(first);
    const role = Role.KEEPER;
    const used = await invitations.createInvitation({ name: 'Ann', role, owners: ['a'] });
    const open = await invitations.createInvitation({ name: 'Bob', role });
    const ann = visit(first);
    await ann.signIn({ invitation: codeIn(used.url) });
    expect(await backup(first)).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).not.toContain(codeIn(open.url));
    await first.stop();
    server = undefined;

    const { code, out } = await restore(to);
    expect([code, JSON.parse(out)]).toMatchObject([0, { documents: 3 }]);
    const second = await start(to);
    const people = clientOf(PeopleService, second.manager, second.adminToken);
    const [person] = (await people.listPeople({})).people;
    expect(person).toMatchObject({ name: 'Ann', role, owners: ['a'] });
    expect((await people.listSessions({ all: true })).sessions).toEqual([]);
    expect((await visit(second).signIn({ invitation: codeIn(used.url) })).status).toBe(403);
    expect((await visit(second).signIn({ invitation: codeIn(open.url) })).body.name).toBe('Bob');
  },
);

test('what changes while the pages are read is in the backup', async () => {
  const first = await start('Redis');
  const admin = adminOf(first);
  const [before, during] = await Promise.all(
    ['before', 'during'].map(name => admin.create({ kind: Kind.STATIC, name })),
  );
  const store = clientOf(StoreService, first.manager, first.adminToken);
  const lines: string[] = [];
  let pageToken = '';
  let pages = 0;
  do {
    const page = await store.readBackup({ pageToken });
    lines.push(...page.lines);
    pageToken = page.nextPageToken;
    pages += 1;
    if (pageToken.startsWith('events')) await admin.revoke({ id: during?.accessToken?.id ?? '' });
  } while (pageToken !== '' && pages < 50);
  const records = lines.map(line => JSON.parse(line).record).filter(Boolean);
  const last = new Map(records.map(record => [record.id, record]));
  expect(last.get(before?.accessToken?.id).revokedAt).toBeUndefined();
  expect(last.get(during?.accessToken?.id).revokedAt).toBeDefined();
  expect(JSON.parse(lines.at(-1) ?? '').end.sequence).toBe(
    (await admin.listAuditEvents({})).events.length,
  );
});

describe('a restore is refused', () => {
  beforeEach(async () => {
    const first = await start('Redis');
    await fill(adminOf(first));
    await backup(first);
    await first.stop();
    server = undefined;
  });
  const edit = (change: (lines: string[]) => string[]) =>
    writeFileSync(file, change(readFileSync(file, 'utf8').trimEnd().split('\n')).join('\n'));

  test('into a store that is not empty', async () => {
    const { code, out } = await restore('Redis');
    expect([code, JSON.parse(out).problem]).toEqual([1, expect.stringMatching(/is not empty/)]);
  });

  test('of a file that was cut, changed, or is something else', async () => {
    const whole = readFileSync(file, 'utf8');
    const edits: [(lines: string[]) => string[], RegExp][] = [
      [lines => lines.slice(0, -1), /^the file has no checksum/],
      [
        lines => lines.map((line, n) => (n === 1 ? line.replace('"good"', '"evil"') : line)),
        /^line \d+ is not as Usher wrote it/,
      ],
      [
        lines => lines.filter((_, n) => n !== 3),
        /^the file does not match its checksum|^the record of/,
      ],
      [() => ['hello'], /^the file has no checksum/],
    ];
    for (const [change, problem] of edits) {
      writeFileSync(file, whole);
      edit(change);
      const { code, out } = await restore('LMDB');
      expect([code, JSON.parse(out).problem]).toEqual([1, expect.stringMatching(problem)]);
    }
    writeFileSync(file, whole);
    expect((await restore('LMDB')).code).toBe(0);
  });

  test('with other master keys, or none', async () => {
    const other = { ...secrets, USHER_MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}` };
    const { code, out } = await restore('LMDB', other);
    expect([code, JSON.parse(out).problem]).toEqual([
      1,
      expect.stringMatching(/^line 1 is not as/),
    ]);
    rmSync(join(folder, 'data'), { recursive: true });
    const { USHER_MASTER_KEYS: _, ...none } = secrets;
    expect((await restore('LMDB', none)).code).toBe(78);
    expect(existsSync(join(folder, 'data', 'master-keys'))).toBe(false);
  });
});

test('a backup of before a rotation needs its own key beside the new one', async () => {
  const first = await start('LMDB');
  const expected = await fill(adminOf(first));
  expect(await backup(first)).toMatchObject({ code: 0 });
  await first.stop();
  server = undefined;
  const k2 = `k2:${randomBytes(32).toString('base64')}`;
  const alone = await restore('Redis', { ...secrets, USHER_MASTER_KEYS: k2 });
  expect(alone.code).toBe(1);
  expect(JSON.parse(alone.out).problem).toMatch(/k1/);
  const both = { USHER_MASTER_KEYS: `${k2},${secrets.USHER_MASTER_KEYS}` };
  expect((await restore('Redis', { ...secrets, ...both })).code).toBe(0);
  const second = await start('Redis', both);
  await expectVerdicts(second, expected);
  const env = {
    USHER_MANAGER_URL: `http://${second.manager}`,
    USHER_ADMIN_TOKEN: second.adminToken,
  };
  expect((await runUsher(['token', 'reseal'], env)).code).toBe(0);
  await expectVerdicts(second, expected);
});

test('an interrupted restore leaves a store that no server takes for whole', async () => {
  await redis.send('SET', 'usher:{log}:schema', 'restoring');
  await expect(start('Redis')).rejects.toThrow(/^a restore into this store was not completed/);
});

test('only the admin token of the configuration reads a backup', async () => {
  const first = await start('LMDB');
  const { token } = await adminOf(first).create({
    ...{ kind: Kind.STATIC, name: 'a', scopes: ['usher.admin'] },
  });
  const store = clientOf(StoreService, first.manager, token);
  const error = ConnectError.from(await store.readBackup({}).catch((cause: unknown) => cause));
  expect(error.code).toBe(Code.PermissionDenied);
});
