/** After a stall of the process, gRPC calls that have arrived are answered, not called late. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { defaultLimits } from '../../limits.ts';
import { stall } from '../../stall.ts';
import { verifierBinding } from '../fakes.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(limits: Partial<GrpcLimits>) {
  const listener = createH2GrpcListener({
    bindings: [verifierBinding()],
    limits: { ...defaultLimits.grpc, ...limits },
    onBug: () => {},
  });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { listener, port };
}

function caller(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  cleaning.push(() => session.destroy());
  return session;
}

function request(session: ClientHttp2Session, method: string) {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/usher.v1.VerifierService/${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  stream.resume();
  return stream;
}

const empty = Buffer.alloc(5);

/** The gRPC status of a call, from its headers or its trailers. */
function statusOf(stream: ReturnType<typeof request>): Promise<unknown> {
  return new Promise(resolve => {
    const look = (headers: object) => {
      const { 'grpc-status': status } = headers as { 'grpc-status'?: string };
      if (status !== undefined) resolve(status);
    };
    stream.on('response', look).on('trailers', look);
    stream.on('close', () => resolve(`closed with ${stream.rstCode}`));
  });
}

test('a connection whose preface arrived in time', async () => {
  const { listener, port } = await start({ prefaceMs: 100 });
  const socket = connectTcp(port, '127.0.0.1');
  socket.on('error', () => {});
  cleaning.push(() => socket.destroy());
  await once(socket, 'connect');
  while (listener.connections() === 0) await new Promise(resolve => setImmediate(resolve));
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
  stall(400);
  const [frame] = await once(socket, 'data');
  // The server's own SETTINGS.
  expect(frame[3]).toBe(4);
});

test('a call whose message arrived in time', async () => {
  const { port } = await start({ deadlineMs: 1500 });
  const session = caller(port);
  await once(session, 'remoteSettings');
  const stream = request(session, 'Verify');
  const status = statusOf(stream);
  await new Promise(resolve => setTimeout(resolve, 50));
  stream.end(empty);
  await new Promise(resolve => setImmediate(resolve));
  stall(1600);
  expect(await status).toBe('0');
});

test('a connection that answered a ping in time', async () => {
  const { port } = await start({ keepaliveMs: 50, keepaliveTimeoutMs: 100 });
  const session = caller(port);
  const watch = request(session, 'WatchInvalidations');
  watch.end(empty);
  await once(session, 'ping');
  // The answer has been written, and the server has not read it.
  stall(500);
  await once(session, 'ping');
  expect(watch.closed).toBe(false);
});
