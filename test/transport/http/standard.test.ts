/** What RFC 9110 and RFC 9112 require of a server, rule by rule, on the real sockets of a server. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../../server/run-server.ts';
import { raw, startHttp } from './server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await runServer();
});
afterAll(() => server.stop());

/** Sends a head, and returns the answer until the server closes the connection. */
function ask(address: string, ...head: string[]): Promise<string> {
  return raw(Number(address.split(':')[1]), `${head.join('\r\n')}\r\n\r\n`);
}
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
const headerOf = (answer: string, name: string) =>
  new RegExp(`^${name}: (.*?)\r?$`, 'im').exec(answer.split('\r\n\r\n')[0] ?? '')?.[1];

describe.each(['http', 'manager'] as const)('on the listener %s', listener => {
  const get = (...head: string[]) => ask(server[listener], ...head);

  test.each([
    ['9112, 3.2: HTTP/1.1 without Host is refused', ['GET /readyz HTTP/1.1'], 400],
    ['9112, 3.2: two Hosts are refused', ['GET /readyz HTTP/1.1', 'Host: a', 'Host: b'], 400],
    ['9112, 3.2: a Host that is none is refused', ['GET /readyz HTTP/1.1', 'Host: a b'], 400],
    ['9112, 3.2: HTTP/1.0 needs no Host', ['GET /readyz HTTP/1.0'], 200],
    ['9112, 3.2: HTTP/1.0 may have one', ['GET /readyz HTTP/1.0', 'Host: a'], 200],
    ['9112, 3.2.2: absolute-form is accepted', ['GET http://b/readyz HTTP/1.1', 'Host: a'], 200],
    ['9112, 3.2.2: its query is read', ['GET http://b:1/readyz?a HTTP/1.1', 'Host: b:1'], 400],
    ['9110, 4.2.2: and https, from a proxy', ['GET https://b/readyz HTTP/1.1', 'Host: b'], 200],
    ['9110, 4.2.4: userinfo is refused', ['GET http://u@b/readyz HTTP/1.1', 'Host: b'], 400],
    ['9110, 4.2.1: so is an empty host', ['GET http:///readyz HTTP/1.1', 'Host: b'], 400],
    ['9112, 3.2.4: asterisk-form is for OPTIONS', ['OPTIONS * HTTP/1.1', 'Host: a'], 204],
    ['9112, 3.2.4: and for no other method', ['GET * HTTP/1.1', 'Host: a'], 400],
    ['9112, 5.1: no blank before a colon', ['GET /readyz HTTP/1.1', 'Host : a'], 400],
    ['9112, 5.2: a folded line is refused', ['GET /readyz HTTP/1.1', 'Host: a', 'X: b', ' c'], 400],
    ['9110, 5.5: NUL is refused', ['GET /readyz HTTP/1.1', 'Host: a', 'X: b\0'], 400],
    [
      '9112, 6.1: no length beside chunks',
      ['GET /readyz HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Transfer-Encoding: chunked'],
      400,
    ],
    ['9110, 15.6.6: an unknown version', ['GET /readyz HTTP/0.9', 'Host: a'], 505],
    ['9110, 15.6.6: HTTP/2 by this name', ['GET /readyz HTTP/2.0', 'Host: a'], 505],
    ['9110, 10.1.1: an unknown expectation', ['GET /readyz HTTP/1.1', 'Host: a', 'Expect: x'], 417],
  ])('%s', async (_, head, status) => {
    expect(statusOf(await get(...head, 'Connection: close'))).toBe(status);
  });

  test('9110, 15.5.6: a 405 lists the methods', async () => {
    const answer = await get('DELETE /readyz HTTP/1.0');
    expect([statusOf(answer), headerOf(answer, 'Allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('9110, 9.3.7: OPTIONS lists them too', async () => {
    const answer = await get('OPTIONS /readyz HTTP/1.0');
    expect([statusOf(answer), headerOf(answer, 'Allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(headerOf(answer, 'Content-Length')).toBeUndefined();
  });

  test('9110, 9.3.2: HEAD has the headers of GET and no body', async () => {
    const [head, whole] = [await get('HEAD /readyz HTTP/1.0'), await get('GET /readyz HTTP/1.0')];
    expect(head.split('\r\n\r\n')[1]).toBe('');
    expect(headerOf(head, 'Content-Length')).toBe(headerOf(whole, 'Content-Length'));
  });

  test('9112, 9.3: HTTP/1.0 closes, unless it asks to keep alive', async () => {
    expect(headerOf(await get('GET /readyz HTTP/1.0'), 'Connection')).toBe('close');
    const socket = connect(Number(server[listener].split(':')[1]), '127.0.0.1');
    socket.write('GET /readyz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    const [kept] = await once(socket, 'data');
    expect(headerOf(String(kept), 'Connection')).toBe('keep-alive');
    socket.destroy();
  });

  test('9112, 2.3: HTTP/1.0 is answered as HTTP/1.1', async () => {
    expect(await get('GET /readyz HTTP/1.0')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('the host of the target is the one that counts (9112, 3.2.2)', () => {
  const page = (target: string, host: string) =>
    ask(server.manager, `GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close');

  test('for the names that the manager answers to', async () => {
    expect(statusOf(await page('/', 'localhost'))).toBe(200);
    expect(statusOf(await page('/', 'evil.example'))).toBe(403);
    expect(statusOf(await page('http://localhost/', 'evil.example'))).toBe(200);
    expect(statusOf(await page('http://evil.example/', 'localhost'))).toBe(403);
  });

  test('and HTTP/1.0 without one names none', async () => {
    expect(statusOf(await ask(server.manager, 'GET / HTTP/1.0'))).toBe(403);
  });
});

describe('rpcs over HTTP/1.0 (9112, 2.3)', () => {
  const post = (method: string, type: string, body: string, ...others: string[]) =>
    ask(
      server.http,
      `POST /usher.v1.VerifierService/${method} HTTP/1.0`,
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
      ...others,
      '',
      body,
    );

  test('are answered without a Host', async () => {
    const answer = await post('Verify', 'application/json', '{"header":"x"}');
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*"reason":"INVALID_TOKEN"/);
  });

  test('stream without chunks, which HTTP/1.0 does not know', async () => {
    const type = 'application/connect+json';
    const message = '\0\0\0\0\x02{}';
    const answer = await post('WatchInvalidations', type, message, 'Connect-Timeout-Ms: 50');
    expect(statusOf(answer)).toBe(200);
    expect(headerOf(answer, 'Transfer-Encoding')).toBeUndefined();
    expect(answer).toContain('deadline_exceeded');
  });
});

test('OPTIONS / and * are answered as the server is ready, and by route otherwise', async () => {
  let reasons: string[] = [];
  const { listener, port } = await startHttp({ unreadiness: () => reasons });
  const options = (target: string) => raw(port, `OPTIONS ${target} HTTP/1.0\r\n\r\n`);
  for (const target of ['/', '*', '/?a', 'http://a', 'http://a/']) {
    reasons = [];
    expect([target, statusOf(await options(target))]).toEqual([target, 204]);
    reasons = ['the store does not answer'];
    expect([target, statusOf(await options(target))]).toEqual([target, 503]);
  }
  expect(headerOf(await options('/usher.v1.VerifierService/Hello'), 'Allow')).toBe('POST, OPTIONS');
  expect(statusOf(await options('/nothing'))).toBe(404);
  await listener.stop(5_000);
});
