/** HTTP callers that do not read their answers: the deadline and the limits in bytes end them. */

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { createConnectUnary } from '../../../src/transport/connect/unary.ts';
import type { HttpLimits } from '../../../src/transport/http/limits.ts';
import { createHttpListener } from '../../../src/transport/http/listener.ts';
import { verifyResponse } from '../../../src/transport/services/verify-response.ts';
import { defaultLimits } from '../../limits.ts';
import { granted } from '../fakes.ts';
import { recordingGuard } from '../guard.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

/** More than the kernel takes for a connection. */
const long = 'x'.repeat(24_000_000);

async function start(limits: Partial<HttpLimits>) {
  const all = { ...defaultLimits.http, ...limits };
  const guard = recordingGuard(all);
  const onBug = (error: unknown) => guard.reports.push(String(error));
  const take = createConnectUnary({
    limits: all,
    onBug,
    door: 'connect',
    requireProtocolHeader: false,
    guard,
  });
  const identity = { ...granted.identity, metadata: { plan: long } };
  const listener = createHttpListener({
    routes: [
      {
        path: '/long',
        methods: ['GET'],
        handle: (_req, res: ServerResponse) => void res.end(long),
      },
      { path: '/short', methods: ['GET'], handle: (_req, res) => void res.end('short') },
      {
        path: '/verify',
        methods: ['POST'],
        handle: (req, res) => {
          const answer = async () => verifyResponse({ ...granted, identity });
          take(VerifierService.method.verify, answer, req, res);
        },
      },
    ],
    limits: all,
    corsOrigins: [],
    onBug,
    guard,
  });
  cleaning.push(() => listener.stop(1000));
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  return { guard, port };
}

/** A caller that asks and does not read. */
function silent(port: number, request: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  socket.write(`${request} HTTP/1.1\r\nHost: a\r\nContent-Type: application/proto\r\n\r\n`);
  cleaning.push(() => socket.destroy());
  return socket;
}

const unlimited = { connectionBytesMax: 1e9, processBytesMax: 1e9 };

test('an answer that is not read at all ends with the longest deadline', async () => {
  const { guard, port } = await start({ deadlineMsMax: 200, unread: unlimited });
  const socket = silent(port, 'GET /long');
  expect(await guard.next()).toBe('unread deadline');
  socket.resume();
  await once(socket, 'close');
});

test('the deadline of a Connect call holds until its answer is read', async () => {
  const { guard, port } = await start({ deadlineMs: 200, unread: unlimited });
  const socket = silent(port, 'POST /verify');
  expect(await guard.next()).toBe('unread deadline');
  socket.resume();
  await once(socket, 'close');
});

test('a Connect call waits while the process has as many unread bytes as it may', async () => {
  const { guard, port } = await start({ unread: unlimited });
  const account = guard.unread.account();
  account.hold(unlimited.processBytesMax);
  let isAnswered = false;
  const headers = { 'content-type': 'application/proto' };
  const call = fetch(`http://127.0.0.1:${port}/verify`, { method: 'POST', headers });
  call.then(
    () => {
      isAnswered = true;
    },
    () => {},
  );
  for (let n = 0; n < 3; n++) await (await fetch(`http://127.0.0.1:${port}/short`)).text();
  expect(isAnswered).toBe(false);
  account.free(unlimited.processBytesMax);
  const answer = await call;
  await answer.arrayBuffer();
  expect(answer.status).toBe(200);
});

test('an answer that is read goes on', async () => {
  const { guard, port } = await start({ unread: unlimited });
  const answer = await fetch(`http://127.0.0.1:${port}/long`);
  expect((await answer.text()).length).toBe(long.length);
  expect(guard.reports).toEqual([]);
});

test('a connection with too many unread bytes ends', async () => {
  const unread = { connectionBytesMax: 1_000_000, processBytesMax: 1e9 };
  const { guard, port } = await start({ unread });
  silent(port, 'GET /long');
  expect(await guard.next()).toBe('unread connection');
  expect(await (await fetch(`http://127.0.0.1:${port}/short`)).text()).toBe('short');
});

test('when all connections together hold too much, one after the other ends', async () => {
  const unread = { connectionBytesMax: 1e9, processBytesMax: 30_000_000 };
  const { guard, port } = await start({ unread });
  for (let n = 0; n < 3; n++) silent(port, 'GET /long');
  expect([await guard.next(), await guard.next()]).toEqual(['unread process', 'unread process']);
});
