/** The routes of an HTTP listener over HTTP/2, within the limits that hold over HTTP/1.1. */

import { once } from 'node:events';
import { connect as connectH2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, describe, expect, test } from 'vitest';
import { Health } from '../../../src/gen/grpc/health/v1/health_pb.ts';
import {
  StreamVerifyRequestSchema,
  VerifierService,
  WatchInvalidationsRequestSchema,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { awakeMs } from '../../../src/timing/awake.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verify } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';
import { answerOf, askH2, type H2Sent, openH2, requestH2 } from './http2.ts';
import { raw, type Setup, startHttp } from './server.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(setup: Setup = {}) {
  const guard = recordingGuard({ ...defaultLimits.http, ...setup.limits });
  const server = await startHttp({ ...setup, guard });
  cleaning.push(async () => {
    await server.listener.stop(1000);
    expect(server.bugs).toEqual([]);
    expect([server.listener.connections(), guard.requests.bytes]).toEqual([0, 0]);
  });
  return { ...server, guard };
}

async function open(port: number) {
  const session = await openH2(port);
  cleaning.push(() => session.destroy());
  return session;
}

const verifyPath = '/usher.v1.VerifierService/Verify';
const json = [['content-type', 'application/json']] as const;

describe('routes', () => {
  test('answer as over HTTP/1.1, without the headers of a connection', async () => {
    const { port } = await start();
    const good = await askH2(port, '/', { headers: [['authorization', 'good']] });
    expect([good.status, good.body]).toEqual([
      200,
      '{"message":"Oh, Hello","time":"2024-02-22T03:54:51Z"}',
    ]);
    const { date, 'content-length': length, connection } = good.headers;
    expect([new Date(date ?? '').getTime() > 0, length, connection]).toEqual([
      true,
      String(good.body.length),
      undefined,
    ]);
    const bad = await askH2(port, '/', { headers: [['authorization', 'REVOKED']] });
    expect([bad.status, bad.body]).toEqual([401, '{"error":"token has been revoked"}']);
    expect(bad.headers['www-authenticate']).toContain('error="invalid_token"');
    const twice = [1, 2].map(() => ['authorization', 'good'] as const);
    expect((await askH2(port, '/', { headers: twice })).status).toBe(401);
  });

  test.each([
    ['HEAD', '/healthz', 200, ''],
    ['OPTIONS', '*', 204, ''],
    ['OPTIONS', '/', 204, ''],
    ['GET', '/readyz', 200, '{"status":"ready","degraded":[]}'],
    ['GET', '/nope', 404, '{"error":"not found"}'],
    ['DELETE', '/', 405, '{"error":"method not allowed"}'],
    ['GET', '/a b', 400, '{"error":"request target is malformed"}'],
    ['GET', '/?x=1', 400, expect.stringContaining('x')],
    ['POST', verifyPath, 415, expect.stringContaining('content type')],
  ])('%s %s is %i', async (method, path, status, body) => {
    const { port } = await start();
    const answer = await askH2(port, path, { method });
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  test('a caller that waits with its content is told to go on, unless it is refused', async () => {
    const { port } = await start();
    const session = await open(port);
    const expecting = [...json, ['expect', '100-continue'] as const];
    const sent = { method: 'POST', headers: expecting, end: false };
    const stream = requestH2(session, verifyPath, sent);
    await once(stream, 'continue');
    stream.end('{"header":"good"}');
    expect((await answerOf(stream)).status).toBe(200);
    const refused = requestH2(session, '/nope', sent);
    refused.on('continue', () => expect.fail('not refused'));
    expect((await answerOf(refused)).status).toBe(404);
  });

  test('pages of other origins may call, after a preflight', async () => {
    const { port } = await start();
    const origin = ['origin', 'https://a.example'] as const;
    const asked = ['access-control-request-method', 'GET'] as const;
    const preflight = await askH2(port, '/', { method: 'OPTIONS', headers: [origin, asked] });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([
      204,
      '*',
    ]);
    const call = await askH2(port, verifyPath, {
      ...{ method: 'POST', headers: [origin, ...json], body: '{"header":"good"}' },
    });
    expect([call.status, call.headers['access-control-allow-origin']]).toEqual([200, '*']);
  });

  test.each([
    [[':authority', 'a b'], 400, '{"error":"host header is malformed"}'],
    // As HAProxy's checks name none.
    [[], 200, '{"status":"alive"}'],
  ])('a host need not be named, but must be one: %j', async (authority, status, body) => {
    const { port } = await start();
    const session = await open(port);
    const pseudo = [':method', 'GET', ':path', '/healthz', ':scheme', 'http', ...authority];
    const answer = await answerOf(session.request(pseudo as never));
    expect([answer.status, answer.body]).toEqual([status, body]);
  });
});

describe('the first bytes decide', () => {
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const settings = '\0\0\0\x04\0\0\0\0\0';

  test('however they are cut', async () => {
    const { port } = await start();
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    cleaning.push(() => socket.destroy());
    for (const byte of preface) {
      socket.write(byte);
      await new Promise(setImmediate);
    }
    socket.write(settings, 'latin1');
    const [first] = (await once(socket, 'data')) as [Buffer];
    // SETTINGS on stream 0.
    expect([first[3], first.readUInt32BE(5)]).toEqual([4, 0]);
  });

  test.each([
    ['POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 405 /],
    ['PRI * HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 505 /],
  ])('%j is HTTP/1.1', async (bytes, answer) => {
    const { port } = await start();
    expect(await raw(port, bytes)).toMatch(answer);
  });

  test('an upgrade to h2c is not made (RFC 9113 section 3.1)', async () => {
    const { port } = await start();
    const upgrade =
      'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const answer = await raw(port, `GET /healthz HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"alive"/);
  });

  test('a part of the preface is a malformed request when nothing follows', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.end('PRI');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('silence is answered with 408, after a part of the preface, too', async () => {
    const { port, listener } = await start({ limits: { headersMs: 50, checkMs: 50 } });
    for (const bytes of ['', 'PR']) expect(await raw(port, bytes)).toMatch(/^HTTP\/1\.1 408 /);
    // Also if the peer does not end its side.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    cleaning.push(() => socket.destroy());
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
    while (listener.connections() > 0) await new Promise(setImmediate);
  });
});

describe('limits', () => {
  test('a request that does not come to its end is answered with 408', async () => {
    const { port } = await start({ limits: { headersMs: 50, requestMs: 50, checkMs: 20 } });
    const session = await open(port);
    const stream = requestH2(session, verifyPath, { method: 'POST', headers: json, end: false });
    stream.write('{');
    const answer = await answerOf(stream);
    expect([answer.status, answer.body]).toEqual([408, '{"error":"request took too long"}']);
  });

  test('a message that is too long is refused while it comes', async () => {
    const { port } = await start({ limits: { receiveBytesMax: 1000 } });
    const session = await open(port);
    const stream = requestH2(session, verifyPath, { method: 'POST', headers: json, end: false });
    stream.write(' '.repeat(1001));
    const answer = await answerOf(stream);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'resource_exhausted' });
  });

  test('headers that are too long end the request alone', async () => {
    const { port, guard } = await start({ limits: { headerBytesMax: 4096 } });
    const session = await open(port);
    const stream = requestH2(session, '/', { headers: [['x', 'y'.repeat(4000)]] });
    const [error] = (await once(stream, 'error')) as [Error];
    expect(error.message).toContain('NGHTTP2_ENHANCE_YOUR_CALM');
    expect(await guard.next()).toBe('fault header-list');
    expect((await answerOf(requestH2(session, '/healthz'))).status).toBe(200);
  });

  test('requests that hold too many bytes are refused, whether their route reads them or not', async () => {
    const verifier = { verify: () => new Promise<never>(() => {}) };
    const { port, guard } = await start({ limits: { requestBytesMax: 50_000 }, verifier });
    const session = await open(port);
    const kept = requestH2(session, '/', { headers: [['authorization', 'x']], end: false });
    kept.write(Buffer.alloc(50_001));
    const answer = await answerOf(kept);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    const gzip = [...json, ['content-encoding', 'gzip'] as const];
    for (const headers of [json, gzip]) {
      const read = requestH2(session, verifyPath, { method: 'POST', headers, end: false });
      read.write(Buffer.alloc(50_001, 0x20));
      expect(JSON.parse((await answerOf(read)).body)).toMatchObject({ code: 'unavailable' });
    }
    const reports = [await guard.next(), await guard.next(), await guard.next()];
    expect(reports).toEqual(['refused request', 'refused request', 'refused request']);
  });

  test('the deadline of a call holds', async () => {
    const verifier = { verify: () => new Promise<never>(() => {}) };
    const { port } = await start({ limits: { deadlineMs: 50 }, verifier });
    const answer = await askH2(port, verifyPath, { method: 'POST', headers: json, body: '{}' });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'deadline_exceeded' });
  });

  test('handlers of streams that were reset count as streams', async () => {
    const waiting: (() => void)[] = [];
    const verifier: Setup['verifier'] = {
      verify: async question => {
        await new Promise<void>(resolve => waiting.push(resolve));
        return verify(question);
      },
    };
    const { port } = await start({ limits: { streamsPerConnectionMax: 2 } as never, verifier });
    const session = await open(port);
    const headers = [['authorization', 'good']] as const;
    const post = { method: 'POST', headers: json, end: false };
    const both = [requestH2(session, '/', { headers }), requestH2(session, verifyPath, post)];
    both[1]?.end('{"header":"good"}');
    while (waiting.length < 2) await new Promise(setImmediate);
    for (const stream of both) stream.close(8);
    const refused = requestH2(session, '/', { headers });
    const [error] = (await once(refused, 'error')) as [Error];
    expect(error.message).toContain('NGHTTP2_REFUSED_STREAM');
    for (const resolve of waiting.splice(0)) resolve();
    await new Promise(setImmediate);
    // Of one whose content does not come, no handler begins.
    const half = requestH2(session, verifyPath, post);
    half.write('{');
    half.close(8);
    const next = [1, 2].map(() => answerOf(requestH2(session, '/', { headers })));
    while (waiting.length < 2) await new Promise(setImmediate);
    for (const resolve of waiting) resolve();
    for (const { status } of await Promise.all(next)) expect(status).toBe(200);
  });
});

describe('answers that are not read', () => {
  const long = 'x'.repeat(2_000_000);
  const identity = { ...granted.identity, metadata: { plan: long } };
  const setup = {
    verifier: { verify: async () => ({ ...granted, identity }) },
    degraded: () => [{ what: 'clock' as const, detail: long }],
  };
  const asked: [path: string, sent: H2Sent][] = [
    ['/readyz', {}],
    [verifyPath, { method: 'POST', headers: json, end: false }],
  ];

  test.each(asked)('%s ends with the longest deadline, and others go on', async (path, sent) => {
    const limits = { deadlineMs: 100, deadlineMsMax: 100, checkMs: 20 };
    const { port, guard } = await start({ ...setup, limits });
    const session = await open(port);
    const stream = requestH2(session, path, sent);
    if (sent.end === false) stream.end('{"header":"good"}');
    await once(stream, 'response');
    expect(await guard.next()).toBe('unread deadline');
    expect((await answerOf(requestH2(session, '/healthz'))).status).toBe(200);
    stream.resume();
    if (!stream.closed) await once(stream, 'close');
    expect(stream.rstCode).toBe(8);
  });

  test('a caller that reads nothing at first has as long', async () => {
    const { port, guard } = await start({ ...setup, limits: { deadlineMsMax: 300, checkMs: 10 } });
    const session = connectH2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 0 } });
    cleaning.push(() => session.destroy());
    await once(session, 'remoteSettings');
    // The process is older than the deadline.
    while (awakeMs() < 300) await new Promise(setImmediate);
    const beganMs = performance.now();
    requestH2(session, '/readyz');
    expect(await guard.next()).toBe('unread deadline');
    expect(performance.now() - beganMs).toBeGreaterThan(290);
  });

  test.each(asked)('%s ends its connection beyond the limit in bytes', async (path, sent) => {
    const unread = { connectionBytesMax: 1_000_000, processBytesMax: 1e9 };
    const { port, guard } = await start({ ...setup, limits: { unread } });
    const session = await open(port);
    const stream = requestH2(session, path, sent);
    if (sent.end === false) stream.end('{"header":"good"}');
    expect(await guard.next()).toBe('unread connection');
    stream.resume();
    if (!session.destroyed)
      await new Promise<void>(resolve => session.once('close', () => resolve()));
  });
});

describe('streams', () => {
  const verdicts = create(StreamVerifyRequestSchema, {
    items: [{ id: 1n, request: { header: 'good' } }],
  });

  test.each([
    ['Connect', true],
    ['Connect JSON', false],
  ])('%s both ways, of more bytes than requests may hold together', async (_, binary) => {
    const { url, guard } = await start({
      limits: { requestBytesMax: 10_000, headersMs: 50, requestMs: 50, checkMs: 10 },
    });
    const transport = createConnectTransport({
      baseUrl: url,
      httpVersion: '2',
      useBinaryFormat: binary,
    });
    const client = createClient(VerifierService, transport);
    async function* requests() {
      for (let n = 0; n < count; n++) yield verdicts;
    }
    const count = 2000;
    let answers = 0;
    for await (const { items } of client.streamVerify(requests())) {
      expect(items[0]?.outcome).toMatchObject({ case: 'response', value: { valid: true } });
      answers++;
    }
    expect([answers, guard.reports]).toEqual([count, []]);
  });

  test('of a caller that leaves are no bug', async () => {
    const { url } = await start();
    const client = createClient(
      VerifierService,
      createConnectTransport({ baseUrl: url, httpVersion: '2' }),
    );
    const leaving = new AbortController();
    async function* requests() {
      yield verdicts;
      await new Promise(() => {});
    }
    const stream = client.streamVerify(requests(), { signal: leaving.signal });
    const answers = stream[Symbol.asyncIterator]();
    await answers.next();
    leaving.abort();
    await expect(answers.next()).rejects.toMatchObject({ code: 1 });
    // By then the server has read what came before.
    for (let n = 0; n < 3; n++) await client.verify({ header: 'good' });
  });

  test('end with UNAVAILABLE when the listener stops', async () => {
    const { url, listener } = await start();
    const transports = [
      createConnectTransport({ baseUrl: url, httpVersion: '2' }),
      createGrpcTransport({ baseUrl: url }),
    ];
    for (const transport of transports) {
      const client = createClient(VerifierService, transport);
      const watch = client.watchInvalidations(create(WatchInvalidationsRequestSchema));
      const messages = watch[Symbol.asyncIterator]();
      await messages.next();
      cleaning.push(async () => {
        const rest = async () => {
          while (!(await messages.next()).done);
        };
        await expect(rest()).rejects.toMatchObject({ code: 14 });
      });
    }
    await listener.stop(5000);
  });

  test('health is served to gRPC clients', async () => {
    const { url, listener } = await start();
    const client = createClient(Health, createGrpcTransport({ baseUrl: url }));
    const { status } = await client.check({ service: 'usher.v1.VerifierService' });
    expect([status, listener.connections()]).toEqual([1, 1]);
  });
});
