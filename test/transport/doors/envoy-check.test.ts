/** Envoy's Check rpc: its answers on the wire, where a mistake would let requests pass. */

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { HeaderValueOption_HeaderAppendAction as AppendAction } from '../../../src/gen/envoy/config/core/v3/base_pb.ts';
import {
  CheckRequestSchema,
  type CheckResponse,
  CheckResponseSchema,
} from '../../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { envoyCheckHandlers } from '../../../src/transport/doors/envoy-check.ts';
import { admitAnyone } from '../../../src/transport/rpc/admission.ts';
import type { Call } from '../../../src/transport/rpc/call.ts';
import { trustsRanges } from '../../../src/transport/rpc/client-address.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import type { Question, Verify } from '../../../src/verify/verify.ts';
import { granted, verify } from '../fakes.ts';

const { signal } = new AbortController();
const call: Call = { door: 'grpc', header: () => [], peer: '', clientNames: [], signal };

const trusts = trustsRanges([['10.0.0.0', 8]]);

type Http = { headers?: Record<string, string>; headerMap?: { headers: object[] } };

/** Calls Check, and decodes the answer from bytes like Envoy. */
async function check(
  http: Http,
  contextExtensions: Record<string, string> = {},
  ask: Verify = verify,
  source?: object,
): Promise<CheckResponse> {
  const attributes = { contextExtensions, request: { http }, ...(source && { source }) };
  const request = create(CheckRequestSchema, {
    attributes,
  } as MessageInitShape<typeof CheckRequestSchema>);
  const deps = { verify: ask, trusts, admit: admitAnyone };
  const answer = await envoyCheckHandlers(deps).check(request, call);
  return fromBinary(CheckResponseSchema, toBinary(CheckResponseSchema, answer));
}

const authorized = (authorization: string): Http => ({ headers: { authorization } });

test.each(Object.keys(reasons) as Reason[])('%s is a denied response', async reason => {
  const { status, httpResponse } = await check(authorized(reason));
  const { http, text } = reasons[reason];
  expect(status?.code).toBe({ 401: 16, 429: 8 }[http as number] ?? 7);
  if (httpResponse.case !== 'deniedResponse') throw new Error('not denied');
  expect(httpResponse.value.status?.code).toBe(http);
  expect(httpResponse.value.body).toBe(JSON.stringify({ error: text }));
});

test('a request without headers, or without a request, is denied', async () => {
  const requests = [{}, { attributes: {} }, { attributes: { request: {} } }];
  for (const request of requests) {
    const message = create(CheckRequestSchema, request);
    const deps = { verify, trusts, admit: admitAnyone };
    const { status } = await envoyCheckHandlers(deps).check(message, call);
    expect(status?.code).toBe(16);
  }
});

test('an outage fails the call', async () => {
  await expect(check(authorized('down'))).rejects.toThrow(Unavailable);
});

test('identity headers replace the client’s for old and new releases; empty ones are removed', async () => {
  const identity = { ...granted.identity, owner: '', subject: 'a\r\nb' };
  const { status, httpResponse, dynamicMetadata } = await check(
    authorized('good'),
    { credential: 'remove' },
    async () => ({ ...granted, identity }),
  );
  expect(status).toBeDefined();
  expect(status?.code).toBe(0);
  if (httpResponse.case !== 'okResponse') throw new Error('not ok');
  const { headers, headersToRemove } = httpResponse.value;
  expect(headersToRemove).toEqual(['x-usher-owner', 'authorization']);
  expect(headers.map(({ header }) => [header?.key, header?.value])).toEqual([
    ['x-usher-token-id', identity.tokenId],
    ['x-usher-kind', 'jwt'],
    ['x-usher-subject', 'a%0D%0Ab'],
    ['x-usher-scopes', 'orders.read'],
    ['x-usher-revision', '7'],
  ]);
  for (const { append, appendAction } of headers) {
    expect(append).toBe(false);
    expect(appendAction).toBe(AppendAction.OVERWRITE_IF_EXISTS_OR_ADD);
  }
  expect(dynamicMetadata).toMatchObject({ valid: true, token_id: identity.tokenId, kind: 'jwt' });
});

test('the token is passed on unless the route says otherwise', async () => {
  for (const extensions of [{}, { credential: 'keep' }]) {
    const { httpResponse } = await check(authorized('good'), extensions);
    if (httpResponse.case !== 'okResponse') throw new Error('not ok');
    expect(httpResponse.value.headersToRemove).not.toContain('authorization');
  }
});

/** The question to the verifier. */
async function questionFor(http: Http, extensions: Record<string, string> = {}): Promise<Question> {
  let asked: Question | undefined;
  await check(http, extensions, async question => {
    asked = question;
    return granted;
  });
  if (!asked) throw new Error('nothing was asked');
  return asked;
}

test('requires the audience and scopes of the route', async () => {
  const extensions = { audience: 'orders', scopes: ' orders.read  orders.write ' };
  expect(await questionFor(authorized('x'), extensions)).toEqual({
    header: 'x',
    audience: 'orders',
    requiredScopes: ['orders.read', 'orders.write'],
    source: '',
  });
});

test.each([{ scopes: 'a"b' }, { scopes: 'a\u00e9' }, { audience: 'a'.repeat(300) }])(
  'refuses unreadable requirements: %j',
  async extensions => {
    const { status } = await check(authorized('good'), extensions);
    expect(status?.code).toBe(7);
  },
);

test.each([
  [{ scope: 'admin' }, 'context extension "scope" is not known; did you mean scopes?'],
  [{ credential: 'hide' }, 'credential is neither keep nor remove'],
  [{ zzz: '1' }, 'context extension "zzz" is not known'],
])('refuses what it does not understand: %j', async (extensions, text) => {
  const { status } = await check(authorized('good'), extensions as Record<string, string>);
  expect(status).toMatchObject({
    code: 7,
    message: `the gateway's configuration is wrong: ${text}`,
  });
});

test('reads raw headers, and joins several', async () => {
  const raw = (key: string, text: string) => ({ key, rawValue: Buffer.from(text, 'latin1') });
  const one = { headerMap: { headers: [raw('x', 'y'), raw('Authorization', 'token')] } };
  expect((await questionFor(one)).header).toBe('token');
  const text = { headerMap: { headers: [{ key: 'authorization', value: 'token' }] } };
  expect((await questionFor(text)).header).toBe('token');
  const two = { headerMap: { headers: [raw('authorization', 'a'), raw('authorization', 'b')] } };
  expect((await questionFor(two)).header).toBe('a, b');
  const both = { ...authorized('a'), ...one };
  expect((await questionFor(both)).header).toBe('a, token');
  const foreign = { headerMap: { headers: [raw('authorization', 'token\u00e9')] } };
  expect((await questionFor(foreign)).header).toBe('token\u00e9');
});

describe('the address from which the token was used', () => {
  const at = (address: string) => ({
    address: { address: { case: 'socketAddress', value: { address } } },
  });
  const asked = async (source: object | undefined, headers: Record<string, string> = {}) => {
    let question: Question | undefined;
    const ask: Verify = given => {
      question = given;
      return granted;
    };
    await check({ headers: { authorization: 'good', ...headers } }, {}, ask, source);
    return question?.source;
  };
  const forwarded = (text: string) => ({ 'x-forwarded-for': text });

  test.each([
    ["that of Envoy's peer", at('192.0.2.1'), {}, '192.0.2.1'],
    ['a peer on a socket for both families', at('::ffff:192.0.2.1'), {}, '192.0.2.1'],
    ['not what an unknown peer says', at('192.0.2.1'), forwarded('198.51.100.7'), '192.0.2.1'],
    ['what a trusted proxy says', at('10.0.0.1'), forwarded('1.1.1.1, 2.2.2.2'), '2.2.2.2'],
    ['through a chain of them', at('10.0.0.1'), forwarded('2.2.2.2, 10.0.0.9'), '2.2.2.2'],
    ['a trusted proxy itself', at('10.0.0.1'), {}, '10.0.0.1'],
    ['nothing that is no address', at('10.0.0.1'), forwarded('2.2.2.2, unknown'), ''],
    [
      'none, on a Unix domain socket',
      { address: { address: { case: 'pipe', value: {} } } },
      {},
      '',
    ],
    ['none, where Envoy tells none', undefined, forwarded('2.2.2.2'), ''],
  ] as const)('%s', async (_, source, headers, address) => {
    expect(await asked(source, headers)).toBe(address);
  });

  test('headers that Envoy sends raw', async () => {
    let question: Question | undefined;
    const raw = (key: string, text: string) => ({ key, rawValue: Buffer.from(text) });
    const headers = [raw('authorization', 'good'), raw('x-forwarded-for', '1.1.1.1')];
    const more = [raw('X-Forwarded-For', '2.2.2.2')];
    const ask: Verify = given => {
      question = given;
      return granted;
    };
    await check({ headerMap: { headers: [...headers, ...more] } }, {}, ask, at('10.0.0.1'));
    expect(question?.source).toBe('2.2.2.2');
  });
});
