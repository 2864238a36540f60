/**
 * What the specifications of Connect and gRPC-Web require of a server, rule by rule, by requests that
 * their clients never send.
 */

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHttp } from '../http/server.ts';

let server: Awaited<ReturnType<typeof startHttp>>;

beforeAll(async () => {
  server = await startHttp({ limits: { receiveBytesMax: 1000 } });
});
afterAll(async () => {
  await server.listener.stop(5_000);
  expect(server.bugs).toEqual([]);
});

type Sent = [rpc: string, headers: Record<string, string>, body?: string | Buffer, method?: string];

const json = { 'content-type': 'application/json' };
const proto = { 'content-type': 'application/proto' };
const stream = { 'content-type': 'application/connect+json' };
const web = { 'content-type': 'application/grpc-web+proto' };

/** A message in a stream. */
function envelope(message: string | Buffer, flags = 0): Buffer {
  const body = Buffer.from(message as string);
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function call(...[rpc, headers, body = '{}', method = 'POST']: Sent): Promise<Response> {
  const url = `${server.url}/usher.v1.VerifierService/${rpc}`;
  return fetch(url, { method, headers, ...(method === 'GET' ? {} : { body }) });
}

/** The error at the end of a stream; undefined for a stream that succeeded. */
async function endOf(answer: Response): Promise<{ code: string; message: string } | undefined> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  let at = 0;
  while (((bytes[at] as number) & 2) === 0) at += 5 + bytes.readUInt32BE(at + 1);
  return JSON.parse(bytes.subarray(at + 5).toString()).error;
}

describe('Connect, unary: the request', () => {
  test.each([
    [
      'another version is refused',
      [{ ...json, 'connect-protocol-version': '2' }],
      400,
      'invalid_argument',
    ],
    ['so is an empty one', [{ ...json, 'connect-protocol-version': '' }], 400, 'invalid_argument'],
    [
      'an unknown compression is unimplemented',
      [{ ...json, 'content-encoding': 'snappy' }],
      501,
      'unimplemented',
    ],
    [
      'brotli is none of ours',
      [{ ...json, 'content-encoding': 'br' }, brotliCompressSync('{}')],
      501,
      'unimplemented',
    ],
    [
      'what is not gzip is refused',
      [{ ...json, 'content-encoding': 'gzip' }, 'no'],
      400,
      'invalid_argument',
    ],
    [
      'and so is one that is cut short',
      [{ ...json, 'content-encoding': 'gzip' }, gzipSync('{}').subarray(0, -9)],
      400,
      'invalid_argument',
    ],
    [
      'a timeout has ten digits at most',
      [{ ...json, 'connect-timeout-ms': '12345678901' }],
      400,
      'invalid_argument',
    ],
    ['and no sign', [{ ...json, 'connect-timeout-ms': '-1' }], 400, 'invalid_argument'],
    ['and no unit', [{ ...json, 'connect-timeout-ms': '1s' }], 400, 'invalid_argument'],
    ['and is not empty', [{ ...json, 'connect-timeout-ms': '' }], 400, 'invalid_argument'],
    ['a body that is too long', [json, ' '.repeat(1001)], 429, 'resource_exhausted'],
    [
      'one that is too long once unpacked',
      [{ ...json, 'content-encoding': 'gzip' }, gzipSync(' '.repeat(5000))],
      429,
      'resource_exhausted',
    ],
    ['a body that is not JSON', [json, '{'], 400, 'invalid_argument'],
    ['a body that is not Protobuf', [proto, Buffer.from([255])], 400, 'invalid_argument'],
  ] as [string, [Record<string, string>, (string | Buffer)?], number, string][])(
    '%s',
    async (_, sent, status, code) => {
      const answer = await call('Verify', ...sent);
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toBe('application/json');
      const error = (await answer.json()) as { code: string; message: string };
      expect(error.code).toBe(code);
      expect(error.message).not.toBe('');
    },
  );

  test('an unknown compression is answered with those that are known', async () => {
    const answer = await call('Verify', { ...json, 'content-encoding': 'snappy' });
    expect(((await answer.json()) as { message: string }).message).toContain('gzip');
  });

  test('an empty body is not unpacked', async () => {
    const answer = await call('Verify', { ...proto, 'content-encoding': 'gzip' }, Buffer.alloc(0));
    expect(answer.status).toBe(200);
  });

  test.each([
    ['application/json', 200],
    ['Application/JSON', 200],
    ['application/json;charset=utf-8', 200],
    ['application/json; charset=UTF-8', 200],
    ['application/json; charset=utf-16', 415],
    ['application/xml', 415],
    ['text/plain', 415],
    ['application/connect+json', 415],
    ['application/grpc', 415],
    ['application/grpc-web-text', 415],
    ['application/grpc-web+xml', 415],
  ])('the content type %s has status %d', async (type, status) => {
    const answer = await call('Verify', { 'content-type': type });
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.headers.get('accept-post')).toContain('application/json');
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is no method of an rpc', async method => {
    for (const headers of [json, web, stream]) {
      const answer = await call('Verify', headers, '{}', method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    }
  });

  test('Connect GET is for rpcs without side effects that say so, and none does', async () => {
    const answer = await call('Verify?encoding=json&message=%7B%7D&connect=v1', {}, '', 'GET');
    expect(answer.status).toBe(405);
  });

  test('an unknown rpc is not found', async () => {
    expect((await call('Nothing', json)).status).toBe(404);
  });
});

describe('Connect, unary: the answer', () => {
  test.each([
    ['MISSING_CREDENTIALS', '', 401, 'unauthenticated'],
    ['a wrong scope', 'INSUFFICIENT_SCOPE', 403, 'permission_denied'],
    ['no kid', 'JWT_MISSING_KID', 500, 'internal'],
    ['an outage', 'down', 503, 'unavailable'],
  ])('%s has the status of its code', async (_, authorization, status, code) => {
    const headers = authorization === '' ? json : { ...json, authorization };
    for (const version of [{}, { 'content-encoding': 'identity' }]) {
      const answer = await call('Hello', { ...headers, ...version });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        status,
        'application/json',
      ]);
      expect(((await answer.json()) as { code: string }).code).toBe(code);
      // RFC 9110 section 15.5.2.
      const challenge = status === 401 ? 'Bearer realm="usher"' : null;
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
    }
  });

  test('errors of binary calls are JSON, too, also by connect-node', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const headers = { ...proto, 'content-encoding': encoding };
      const answer = await call('Hello', headers, Buffer.alloc(0));
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        401,
        'application/json',
      ]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="usher"');
    }
  });
});

describe('Connect, streams', () => {
  const watch = (headers: Record<string, string>, body: string | Buffer) =>
    call('WatchInvalidations', { ...stream, ...headers }, body);

  test.each([
    ['another version', { 'connect-protocol-version': '2' }, envelope('{}'), 'invalid_argument'],
    ['a message that is not JSON', {}, envelope('{'), 'invalid_argument'],
    ['one that is too long', {}, envelope(' '.repeat(1001)), 'resource_exhausted'],
    ['no message', {}, Buffer.alloc(0), 'unimplemented'],
    ['two messages', {}, Buffer.concat([envelope('{}'), envelope('{}')]), 'unimplemented'],
    [
      'an unknown compression',
      { 'connect-content-encoding': 'snappy' },
      envelope('{}'),
      'unimplemented',
    ],
    ['a timeout with a unit', { 'connect-timeout-ms': '1s' }, envelope('{}'), 'invalid_argument'],
  ] as [string, Record<string, string>, Buffer, string][])(
    'the last message holds %s, with status 200',
    async (_, headers, body, code) => {
      const answer = await watch(headers, body);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/connect+json',
      ]);
      expect((await endOf(answer))?.code).toBe(code);
    },
  );

  test('a unary content type is a 415', async () => {
    const answer = await call('WatchInvalidations', json);
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-post')).toContain('application/connect+json');
  });

  test('a stream in both directions needs HTTP/2', async () => {
    expect((await call('StreamVerify', stream, envelope('{}'))).status).toBe(505);
  });
});

describe('the deadline of a server stream is an error', () => {
  test.each(['json', 'proto'])('Connect, %s', async codec => {
    const answer = await call(
      'WatchInvalidations',
      { 'content-type': `application/connect+${codec}`, 'connect-timeout-ms': '50' },
      envelope(codec === 'json' ? '{}' : ''),
    );
    expect(answer.status).toBe(200);
    expect((await endOf(answer))?.code).toBe('deadline_exceeded');
  });

  test.each(['json', 'proto'])('gRPC-Web, %s', async codec => {
    const answer = await call(
      'WatchInvalidations',
      { 'content-type': `application/grpc-web+${codec}`, 'grpc-timeout': '50m' },
      envelope(codec === 'json' ? '{}' : ''),
    );
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('grpc-status: 4\r\n');
  });
});

describe('gRPC-Web: errors are in the trailers, with status 200', () => {
  test.each([
    ['a refusal', 'Hello', web, envelope(''), 16],
    ['too long', 'Verify', web, envelope(' '.repeat(1001)), 8],
    [
      'an unknown compression',
      'Verify',
      { ...web, 'grpc-encoding': 'snappy' },
      envelope('a', 1),
      12,
    ],
    ['a malformed timeout', 'Verify', { ...web, 'grpc-timeout': 'x' }, envelope(''), 3],
  ] as [string, string, Record<string, string>, Buffer, number][])(
    '%s',
    async (_, rpc, headers, body, code) => {
      const answer = await call(rpc, headers, body);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'application/grpc-web+proto',
      ]);
      expect(await answer.text()).toContain(`grpc-status: ${code}\r\n`);
    },
  );
});
