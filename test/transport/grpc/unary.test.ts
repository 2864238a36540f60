/** The verifier's unary calls over gRPC, on both engines: real sockets, a grpc-js client. */

import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { Client } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DenialSchema,
  Reason as ReasonCode,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { codes } from '../../../src/transport/rpc/rpc-error.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { clientOf, detailsOf, errorOf, unary } from './client.ts';
import { engines } from './engines.ts';

const { hello, verify, batchVerify, issueJwt } = VerifierService.method;

describe.each(engines)('$engine', ({ createListener }) => {
  const bugs: unknown[] = [];
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: defaultLimits.grpc,
    onBug: error => bugs.push(error),
  });
  let client: Client;

  beforeAll(async () => {
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    client = clientOf(port);
  });

  afterAll(async () => {
    client.close();
    await listener.stop(5_000);
    expect(listener.connections()).toBe(0);
  });

  describe('Hello', () => {
    test('greets a valid token with the time to the second', async () => {
      const answer = await unary(client, hello, {}, { authorization: 'good' });
      expect(answer).toMatchObject({ message: 'Oh, Hello', time: '2024-02-22T03:54:51Z' });
    });

    test.each(Object.keys(reasons) as Reason[])(
      'refuses with %s and a typed denial',
      async reason => {
        const headers = reason === 'MISSING_CREDENTIALS' ? {} : { authorization: reason };
        const error = await errorOf(unary(client, hello, {}, headers as Record<string, string>));
        const { grpc, http, text } = reasons[reason];
        expect(error).toMatchObject({ code: codes[grpc], details: text });
        const details = detailsOf(error);
        expect(details).toMatchObject({ code: codes[grpc], message: text });
        const [any] = details.details;
        expect(any && anyUnpack(any, DenialSchema)).toMatchObject({
          reason: ReasonCode[reason],
          message: text,
          httpStatus: http,
        });
      },
    );

    test('fails with UNAVAILABLE in an outage, without the cause', async () => {
      const error = await errorOf(unary(client, hello, {}, { authorization: 'down' }));
      expect(error).toMatchObject({
        code: status.UNAVAILABLE,
        details: 'the store cannot be reached; ask again',
      });
    });

    test('fails with only "internal error" for a bug, which is reported', async () => {
      const error = await errorOf(unary(client, hello, {}, { authorization: 'bug' }));
      expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(JSON.stringify(error.metadata.getMap())).not.toContain('secret');
      expect(bugs.pop()).toBeInstanceOf(TypeError);
    });
  });

  describe('Verify', () => {
    test('gives every part of a verdict', async () => {
      const answer = await unary(client, verify, { header: 'good' });
      expect(answer).toMatchObject({
        valid: true,
        reason: ReasonCode.NONE,
        message: '',
        httpStatus: 200,
        owner: 'shop',
        subject: 'u1',
        scopes: ['orders.read'],
        exp: 9007199254740991n,
        claims: { sub: 'u1', deep: { list: [1, null, true] } },
        metadata: { plan: 'gold' },
        cacheTtl: { seconds: 1n, nanos: 500_000_000 },
        revision: 7n,
        stale: false,
      });
    });

    test('gives a refusal as data', async () => {
      const answer = await unary(client, verify, { header: 'JWT_MISSING_KID' });
      expect(answer).toMatchObject({ valid: false, reason: ReasonCode.JWT_MISSING_KID });
      expect(answer).toMatchObject({ httpStatus: 500, tokenId: '' });
    });

    test.each([
      [{ audience: 'a'.repeat(257) }, 'audience: is longer than 256 characters'],
      [{ requiredScopes: Array(65).fill('a') }, 'required_scopes: has more than 64 scopes'],
      [
        { requiredScopes: ['a', 'b c'] },
        'required_scopes[1]: is not a scope token of RFC 6749 section 3.3',
      ],
      [{ requiredScopes: [''] }, 'required_scopes[0]: is empty'],
    ])('refuses a wrong request: %#', async (request, details) => {
      const error = await errorOf(unary(client, verify, { header: 'good', ...request }));
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details });
    });

    test('accepts an audience and scopes of the greatest length', async () => {
      const request = { audience: 'a'.repeat(256), requiredScopes: Array(64).fill('a:b/c') };
      expect(await unary(client, verify, { header: 'good', ...request })).toMatchObject({
        valid: true,
      });
    });
  });

  describe('BatchVerify', () => {
    test('answers in order', async () => {
      const requests = ['EXPIRED', 'good', 'REVOKED'].map(header => ({ header }));
      const { responses } = await unary(client, batchVerify, { requests });
      expect(responses.map(({ reason }) => reason)).toEqual([
        ReasonCode.EXPIRED,
        ReasonCode.NONE,
        ReasonCode.REVOKED,
      ]);
    });

    test.each([
      [0, 'requests: is empty'],
      [5, 'requests: has more than 4 requests'],
    ])('refuses %i requests', async (count, details) => {
      const requests = Array.from({ length: count }, () => ({ header: 'good' }));
      const error = await errorOf(unary(client, batchVerify, { requests }));
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details });
    });

    test('fails as a whole in an outage', async () => {
      const requests = [{ header: 'good' }, { header: 'down' }];
      const error = await errorOf(unary(client, batchVerify, { requests }));
      expect(error.code).toBe(status.UNAVAILABLE);
    });
  });

  describe('IssueJwt', () => {
    test('takes a lifetime', async () => {
      const request = {
        tokenId: 't',
        subject: 's',
        audience: ['a'],
        expiry: { case: 'lifetime' as const, value: { seconds: 60n } },
      };
      const { jwt, jti, exp } = await unary(client, issueJwt, request, { authorization: 'good' });
      expect({ jwt, exp }).toEqual({ jwt: 'h.p.s', exp: 2n });
      expect(JSON.parse(jti)).toMatchObject({ audience: ['a'], expiry: { lifetimeSeconds: 60 } });
    });

    test.each([
      [{ case: undefined }, 'expiry: is required: give lifetime or exp'],
      [{ case: 'exp' as const, value: 2n ** 53n }, 'exp: must be below 2^53'],
      [{ case: 'exp' as const, value: -1n }, 'exp: must not be negative'],
      [
        { case: 'lifetime' as const, value: { seconds: 1n, nanos: 5 } },
        'lifetime: must be whole seconds',
      ],
    ])('refuses expiry %#', async (expiry, details) => {
      const tokenId = '0198c0de-0000-7000-8000-000000000001';
      const call = unary(client, issueJwt, { tokenId, expiry }, { authorization: 'good' });
      expect(await errorOf(call)).toMatchObject({ code: status.INVALID_ARGUMENT, details });
    });

    test('passes on the error of the issuing function, and refuses a caller with a denial', async () => {
      const request = { tokenId: 'unknown', expiry: { case: 'exp' as const, value: 9n } };
      const error = await errorOf(unary(client, issueJwt, request, { authorization: 'good' }));
      expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'token_id is unknown' });
      const refused = await errorOf(unary(client, issueJwt, request));
      expect(refused.code).toBe(status.UNAUTHENTICATED);
      expect(detailsOf(refused).details).toHaveLength(1);
    });
  });
});
