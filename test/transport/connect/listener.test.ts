/** The verifier over Connect and gRPC-Web: real sockets, connect-node's clients. */

import { gzipSync } from 'node:zlib';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  DenialSchema,
  Reason as ReasonCode,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { codes } from '../../../src/transport/rpc/rpc-error.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import { verify } from '../fakes.ts';
import { startHttp } from '../http/server.ts';

let server: Awaited<ReturnType<typeof startHttp>>;
const doors: string[] = [];

beforeAll(async () => {
  server = await startHttp({
    limits: { deadlineMs: 150, receiveBytesMax: 65_536 },
    verifier: {
      verify: async (question, door) => {
        doors.push(door);
        if (question.header === 'never') return new Promise(() => {});
        return verify(question);
      },
    },
  });
});

afterAll(async () => {
  await server.listener.stop(5_000);
  expect(server.listener.connections()).toBe(0);
  expect(server.bugs).toEqual([]);
});

const transports = {
  'connect json': () => createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' }),
  'connect proto': () =>
    createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: true }),
  'grpc-web json': () =>
    createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: false }),
  'grpc-web proto': () => createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1' }),
  'connect json over HTTP/2': () =>
    createConnectTransport({ baseUrl: server.url, httpVersion: '2' }),
  'connect proto over HTTP/2': () =>
    createConnectTransport({ baseUrl: server.url, httpVersion: '2', useBinaryFormat: true }),
  'grpc-web proto over HTTP/2': () =>
    createGrpcWebTransport({ baseUrl: server.url, httpVersion: '2' }),
  'grpc over HTTP/2': () => createGrpcTransport({ baseUrl: server.url }),
};

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

describe.each(Object.keys(transports) as (keyof typeof transports)[])('%s', wire => {
  let client: Client<typeof VerifierService>;
  beforeAll(() => {
    client = createClient(VerifierService, transports[wire]());
  });
  const hello = (authorization: string) => client.hello({}, { headers: { authorization } });

  test('Hello greets a valid token', async () => {
    expect(await hello('good')).toMatchObject({
      message: 'Oh, Hello',
      time: '2024-02-22T03:54:51Z',
    });
    expect(doors.at(-1)).toBe(wire.split(' ')[0]);
  });

  test.each(Object.keys(reasons) as Reason[])('Hello refuses with %s, typed', async reason => {
    const error = await errorOf(
      reason === 'MISSING_CREDENTIALS' ? client.hello({}) : hello(reason),
    );
    const { grpc, http, text } = reasons[reason];
    expect([error.code, error.rawMessage]).toEqual([codes[grpc], text]);
    const [denial] = error.findDetails(DenialSchema);
    expect(denial).toMatchObject({ reason: ReasonCode[reason], message: text, httpStatus: http });
  });

  test('Verify and BatchVerify give verdicts', async () => {
    expect(await client.verify({ header: 'good' })).toMatchObject({
      valid: true,
      exp: 9007199254740991n,
      claims: { deep: { list: [1, null, true] } },
      cacheTtl: { seconds: 1n, nanos: 500_000_000 },
    });
    const requests = [{ header: 'REVOKED' }, { header: 'good' }];
    const { responses } = await client.batchVerify({ requests });
    expect(responses.map(({ valid }) => valid)).toEqual([false, true]);
    const error = await errorOf(client.verify({ audience: 'a'.repeat(257) }));
    expect(error.code).toBe(Code.InvalidArgument);
  });

  test('an outage is UNAVAILABLE; a bug is "internal error"', async () => {
    const down = await errorOf(client.verify({ header: 'down' }));
    expect([down.code, down.rawMessage]).toEqual([
      Code.Unavailable,
      'the store cannot be reached; ask again',
    ]);
    const bug = await errorOf(client.verify({ header: 'bug' }));
    expect([bug.code, bug.rawMessage]).toEqual([Code.Internal, 'internal error']);
    expect(server.bugs.pop()).toBeInstanceOf(TypeError);
  });

  test('long deadlines do not expire', async () => {
    for (const timeoutMs of [2_147_483_647, 5_000]) {
      expect(await client.verify({ header: 'good' }, { timeoutMs })).toMatchObject({ valid: true });
    }
  });

  test('a call without a deadline gets one', async () => {
    const error = await errorOf(client.verify({ header: 'never' }));
    expect(error.code).toBe(Code.DeadlineExceeded);
  });
});

describe('raw requests', () => {
  const post = (rpc: string, headers: Record<string, string>, body: string | Buffer) =>
    fetch(`${server.url}/usher.v1.VerifierService/${rpc}`, { method: 'POST', headers, body });
  const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;
  const proto = { 'content-type': 'application/proto' };
  const json = { 'content-type': 'application/json' };

  test('a plain JSON call works, and must not be cached', async () => {
    const answer = await post(
      'Hello',
      { ...json, authorization: 'good', origin: 'https://app.example.com' },
      '{}',
    );
    expect(await answer.json()).toEqual({ message: 'Oh, Hello', time: '2024-02-22T03:54:51Z' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  test.each([
    ['malformed proto', proto, Buffer.from('ff', 'hex'), 400, 'invalid_argument'],
    ['invalid UTF-8', proto, Buffer.from('0a02c328', 'hex'), 400, 'invalid_argument'],
    ['malformed JSON', json, '{', 400, 'invalid_argument'],
    ['nested JSON', json, '['.repeat(30_000), 400, 'invalid_argument'],
    ['too much', json, `{"header":"${'x'.repeat(70_000)}"}`, 429, 'resource_exhausted'],
    [
      'a bomb',
      { ...proto, 'content-encoding': 'gzip' },
      gzipSync(Buffer.alloc(50_000_000)),
      429,
      'resource_exhausted',
    ],
    ['a wrong deadline', { ...json, 'connect-timeout-ms': 'soon' }, '{}', 400, 'invalid_argument'],
  ])('%s is the caller’s mistake', async (_name, headers, body, status, code) => {
    const answer = await post('Verify', headers as Record<string, string>, body);
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
  });

  // Sent by hand, because the client's own timer overflows on these.
  test.each(['9999999999', '2147483648'])('Connect takes a deadline of %s ms', async timeout => {
    const answer = await post('Verify', { ...json, 'connect-timeout-ms': timeout }, '{}');
    expect(answer.status).toBe(200);
  });

  test.each(['600H', '99999999H'])('gRPC-Web takes a deadline of %s', async timeout => {
    const headers = { 'content-type': 'application/grpc-web+proto', 'grpc-timeout': timeout };
    const answer = await post('Verify', headers, Buffer.alloc(5));
    expect(await answer.text()).toContain('grpc-status: 0');
  });

  test.each([
    ['another content type', 'Verify', { 'content-type': 'text/plain' }, 415],
    ['plain gRPC', 'Verify', { 'content-type': 'application/grpc' }, 415],
    ['a stream in both directions', 'StreamVerify', json, 505],
  ])('%s is refused', async (_name, rpc, headers, status) => {
    const answer = await post(rpc, headers as Record<string, string>, '{}');
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error: expect.any(String) });
  });

  test('no token ever goes into a URL', async () => {
    const answer = await fetch(`${server.url}/usher.v1.VerifierService/Verify?message={}`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });

  test('the protocol header can be required', async () => {
    const strict = await startHttp({ requireProtocolHeader: true });
    const path = `${strict.url}/usher.v1.VerifierService/Verify`;
    const call = (headers: Record<string, string>) =>
      fetch(path, { method: 'POST', headers: { ...json, ...headers }, body: '{}' });
    expect((await call({})).status).toBe(400);
    expect((await call({ 'connect-protocol-version': '1' })).status).toBe(200);
    await strict.listener.stop(5_000);
  });
});
