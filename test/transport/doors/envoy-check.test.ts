/** Envoy's Check rpc: its answers on the wire, where a mistake would let requests pass. */

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
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
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import type { Question } from '../../../src/verify/verify.ts';
import { granted, verify } from '../fakes.ts';

const { signal } = new AbortController();
const call: Call = { door: 'grpc', header: () => [], peer: '', clientNames: [], signal };

type Http = { headers?: Record<string, string>; headerMap?: { headers: object[] } };

/** Calls Check, and decodes the answer from bytes like Envoy. */
async function check(
  http: Http,
  contextExtensions: Record<string, string> = {},
  ask = verify,
): Promise<CheckResponse> {
  const attributes = { contextExtensions, request: { http } };
  const request = create(CheckRequestSchema, {
    attributes,
  } as MessageInitShape<typeof CheckRequestSchema>);
  const answer = await envoyCheckHandlers({ verify: ask, admit: admitAnyone }).check(request, call);
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
    const { status } = await envoyCheckHandlers({ verify, admit: admitAnyone }).check(
      message,
      call,
    );
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
