/** `usher verify` and `usher jwt`, run as processes against a fake API Manager. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RevokeJwtsRequest } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import type { IssueJwtRequest, VerifyRequest } from '../../src/gen/usher/v1/verifier_pb.ts';
import { Reason } from '../../src/gen/usher/v1/verifier_pb.ts';
import type { FakeManager } from './fake-manager.ts';
import { startFakeManager } from './fake-manager.ts';
import { runUsher } from './run-usher.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
let manager: FakeManager;
let verified: VerifyRequest[] = [];
let issued: IssueJwtRequest[] = [];
let revoked: RevokeJwtsRequest[] = [];

beforeAll(async () => {
  manager = await startFakeManager({
    verifier: {
      verify(request) {
        verified.push(request);
        if (request.header !== 'Bearer good') {
          return { reason: Reason.EXPIRED, message: 'token has expired', httpStatus: 401 };
        }
        return {
          valid: true,
          httpStatus: 200,
          tokenId: id,
          kind: Kind.JWT,
          subject: 'user-1',
          scopes: ['a'],
          exp: 1893456000n,
          claims: { sub: 'user-1' },
          cacheTtl: { seconds: 1n, nanos: 500_000_000 },
          revision: 7n,
        };
      },
      issueJwt(request) {
        issued.push(request);
        return { jwt: 'h.p.s', jti: 'j1', iat: 1n, exp: 2n };
      },
    },
    tokens: {
      revokeJwts(request) {
        revoked.push(request);
        return { accessToken: { id, kind: Kind.JWT, name: 'app', revokedJwts: 1 } };
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  verified = [];
  issued = [];
  revoked = [];
});

const usher = (args: string[], stdin = '') =>
  runUsher(args, { USHER_MANAGER_URL: manager.url }, { stdin });

describe('verify', () => {
  test('reads the header from stdin and ends with exit code 0 for a valid one', async () => {
    const asked = ['--audience', 'web', '--scope', 'a', '--scope', 'b', '--json'];
    const { code, out } = await usher(['verify', ...asked], 'Bearer good\n');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      valid: true,
      reason: 'NONE',
      message: '',
      httpStatus: 200,
      stale: false,
      tokenId: id,
      kind: 'jwt',
      subject: 'user-1',
      scopes: ['a'],
      exp: 1893456000,
      expireTime: '2030-01-01T00:00:00.000Z',
      claims: { sub: 'user-1' },
      revision: 7,
      cacheTtlMs: 1500,
    });
    expect(verified[0]).toMatchObject({ audience: 'web', requiredScopes: ['a', 'b'] });
  });

  test('ends with exit code 1 for a refused one, and says why', async () => {
    const { code, out } = await usher(['verify', '--header', 'Bearer bad']);
    expect(code).toBe(1);
    expect(out).toMatch(/^refused: token has expired \(EXPIRED\)\n/);
    expect(verified[0]?.header).toBe('Bearer bad');
  });

  test('reads the header from the environment', async () => {
    const env = { USHER_MANAGER_URL: manager.url, API_TOKEN: 'Bearer good' };
    expect((await runUsher(['verify', '--env', 'API_TOKEN'], env)).code).toBe(0);
    const ran = await runUsher(['verify', '--env', 'API_TOKN'], env);
    expect([ran.code, ran.err]).toEqual([2, 'usher: there is no environment variable API_TOKN\n']);
  });

  test.each([
    [['verify', 'Bearer good'], 'everyone on this machine can read a token that is an argument'],
    [['verify', 'Bearer', 'good', '--json'], 'everyone on this machine can read'],
    [['verify', '--env', 'A', '--header', 'Bearer good'], 'give one of --env and --header'],
  ])('%j is refused, and not repeated', async (args, words) => {
    const ran = await usher(args);
    expect([ran.code, ran.out, verified]).toEqual([2, '', []]);
    expect(ran.err).toContain(words);
    expect(ran.err).not.toContain('good');
  });

  test('sends an empty input as an empty header', async () => {
    expect((await usher(['verify', '-'])).code).toBe(1);
    expect(verified[0]?.header).toBe('');
  });
});

describe('jwt issue', () => {
  test('prints the JWT and nothing else', async () => {
    const claims = ['--subject', 's', '--audience', 'web', '--scope', 'a', '--claims', '{"x":[1]}'];
    const ran = await usher(['jwt', 'issue', id, ...claims, '--lifetime', '1h']);
    expect(ran).toEqual({ code: 0, out: 'h.p.s\n', err: '' });
    expect(issued[0]).toMatchObject({
      tokenId: id,
      subject: 's',
      audience: ['web'],
      scopes: ['a'],
      claims: { x: [1] },
      expiry: { case: 'lifetime', value: { seconds: 3600n } },
    });
  });

  test('--exp --json', async () => {
    const { out } = await usher(['jwt', 'issue', id, '--exp', '9007199254740991', '--json']);
    expect(JSON.parse(out)).toEqual({ jwt: 'h.p.s', jti: 'j1', iat: 1, exp: 2 });
    expect(issued[0]?.expiry).toEqual({ case: 'exp', value: 9007199254740991n });
  });

  test.each([[[]], [['--lifetime', '1h', '--exp', '9']]])(
    'needs exactly one expiry: %j',
    async end => {
      expect((await usher(['jwt', 'issue', id, ...end])).code).toBe(2);
      expect(issued).toEqual([]);
    },
  );
});

describe('jwt revoke', () => {
  test('sends the target and the reason', async () => {
    const ran = await usher(['jwt', 'revoke', id, '--jti', 'j1', '--reason', 'lost', '--json']);
    expect(ran.code).toBe(0);
    expect(revoked[0]).toMatchObject({
      id,
      target: { case: 'jti', value: 'j1' },
      reason: 'lost',
    });
  });

  test('by subject, and before a time', async () => {
    await usher(['jwt', 'revoke', id, '--subject', 'user-1']);
    await usher(['jwt', 'revoke', id, '--issued-before', '2026-01-01T00:00:00Z']);
    expect(revoked.map(({ target }) => target)).toMatchObject([
      { case: 'subject', value: 'user-1' },
      { case: 'issuedBefore', value: { seconds: 1767225600n } },
    ]);
  });

  test.each([[[]], [['--jti', 'a', '--all']]])('needs one target: %j', async target => {
    expect((await usher(['jwt', 'revoke', id, ...target])).code).toBe(2);
    expect(revoked).toEqual([]);
  });
});
