/** `usher token import` and `usher token reseal`, run as processes against a fake API Manager. */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type ImportAccessTokensRequest,
  ImportOutcome,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { type Ran, runUsher } from './run-usher.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-import-'));
let manager: FakeManager;
let requests: ImportAccessTokensRequest[] = [];
/** The errors with which the next calls fail, in order. */
let failures: ConnectError[] = [];
let unlisted = false;
/** What the server finds wrong with items of these names. */
const problems: Record<string, string> = {
  bad: 'name: is bad',
  expired: 'expire_time: is past',
  weak: 'jwt_secret: is weak',
};

beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      import(request) {
        requests.push(request);
        const failure = failures.shift();
        if (failure) throw failure;
        return {
          results: request.items.map(({ name }) => {
            const problem = problems[name];
            if (problem !== undefined) return { outcome: ImportOutcome.REFUSED, problem };
            const there = name === 'there';
            return { outcome: there ? ImportOutcome.EXISTING : ImportOutcome.IMPORTED };
          }),
        };
      },
      reseal({ pageToken }) {
        const first = pageToken === '';
        const keys = [{ masterKeyId: 'k2', secrets: 5, listed: true }];
        if (!first) keys.push({ masterKeyId: 'k1', secrets: 2, listed: !unlisted });
        const nextPageToken = first ? 'second' : '';
        return { examined: 200, resealed: 3, masterKeys: keys, nextPageToken };
      },
    },
  });
});
beforeEach(() => {
  requests = [];
  failures = [];
  unlisted = false;
});
afterAll(async () => {
  await manager.close();
  rmSync(folder, { recursive: true });
});

function usher(args: string[], stdin = ''): Promise<Ran> {
  return runUsher(['token', ...args], { USHER_MANAGER_URL: manager.url }, { stdin });
}

test('a line with the longest token that can be configured goes alone', async () => {
  const lines = [
    { token: 'a'.repeat(30), name: 'short' },
    { token: 'b'.repeat(65_529), name: 'long' },
  ];
  const ran = await usher(['import'], jsonl(...lines, { token: 'c'.repeat(98_304), name: 'none' }));
  expect(requests.map(({ items }) => items.map(({ name }) => name))).toEqual([['short'], ['long']]);
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('line 3: is longer than 98304')]);
});

const jsonl = (...lines: unknown[]) => `${lines.map(line => JSON.stringify(line)).join('\n')}\n`;
const digest = createHash('sha256').update('x').digest();

test('all fields of a line are sent, from the standard input', async () => {
  const line = {
    ...{ id: '0198c0de-0000-7000-8000-000000000001', name: 'billing', owner: 'acme' },
    ...{ token: 'sk_live_0123456789abcdef', scopes: ['a', 'b'], metadata: { team: 1 } },
    expires_at: '2027-01-01T00:00:00Z',
  };
  const ran = await usher(['import'], jsonl(line));
  expect(ran).toEqual({ code: 0, out: '1 imported, 0 already there\n', err: '' });
  const [request] = requests;
  expect(request).toMatchObject({ dryRun: false, allowWeak: false });
  expect(request?.requestId).toMatch(/^[0-9a-f-]{36}$/);
  const [item] = request?.items ?? [];
  expect(item).toMatchObject({
    ...{ id: line.id, name: line.name, owner: line.owner, scopes: line.scopes },
    ...{ secret: { case: 'token', value: line.token }, metadata: line.metadata },
  });
  expect(item?.expireTime && timestampDate(item.expireTime).toISOString()).toBe(
    '2027-01-01T00:00:00.000Z',
  );
});

test('a hash is read in hexadecimal and either base64', async () => {
  const long = createHash('sha512').update('x').digest();
  const lines = [
    { name: 'a', sha256: digest.toString('hex') },
    { name: 'b', sha256: digest.toString('hex').toUpperCase() },
    { name: 'c', sha256: digest.toString('base64') },
    { name: 'd', sha256: digest.toString('base64url') },
    { name: 'e', sha512: long.toString('hex') },
    { name: 'f', sha512: long.toString('base64') },
  ];
  const file = join(folder, 'hashes.jsonl');
  writeFileSync(file, jsonl(...lines));
  expect(await usher(['import', file])).toMatchObject({ code: 0, err: '' });
  const sent = requests[0]?.items.map(({ secret }) => Buffer.from(secret.value ?? ''));
  expect(sent).toEqual([digest, digest, digest, digest, long, long]);
});

test('each mistake is reported with its line, the rest is imported, and no token is shown', async () => {
  const token = 'sk_live_0123456789abcdef';
  const input = [
    `{"token": "${token}"`,
    `["${token}"]`,
    JSON.stringify({ name: 'a' }),
    JSON.stringify({ name: 'a', token, sha256: digest.toString('hex') }),
    JSON.stringify({ name: 'a', sha256: digest.toString('hex').slice(2) }),
    JSON.stringify({ name: 'a', token, scope: 'a' }),
    JSON.stringify({ name: 'a', token, scopes: 'a' }),
    JSON.stringify({ name: 'a', token, expires_at: 'soon' }),
    JSON.stringify({ name: 7, token }),
    '',
    JSON.stringify({ name: 'bad', token }),
    JSON.stringify({ name: 'there', token }),
    JSON.stringify({ name: 'good', token, owner: null }),
  ].join('\r\n');
  const ran = await usher(['import', '-'], input);
  expect(ran.code).toBe(1);
  expect(ran.out).toBe('1 imported, 1 already there\n10 refused\n');
  expect(ran.err.split('\n')).toEqual([
    'line 1: is not JSON',
    'line 2: is not a JSON object',
    'line 3: needs exactly one of token, sha256, sha512, secret, secret_base64',
    'line 4: needs exactly one of token, sha256, sha512, secret, secret_base64',
    'line 5: sha256: is not 32 bytes in hexadecimal or base64',
    'line 6: scope: is not known; did you mean scopes?',
    'line 7: scopes: is not a list of strings',
    'line 8: expires_at: is not a time such as 2026-02-22T03:54:51Z (RFC 3339)',
    'line 9: name: is not a string',
    'line 11: name: is bad',
    '',
  ]);
  expect(ran.out + ran.err).not.toContain(token);
});

test('a jwt secret is sent as bytes, with its kid', async () => {
  const id = '0198c0de-0000-7000-8000-000000000001';
  const key = createHash('sha512').update('key').digest();
  const more = { audiences: ['web'], jwt_lifetime_max: '1h' };
  const lines = [
    { kind: 'jwt', id, name: 'a', secret_base64: key.toString('base64url'), ...more },
    { id, name: 'b', secret: 'ü'.repeat(16) },
  ];
  expect(await usher(['import'], jsonl(...lines))).toMatchObject({ code: 0, err: '' });
  const [first, second] = requests[0]?.items ?? [];
  expect(first).toMatchObject({ id, audiences: ['web'], jwtLifetimeMax: { seconds: 3600n } });
  expect(first?.secret).toEqual({ case: 'jwtSecret', value: Uint8Array.from(key) });
  expect(second?.secret.value).toEqual(Uint8Array.from(Buffer.from('ü'.repeat(16))));
});

test('a mistake is named by its member, and nothing that may be a secret is shown', async () => {
  const secret = 'hunter2-hunter2-hunter2-hunter2!';
  const input = [
    JSON.stringify({ name: 'a', secret: secret.slice(1) }),
    JSON.stringify({ name: 'a', secret_base64: secret }),
    JSON.stringify({ name: 'a', secret, kind: 'static' }),
    JSON.stringify({ name: 'a', token: secret, kind: 'jtw' }),
    JSON.stringify({ name: 'a', token: secret, [secret]: 1 }),
    JSON.stringify({ name: 'a', secret, jwt_lifetime_max: 60 }),
    JSON.stringify({ name: 'a', secret, jwt_lifetime_max: '60' }),
    `{"name":"a","token":"${secret}","token":"${secret}"}`,
    `{"name":"a","token":"${secret}","metadata":{"${secret}":1,"${secret}":2}}`,
    JSON.stringify({ name: 'expired', token: secret }),
    JSON.stringify({ name: 'weak', secret }),
  ].join('\n');
  const ran = await usher(['import'], input);
  expect(ran.err.split('\n')).toEqual([
    'line 1: secret: is shorter than 32 bytes (RFC 7518 section 3.2)',
    'line 2: secret_base64: is not base64',
    'line 3: kind: secret is for jwt',
    'line 4: kind: is not static or jwt',
    expect.stringMatching(/^line 5: a member: is not known; the members are kind, id, token, /),
    'line 6: jwt_lifetime_max: is not a string',
    'line 7: jwt_lifetime_max: is not a duration such as 15m or 1h',
    'line 8: token: is given twice',
    'line 9: metadata: has a member twice',
    'line 10: expires_at: is past',
    'line 11: secret: is weak',
    '',
  ]);
  expect(ran.out + ran.err).not.toContain('hunter2');
});

test('many lines are sent in calls of at most 500, the limit of the server', async () => {
  const lines = Array.from({ length: 1201 }, (_, n) => ({ name: `n${n}`, token: `token-${n}` }));
  lines.push({ name: 'large', token: 'x'.repeat(8000) });
  const ran = await usher(['import', '--json'], jsonl(...lines));
  const done = { imported: 1202, existing: 0, refused: 0, problems: [], dryRun: false };
  expect(JSON.parse(ran.out)).toEqual(done);
  expect(requests.map(({ items }) => items.length)).toEqual([500, 500, 202]);
  expect(requests.flatMap(({ items }) => items.map(({ name }) => name))).toEqual(
    lines.map(({ name }) => name),
  );
});

test('a call with an unknown outcome is retried with the same request id', async () => {
  failures = [new ConnectError('', Code.Unavailable), new ConnectError('', Code.Unavailable)];
  const ran = await usher(['import'], jsonl({ name: 'a', token: 'x' }));
  expect(ran).toMatchObject({ code: 0, out: '1 imported, 0 already there\n' });
  expect(requests).toHaveLength(3);
  expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(1);
});

test('a refused call ends the import, and the progress is printed', async () => {
  failures = [new ConnectError('no', Code.PermissionDenied)];
  const ran = await usher(['import'], jsonl({ name: 'a', token: 'x' }));
  expect(ran.code).toBe(77);
  expect(ran.err).toContain('interrupted: 0 imported, 0 already there; repeat it');
});

test('a file that is not there is named, and nothing is said of repeating', async () => {
  const ran = await usher(['import', join(folder, 'none.jsonl')]);
  expect(ran.code).toBe(2);
  expect(ran.err).toBe(`usher: ${folder}/none.jsonl cannot be read (ENOENT)\n`);
});

test('options are sent', async () => {
  const ran = await usher(
    ['import', '--dry-run', '--allow-weak'],
    jsonl({ name: 'a', token: 'x' }),
  );
  expect(ran.out).toBe('1 would be imported, 0 already there\n');
  expect(requests).toMatchObject([{ dryRun: true, allowWeak: true }]);
});

test('a missing file is a usage error', async () => {
  expect(await usher(['import', join(folder, 'none')])).toMatchObject({
    code: 2,
    err: expect.stringContaining('cannot be read (ENOENT)'),
  });
});

test('reseal goes through all pages, and prints what is left under which master key', async () => {
  expect(await usher(['reseal'])).toEqual({
    code: 0,
    out: '400 access tokens, 6 resealed\nMASTER KEY\tSECRETS LEFT\tLISTED\nk2\t10\tyes\nk1\t2\tyes\n',
    err: '',
  });
  unlisted = true;
  const ran = await usher(['reseal', '--json']);
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.out)).toEqual({
    ...{ examined: 400, resealed: 6 },
    masterKeys: [
      { id: 'k2', secrets: 10, listed: true },
      { id: 'k1', secrets: 2, listed: false },
    ],
  });
  expect(ran.err).toContain('2 tokens and secrets are under master key k1');
});
