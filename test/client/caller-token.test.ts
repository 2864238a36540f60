/** The caller's token goes along with each call, and never into an error. */

import { inspect } from 'node:util';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import type { CallerToken } from '../../src/client/caller-token.ts';
import { UsherUnavailable } from '../../src/client/unavailable.ts';
import { createUsherOn, type Usher } from '../../src/client/usher.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';

const open: Usher[] = [];
afterEach(() => {
  for (const usher of open.splice(0)) usher.close();
});

/** The verdict on a valid token whose id is the header. */
const good = (request?: { header: string }) => ({
  valid: true,
  httpStatus: 200,
  tokenId: request?.header ?? '',
});

/** A server that lets one caller in, and a client of it. */
function pair(streams: boolean, callerToken: CallerToken, allowed = { token: 'good' }) {
  const seen: string[] = [];
  const judge = (headers: Headers) => {
    const token = headers.get('x-usher-caller') ?? '';
    seen.push(token);
    if (token !== allowed.token)
      throw new ConnectError('show x-usher-caller', Code.Unauthenticated);
  };
  const transport = createRouterTransport(({ service }) => {
    service(VerifierService, {
      batchVerify({ requests }, { requestHeader }) {
        judge(requestHeader);
        return { responses: requests.map(good) };
      },
      async *streamVerify(messages, { requestHeader }) {
        judge(requestHeader);
        for await (const { items } of messages) {
          judge(requestHeader);
          yield {
            items: items.map(({ id, request }) => ({
              id,
              outcome: { case: 'response' as const, value: good(request) },
            })),
          };
        }
      },
      async *watchInvalidations(_, { requestHeader, signal }) {
        judge(requestHeader);
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
    });
  });
  const usher = createUsherOn({
    addresses: ['usher:1'],
    connect: () => ({ transport, streams }),
    callerToken,
  });
  open.push(usher);
  return { usher, seen, allowed };
}

describe.each([true, false])('with streams: %s', streams => {
  test('is sent with each call', async () => {
    const { usher, seen } = pair(streams, 'good');
    expect((await usher.verify('a')).valid).toBe(true);
    expect((await usher.verify('b')).valid).toBe(true);
    expect(new Set(seen)).toEqual(new Set(['good']));
  });

  test('a caller that is refused learns it from the error, at once', async () => {
    const { usher, seen } = pair(streams, 'other-secret');
    const error = await usher.verify('a').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsherUnavailable);
    expect((error as Error).message).toBe(
      'the verdict cannot be known: Usher refuses the caller: show x-usher-caller',
    );
    expect(inspect(error, { depth: 9 })).not.toContain('other-secret');
    expect(seen.length).toBeLessThan(4);
  });

  test('a token that was rotated is used without a failed verdict', async () => {
    let present = 'good';
    const { usher, allowed } = pair(streams, async () => present);
    expect((await usher.verify('a')).valid).toBe(true);
    present = 'next';
    allowed.token = 'next';
    expect((await usher.verify('b')).valid).toBe(true);
  });

  test('a refused token is replaced when the function has another by then', async () => {
    let calls = 0;
    const { usher } = pair(streams, () => (calls++ < 1 ? 'old' : 'good'));
    expect((await usher.verify('a')).valid).toBe(true);
  });

  test.each<[string, () => string]>([
    ['throws', () => fail('secret-text')],
    ['returns no token', () => 'secret text'],
  ])('a function that %s makes no verdict, and keeps the secret', async (_, callerToken) => {
    const { usher, seen } = pair(streams, callerToken);
    const error = await usher.verify('a').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsherUnavailable);
    expect(inspect(error, { depth: 9 })).toContain('callerToken');
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret.text/);
    expect(seen).toEqual([]);
  });
});

function fail(message: string): never {
  throw new Error(message);
}

test.each(['', 'a b', 'a\n', 'ä', 7])('%o is no token', callerToken => {
  const make = () => pair(true, callerToken as string);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(/^callerToken is not a token: printable characters/);
});
