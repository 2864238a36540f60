/** The heads of calls that stay open count with their content, on every listener of HTTP/2. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { expect, onTestFinished, test } from 'vitest';
import { createConnectDoor } from '../../src/transport/connect/listener.ts';
import { createH2GrpcListener } from '../../src/transport/grpc/listener.ts';
import { createHttpListener } from '../../src/transport/http/listener.ts';
import type { Listener } from '../../src/transport/rpc/listener.ts';
import { defaultLimits } from '../limits.ts';
import { verifierBinding } from './fakes.ts';
import { recordingGuard } from './guard.ts';
import { withHttp2 } from './http/http2.ts';

const bytesMax = 100_000;
const longBytes = 6000;
const count = 40;
const bindings = [verifierBinding()];
const onBug = (error: unknown) => {
  throw error;
};
type Guard = ReturnType<typeof recordingGuard>;

function grpcListener(guard: Guard, streamsPerConnectionMax = 1000): Listener {
  const limits = { ...defaultLimits.grpc, streamsPerConnectionMax };
  return createH2GrpcListener({ bindings, limits, onBug, guard });
}

function httpListener(guard: Guard): Listener {
  const limits = defaultLimits.http;
  const door = createConnectDoor({
    ...{ bindings, limits, onBug, guard, cors: false, requireProtocolHeader: false },
  });
  return createHttpListener({
    routes: door.routes,
    ...{ limits, corsOrigins: [], onBug, guard },
    ...withHttp2({ onBug, guard }),
  });
}

async function start(create: (guard: Guard) => Listener) {
  const guard = recordingGuard({ ...defaultLimits.grpc, requestBytesMax: bytesMax });
  const listener = create(guard);
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  onTestFinished(async () => {
    session.destroy();
    await listener.stop(5000);
  });
  return { guard, session };
}

/** Opens a call, and does not end it. */
function open(session: ClientHttp2Session, method: string, type: string, long = '') {
  const stream = session.request({
    ':method': 'POST',
    ':path': method.startsWith('/') ? method : `/usher.v1.VerifierService/${method}`,
    'content-type': type,
    ...(long && { 'x-long': long }),
  });
  stream.on('error', () => {});
  stream.resume();
  return stream;
}

function statusOf(stream: ReturnType<typeof open>): Promise<unknown> {
  return new Promise(resolve => {
    let found: unknown;
    for (const event of ['response', 'trailers']) {
      stream.on(event, head => {
        found = head['grpc-status'] ?? head[':status'];
      });
    }
    stream.once('close', () => resolve(found));
  });
}

const grpc = 'application/grpc';
const json = 'application/json';

test.each([
  ['unary calls of gRPC', grpcListener, 'Verify', grpc, '14'],
  ['streams of gRPC', grpcListener, 'StreamVerify', grpc, '14'],
  ['watches of gRPC', grpcListener, 'WatchInvalidations', grpc, '14'],
  ['other requests on the gRPC port', grpcListener, 'Verify', 'text/plain', 415],
  ['calls of Connect', httpListener, 'Verify', json, 503],
  ['streams of Connect', httpListener, 'StreamVerify', 'application/connect+json', 503],
])('long heads of %s are refused beyond the limit', async (_, create, method, type, status) => {
  const { guard, session } = await start(create);
  const streams = Array.from({ length: count }, (_each, n) =>
    open(session, method, type, String(n).padStart(longBytes, 'x')),
  );
  let refused = 0;
  const over = streams.map(async stream => {
    const found = await statusOf(stream);
    if (String(found) === String(status)) refused++;
  });
  const kept = Math.floor(bytesMax / longBytes);
  for (let n = kept + 1; n < count; n++) expect(await guard.next()).toBe('refused request');
  await new Promise<void>(resolve => session.ping(() => resolve()));
  expect(guard.requests.bytes).toBeLessThanOrEqual(bytesMax);
  expect(guard.requests.bytes).toBeGreaterThan(bytesMax - 2 * longBytes);
  // A short call goes on beside them.
  const short = open(session, 'Verify', type);
  const answered = statusOf(short);
  short.end(type === grpc ? Buffer.alloc(5) : '{}');
  await answered;
  for (const stream of streams) stream.close(8);
  await Promise.all(over);
  expect(refused).toBeGreaterThanOrEqual(count - kept - 1);
  while (guard.requests.bytes > 0) await new Promise(setImmediate);
});

test('streams that end before their message do not count as handlers', async () => {
  const { session } = await start(guard => grpcListener(guard, 2));
  for (let n = 0; n < 4; n++) {
    const stream = open(session, '/grpc.health.v1.Health/Watch', grpc);
    await new Promise<void>(resolve => session.ping(() => resolve()));
    const closed = once(stream, 'close');
    stream.destroy();
    await closed;
  }
  const call = open(session, 'Verify', grpc);
  call.end(Buffer.alloc(5));
  expect(await statusOf(call)).toBe('0');
});
