/** After a stall of the process, HTTP requests that have arrived are answered, not called late. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { HttpLimits } from '../../../src/transport/http/limits.ts';
import { stall } from '../../stall.ts';
import { startHttp } from './server.ts';

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

async function start(limits: Partial<HttpLimits>) {
  const { listener, port } = await startHttp({ limits });
  cleaning.push(() => listener.stop(1000));
  const socket = connect(port, '127.0.0.1');
  cleaning.push(() => socket.destroy());
  await once(socket, 'connect');
  while (listener.connections() === 0) await new Promise(resolve => setImmediate(resolve));
  return socket;
}

/** The next answer's status line. */
async function answer(socket: Socket): Promise<string> {
  const [chunk] = await Promise.race([
    once(socket, 'data'),
    once(socket, 'close').then(() => ['closed']),
  ]);
  return String(chunk).split('\r\n')[0] ?? '';
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\n\r\n';
const post =
  'POST /usher.v1.VerifierService/Verify HTTP/1.1\r\nHost: a\r\n' +
  'Content-Type: application/json\r\nContent-Length: 18\r\n\r\n';
const body = '{"header": "good"}';
const ok = 'HTTP/1.1 200 OK';

/** Waits until the server has read what was sent: it answers requests of one connection in turn. */
const turns = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
};

test('headers that arrived in time', async () => {
  const socket = await start({ headersMs: 100, checkMs: 50 });
  socket.write(get);
  stall(400);
  expect(await answer(socket)).toBe(ok);
});

test('a body that arrived in time', async () => {
  const socket = await start({ headersMs: 100, requestMs: 150, checkMs: 50 });
  socket.write(post);
  await turns();
  socket.write(body);
  stall(500);
  expect(await answer(socket)).toBe(ok);
});

test('a body of which the rest arrives right after', async () => {
  const socket = await start({ headersMs: 100, requestMs: 150, checkMs: 100 });
  socket.write(post);
  await turns();
  stall(500);
  setTimeout(() => socket.write(body), 20);
  expect(await answer(socket)).toBe(ok);
});

test('the next request on a connection that idled', async () => {
  const socket = await start({ connectionIdleMs: 100, checkMs: 50 });
  socket.write(get);
  expect(await answer(socket)).toBe(ok);
  socket.write(get);
  // Node adds a second to the idle time.
  stall(1300);
  expect(await answer(socket)).toBe(ok);
});

test('the next request on a connection that was silent', async () => {
  const socket = await start({ silenceMs: 100, checkMs: 50 });
  socket.write(get);
  stall(400);
  expect(await answer(socket)).toBe(ok);
});

test('a request that stays late is refused all the same', async () => {
  const socket = await start({ headersMs: 100, requestMs: 150, checkMs: 50 });
  socket.write(post);
  stall(400);
  expect(await answer(socket)).toBe('closed');
});

test('headers that stay late are refused all the same, after a request that was answered', async () => {
  const socket = await start({ headersMs: 100, requestMs: 150, checkMs: 50 });
  socket.write(get);
  expect(await answer(socket)).toBe(ok);
  socket.write('GET / HTTP/1.1\r\nHost:');
  expect(await answer(socket)).toBe('HTTP/1.1 408 Request Timeout');
});
