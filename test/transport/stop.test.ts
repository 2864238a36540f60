/**
 * A listener that stops waits for handlers, and not for callers that do nothing: neither for the rest of what
 * they send, nor for those who do not read.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createConnectDoor } from '../../src/transport/connect/listener.ts';
import { rootRoute } from '../../src/transport/doors/root.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import { ownGuard } from '../../src/transport/rpc/guard.ts';
import type { Listener } from '../../src/transport/rpc/listener.ts';
import type { ListenerTls } from '../../src/transport/tls/listener-tls.ts';
import type { Verify } from '../../src/verify/verify.ts';
import { defaultLimits } from '../limits.ts';
import { until } from '../until.ts';
import { granted, now, verifierBinding, verify } from './fakes.ts';
import { engines } from './grpc/engines.ts';
import { frame, preface, request, requestBlock, settings } from './h2/raw-frames.ts';
import { withHttp2 } from './http/http2.ts';
import { makeTls, makeWorld } from './tls/listeners.ts';

/** Far longer than a test may take. */
const graceMs = 600_000;
const { server: certificate } = makeWorld();
const texts = { cert: certificate.cert, key: certificate.key };

/** What a caller sends at first, and then, once it has an answer; it sends nothing more. */
type Sent = [name: string, first: Buffer | string, then?: Buffer | string];

const path = '/usher.v1.VerifierService/Verify';
const head = 'Host: a\r\nContent-Type: application/json\r\n';
const known = 'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\n\r\n';
const http1: Sent[] = [
  ['nothing', ''],
  ['a part of a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['the line of a request', 'GET / HTTP/1.1\r\n'],
  ['nothing after an answer', known, ''],
  ['a part of a head after an answer', known, 'GET / HTTP/1.1\r\nHo'],
  ['no body', `POST ${path} HTTP/1.1\r\n${head}Content-Length: 90\r\n\r\n`],
  ['a part of a body', `POST ${path} HTTP/1.1\r\n${head}Content-Length: 90\r\n\r\n{"he`],
  ['a part of chunks', `POST ${path} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n9\r\n{"`],
  ['no reading', 'GET /long HTTP/1.1\r\nHost: a\r\n\r\n'],
];

const grpc = [['content-type', 'application/grpc'] as const, ['te', 'trailers'] as const];
const begin = Buffer.concat([preface, settings()]);
/** No byte of an answer may be sent on a stream. */
const closedWindow = Buffer.concat([preface, settings([4, 0])]);
const watch = '/usher.v1.VerifierService/WatchInvalidations';
const message = frame('data', 1, 1, Buffer.alloc(5));
const http2: Sent[] = [
  ['a part of a preface', preface.subarray(0, 7)],
  ['a preface', preface],
  ['SETTINGS', begin],
  [
    'a part of a frame',
    Buffer.concat([begin, frame('headers', 4, 1, Buffer.alloc(90)).subarray(0, 20)]),
  ],
  [
    'a part of HEADERS',
    Buffer.concat([begin, frame('headers', 0, 1, requestBlock(path).subarray(0, 9))]),
  ],
  ['a call without its message', Buffer.concat([begin, request(1, path, 4, ...grpc)])],
  [
    'a part of a message',
    Buffer.concat([begin, request(1, path, 4, ...grpc), frame('data', 0, 1, '00000000')]),
  ],
  ['an open watch', Buffer.concat([begin, request(1, watch, 4, ...grpc), message])],
  [
    'a watch that is not read',
    Buffer.concat([closedWindow, request(1, watch, 4, ...grpc), message]),
  ],
  ['a call that is not read', Buffer.concat([closedWindow, request(1, path, 4, ...grpc), message])],
];

/** Longer than what the kernel keeps of an answer. */
const long = 'x'.repeat(16 * 1024 * 1024);

function httpListener(tls: ListenerTls | undefined, verdict: Verify = verify): Listener {
  const unread = { connectionBytesMax: 2 * long.length, processBytesMax: 2 * long.length };
  const limits = { ...defaultLimits.http, unread: { ...defaultLimits.http.unread, ...unread } };
  const onBug = (error: unknown) => {
    throw error;
  };
  const guard = ownGuard(limits);
  const bindings = [verifierBinding({ verify: verdict })];
  const door = createConnectDoor({
    ...{ bindings, limits, onBug, guard },
    cors: true,
    requireProtocolHeader: false,
  });
  return createHttpListener({
    ...withHttp2({ bindings, onBug, guard }),
    ...{ limits, onBug, guard, tls, corsOrigins: [] },
    onStop: door.endStreams,
    routes: [
      rootRoute({ verify: verdict, addressOf: () => '', now }),
      { path: '/long', methods: ['GET'], handle: (_, res) => void res.end(long) },
      ...door.routes,
    ],
  });
}

const grpcListeners = engines.map(({ engine, createListener }) => ({
  name: `gRPC with ${engine}`,
  create: (tls: ListenerTls | undefined, verdict: Verify = verify): Listener =>
    createListener({
      bindings: [verifierBinding({ verify: verdict })],
      limits: defaultLimits.grpc,
      onBug: () => undefined,
      tls,
    }),
  plain: http2,
  secure: { h2: http2 },
}));

const listeners = [
  {
    name: 'HTTP',
    create: httpListener,
    plain: [...http1, ...http2],
    secure: { 'http/1.1': http1, h2: http2 },
  },
  ...grpcListeners,
];

/** Sends it over a socket that is open. Reads only answers that something follows. */
async function send(socket: Socket, [, first, then]: Sent): Promise<void> {
  if (first.length > 0) socket.write(first);
  if (then === undefined) return;
  await once(socket, 'data');
  if (then.length > 0) socket.write(then);
}

function securely(port: number, protocol: string): Socket {
  const options = { servername: 'localhost', ALPNProtocols: [protocol], rejectUnauthorized: false };
  return connectTls({ port, host: '127.0.0.1', ...options });
}

describe.each(listeners)('$name', ({ create, plain, secure }) => {
  /** Has the listener stop while all these callers do nothing more; expects them to be gone. */
  async function stopWith(listener: Listener, callers: [name: string, socket: Socket][]) {
    await until(() => listener.connections() === callers.length, 2000).catch(() => undefined);
    const gone = callers.filter(([, { closed }]) => closed).map(([name]) => name);
    expect([listener.connections(), gone]).toEqual([callers.length, []]);
    const stopped = listener.stop(graceMs);
    await until(() => listener.connections() === 0).catch(() => undefined);
    if (listener.connections() > 0) {
      // Who reads learns that it is over.
      for (const [, socket] of callers) socket.resume();
      await new Promise(setImmediate);
      const left = callers.filter(([, { closed, readableEnded }]) => !closed && !readableEnded);
      expect(left.map(([name]) => name)).toEqual([]);
    }
    await stopped;
  }

  async function started(tls?: ListenerTls, verdict?: Verify) {
    const listener = create(tls, verdict);
    onTestFinished(() => listener.stop(0));
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    const caller = async (socket: Socket, event: string) => {
      socket.on('error', () => undefined);
      onTestFinished(() => void socket.destroy());
      await once(socket, event);
      return socket;
    };
    return { listener, port, caller };
  }

  test('callers that do nothing do not hold up the stop', async () => {
    const { listener, port, caller } = await started();
    const callers: [string, Socket][] = [];
    for (const sent of plain) {
      const socket = await caller(connect(port, '127.0.0.1'), 'connect');
      await send(socket, sent);
      callers.push([sent[0], socket]);
    }
    await stopWith(listener, callers);
  });

  test('neither do those over TLS, nor half a handshake', async () => {
    const { listener, port, caller } = await started(makeTls(texts).tls);
    const callers: [string, Socket][] = [];
    for (const [protocol, all] of Object.entries(secure)) {
      for (const sent of all) {
        const socket = await caller(securely(port, protocol), 'secureConnect');
        await send(socket, sent);
        callers.push([`${protocol}: ${sent[0]}`, socket]);
      }
    }
    const half = await caller(connect(port, '127.0.0.1'), 'connect');
    half.write(Buffer.from('16030102000100', 'hex'));
    callers.push(['half a handshake', half]);
    await stopWith(listener, callers);
  });

  test('a handler that works is waited for, however long its caller is silent', async () => {
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { listener, port, caller } = await started(undefined, async () => {
      asked.resolve();
      await release.promise;
      return granted;
    });
    const silent = await caller(connect(port, '127.0.0.1'), 'connect');
    silent.write(Buffer.concat([begin, request(1, path, 4, ...grpc)]));
    const waiting = await caller(connect(port, '127.0.0.1'), 'connect');
    const parts: Buffer[] = [];
    waiting.on('data', (chunk: Buffer) => parts.push(chunk));
    waiting.write(Buffer.concat([begin, request(1, path, 4, ...grpc), message]));
    await asked.promise;
    const stopped = listener.stop(graceMs);
    // On grpc-js no connection is known to be silent while a handler works.
    if (create !== grpcListeners[0]?.create) {
      silent.resume();
      await once(silent, 'close');
    }
    release.resolve();
    await stopped;
    // The owner of the access token that the verdict names.
    expect(Buffer.concat(parts).includes('shop')).toBe(true);
  });
});
