/** The HTTP listener: the root path, probes, CORS, hostile requests, and the stop. */

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import { granted } from '../fakes.ts';
import { raw, startHttp } from './server.ts';

let server: Awaited<ReturnType<typeof startHttp>>;
let notReady: string[] = [];

beforeAll(async () => {
  server = await startHttp({
    unreadiness: () => notReady,
    degraded: () => [{ what: 'changes', detail: 'refused' }],
    limits: { headersMs: 300, checkMs: 50 },
  });
});

afterAll(async () => {
  await server.listener.stop(5_000);
  expect(server.listener.connections()).toBe(0);
  expect(server.bugs).toEqual([]);
});

const get = (path: string, init?: RequestInit) => fetch(server.url + path, init);
const withToken = (token: string) => ({ headers: { authorization: token } });

describe('a POST without a body, which announces none', () => {
  const post = (contentType: string) =>
    raw(
      server.port,
      'POST /usher.v1.VerifierService/Verify HTTP/1.1\r\nHost: a\r\nConnection: close\r\n' +
        `Content-Type: ${contentType}\r\n\r\n`,
    );
  test.each([
    ['application/json', /^HTTP\/1.1 400 [\s\S]*"invalid_argument"/],
    ['application/proto', /^HTTP\/1.1 200 [\s\S]*application\/proto/],
    ['application/grpc-web+proto', /^HTTP\/1.1 200 [\s\S]*grpc-status: \d+/i],
  ])('%s is answered', async (contentType, answer) => {
    expect(await post(contentType)).toMatch(answer);
  });
});

describe('GET /', () => {
  test('greets a valid token, to the byte', async () => {
    const answer = await get('/', withToken('good'));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toBe('{"message":"Oh, Hello","time":"2024-02-22T03:54:51Z"}');
  });

  test.each(Object.keys(reasons) as Reason[])('refuses with %s', async reason => {
    const init = reason === 'MISSING_CREDENTIALS' ? {} : withToken(reason);
    const answer = await get('/', init);
    const { http, text } = reasons[reason];
    expect(answer.status).toBe(http);
    expect(await answer.text()).toBe(JSON.stringify({ error: text }));
    const challenge = answer.headers.get('www-authenticate');
    if (http >= 429) expect(challenge).toBeNull();
    else expect(challenge).toMatch(/^Bearer realm="usher"/);
    if (http === 403) expect(challenge).toContain('error="insufficient_scope"');
  });

  test('answers 503 in an outage', async () => {
    const answer = await get('/', withToken('down'));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ error: 'the store cannot be reached; ask again' });
  });

  test('answers only "internal error" for a bug', async () => {
    const answer = await get('/', withToken('bug'));
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe('{"error":"internal error"}');
    expect(server.bugs.pop()).toBeInstanceOf(TypeError);
  });

  test('answers HEAD without a body, an empty query like none, and no other method', async () => {
    const head = await get('/', { method: 'HEAD', ...withToken('good') });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await get('/?', withToken('good'))).status).toBe(200);
    const asked = await get('/?scope=b', withToken('good'));
    expect(await asked.json()).toEqual({ error: 'query parameter "scope" is not known' });
    const post = await get('/', { method: 'POST', ...withToken('good') });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('sees a second Authorization header', async () => {
    const two = 'Authorization: good\r\nAuthorization: good\r\n';
    const answer = await raw(
      server.port,
      `GET / HTTP/1.1\r\nHost: a\r\n${two}Connection: close\r\n\r\n`,
    );
    expect(answer).toContain('{"error":"authorization header is malformed"}');
  });
});

describe('other paths', () => {
  test('are not found', async () => {
    for (const path of ['//', '/nothing', '/healthz/', '/usher.v1.VerifierService/Nothing']) {
      const answer = await get(path);
      expect([answer.status, await answer.text()]).toEqual([404, '{"error":"not found"}']);
    }
  });

  test('/healthz and /readyz', async () => {
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    const degraded = [{ what: 'changes', detail: 'refused' }];
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', degraded }]);
    notReady = ['the store does not answer'];
    const answer = await get('/readyz');
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: 'not ready', reasons: ['the store does not answer'] },
    ]);
    expect((await get('/healthz')).status).toBe(200);
    notReady = [];
  });
});

describe('CORS', () => {
  const preflight = {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' },
  };

  test('lets the browser example work from any origin', async () => {
    const asked = await get('/', preflight);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe('*');
    expect(asked.headers.get('access-control-allow-headers')).toContain('Authorization');
    const headers = { origin: 'https://app.example', authorization: 'EXPIRED' };
    const answer = await get('/', { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });

  test('permits only listed origins, and sends Vary', async () => {
    const picky = await startHttp({ corsOrigins: ['https://app.example'] });
    const permission = async (origin: string, init: RequestInit) => {
      const answer = await fetch(picky.url, { ...init, headers: { ...init.headers, origin } });
      expect(answer.headers.get('vary')).toBe('Origin');
      return answer.headers.get('access-control-allow-origin');
    };
    for (const init of [preflight, withToken('good')]) {
      expect(await permission('https://app.example', init)).toBe('https://app.example');
      expect(await permission('https://evil.example', init)).toBeNull();
    }
    await picky.listener.stop(5_000);
  });
});

describe('hostile requests', () => {
  const rpc = 'POST /usher.v1.VerifierService/Hello HTTP/1.1\r\n';
  const json = 'Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}';

  test.each(['[', 'a b', 'a:99999', 'a/b', 'u@h', '[::1', '1.2.3.400', 'a..%', 'x, y', ''])(
    'Host %j is refused',
    async host => {
      const answer = await raw(server.port, `${rpc}Host: ${host}\r\n${json}`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('{"error":"host header is ');
    },
  );

  test.each([
    ['no Host', `${rpc}${json}`],
    ['an empty Host in HTTP/1.0', `${rpc.replace('1.1', '1.0')}Host:\r\n${json}`],
    ['two Hosts', `${rpc}Host: a\r\nHost: b\r\n${json}`],
    ['absolute-form without a Host', `${rpc.replace('/usher', 'http://a/usher')}${json}`],
    ['absolute-form with a user', `${rpc.replace('/usher', 'http://u@a/usher')}Host: a\r\n${json}`],
    ['absolute-form of FTP', `${rpc.replace('/usher', 'ftp://a/usher')}Host: a\r\n${json}`],
    ['absolute-form of nothing', `${rpc.replace('/usher', 'http://[/usher')}Host: a\r\n${json}`],
    ['an asterisk', 'GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['length and chunks', `${rpc}Host: a\r\nTransfer-Encoding: chunked\r\n${json}`],
    ['two lengths', `${rpc}Host: a\r\nContent-Length: 3\r\n${json}`],
  ])('%s is refused', async (_name, bytes) => {
    const answer = await raw(server.port, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/{"error":"[^"]+"}$/);
  });

  test('headers that are too long are refused', async () => {
    const long = `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`;
    const answer = await raw(server.port, long);
    expect(answer).toMatch(/^HTTP\/1\.1 431 .*{"error":"headers are too long"}$/s);
  });

  test.each(['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '])(
    'slow headers are cut off: %j',
    async bytes => {
      const socket = connect(server.port, '127.0.0.1');
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    },
  );

  test.each(['[::1]:80', 'LOCALHOST', 'a.b-c_d:65535', '127.0.0.1'])(
    'Host %s is fine',
    async host => {
      expect(await raw(server.port, `${rpc}Host: ${host}\r\n${json}`)).toMatch(/^HTTP\/1\.1 401 /);
    },
  );
});

test('an answer says how long its connection may idle', async () => {
  const idling = await startHttp({ limits: { connectionIdleMs: 7000 } });
  const agent = new Agent({ keepAlive: true });
  const [answer] = await once(request(idling.url, { agent }).end(), 'response');
  expect(answer.headers['keep-alive']).toBe('timeout=7');
  agent.destroy();
  await idling.listener.stop(0);
});

test('an old connection is closed with its next answer', async () => {
  const aging = await startHttp({ limits: { connectionAgeMs: 1 } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (url: string) => {
    const [answer] = await once(request(url, { agent }).end(), 'response');
    answer.resume();
    await once(answer, 'end');
    return answer.headers.connection;
  };
  while ((await ask(aging.url)) !== 'close');
  expect(await ask(server.url)).toBe('keep-alive');
  agent.destroy();
  await aging.listener.stop(5_000);
});

describe('stop', () => {
  const waiting = async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const started = await startHttp({
      verifier: {
        verify: async () => {
          asked.resolve();
          await gate.promise;
          return granted;
        },
      },
    });
    const answer = fetch(started.url, withToken('good'));
    await asked.promise;
    return { ...started, answer, release: gate.resolve };
  };

  test('lets a request in flight finish and closes silent connections', async () => {
    const { listener, answer, release, port } = await waiting();
    const idle = connect(port, '127.0.0.1');
    idle.on('error', () => {});
    await once(idle, 'connect');
    while (listener.connections() < 2) await new Promise(resolve => setImmediate(resolve));
    const stopped = listener.stop(60_000);
    release();
    expect((await answer).status).toBe(200);
    await stopped;
    expect(listener.connections()).toBe(0);
  });

  test.each([
    ['a new connection', 1],
    ['one that was used before', 2],
  ])('answers a request that is on its way, on %s', async (_, requests) => {
    const { listener, port } = await startHttp();
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', chunk => {
      received += chunk;
    });
    await once(socket, 'connect');
    while (listener.connections() < 1) await new Promise(resolve => setImmediate(resolve));
    const ask = () => socket.write('GET / HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\n\r\n');
    for (let before = 1; before < requests; before++) {
      ask();
      await once(socket, 'data');
    }
    const stopped = listener.stop(60_000);
    ask();
    await once(socket, 'close');
    await stopped;
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(requests);
    expect(received.match(/Connection: close/g)).toHaveLength(1);
  });

  test('is bounded by the grace', async () => {
    const { listener, answer, release } = await waiting();
    const failed = expect(answer).rejects.toThrow();
    await listener.stop(1);
    await failed;
    release();
  });
});
