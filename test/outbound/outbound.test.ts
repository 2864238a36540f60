/** The requests of Usher itself, with real sockets and names that are looked up here. */

import { readFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener } from 'node:http';
import { createServer as createTls } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { OutboundError } from '../../src/outbound/error.ts';
import {
  createOutboundFetch,
  type OutboundInit,
  type OutboundOptions,
} from '../../src/outbound/outbound.ts';
import { readConfig } from '../../src/settings/config.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';

let pems: Certificates;
beforeAll(async () => {
  pems = await makeCertificates();
  pems.write('hooks', await pems.leaf('server', ['hooks.example.com']));
});
afterAll(() => pems.remove());

const allowed = (text: string) => readConfig({ USHER_OUTBOUND_ALLOW: text }).outboundAllow;

/** Names and their addresses; each look-up is noted. */
function names(table: Record<string, string[] | Error>) {
  const asked: string[] = [];
  const resolve = async (name: string) => {
    asked.push(name);
    const found = table[name] ?? new Error('ENOTFOUND');
    if (found instanceof Error) throw found;
    return found;
  };
  return { asked, resolve };
}

function outbound(allow: string, more: Partial<OutboundOptions> = {}) {
  const limits = { timeoutMs: 5000, bytesMax: 10_000 };
  return createOutboundFetch({
    allow: allowed(allow),
    caFile: pems.path('ca.pem'),
    ...limits,
    ...names({ 'hooks.example.com': ['127.0.0.1'] }),
    ...more,
  });
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

function serveTls(listener: RequestListener, name = 'hooks') {
  const [cert, key] = ['', '-key'].map(end => readFileSync(pems.path(`${name}${end}.pem`)));
  return listening(createTls({ cert, key }, listener));
}

async function failure(sent: Promise<unknown>): Promise<OutboundError> {
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OutboundError) return error;
  throw new Error(`not refused: ${error}`);
}

describe('a request', () => {
  test('carries its method, headers and body, and the name as Host and SNI', async () => {
    const seen: unknown[] = [];
    const port = await serveTls(async (request, response) => {
      const body = (await Array.fromAsync(request)).join('');
      const { servername } = request.socket as { servername?: string };
      const { method, url, headers } = request;
      seen.push({ method, url, body, servername, host: headers.host, own: headers['x-own'] });
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end('{"good":true}');
    });
    const { asked, resolve } = names({ 'hooks.example.com': ['127.0.0.1'] });
    const fetch = outbound('127.0.0.0/8', { resolve });
    const answer = await fetch(`https://hooks.example.com:${port}/in?a=b`, {
      method: 'POST',
      headers: { 'x-own': 'yes', host: 'other.example.com' },
      body: new URLSearchParams({ c: 'd e' }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ good: true });
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const host = `hooks.example.com:${port}`;
    const servername = 'hooks.example.com';
    const body = 'c=d+e';
    expect(seen).toEqual([{ method: 'POST', url: '/in?a=b', body, servername, host, own: 'yes' }]);
    expect(asked).toEqual(['hooks.example.com']);
  });

  test.each([204, 304])('may be answered with %i, which has no body', async status => {
    const port = await serveTls((_, response) => response.writeHead(status).end());
    const answer = await outbound('127.0.0.1')(`https://hooks.example.com:${port}/`);
    expect([answer.status, await answer.text()]).toEqual([status, '']);
  });

  test('does not follow a redirect', async () => {
    let calls = 0;
    const port = await serveTls((_, response) => {
      calls += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const answer = await outbound('127.0.0.1')(`https://hooks.example.com:${port}/`);
    expect([answer.status, answer.headers.get('location'), calls]).toEqual([302, '/elsewhere', 1]);
  });

  test('goes to an allowed loopback address over http', async () => {
    const port = await listening(createPlain((_, response) => response.end('plain')));
    const fetch = outbound(`localhost:${port}`, names({ localhost: ['127.0.0.1'] }));
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toBe('plain');
    const bare = outbound('127.0.0.1');
    expect(await (await bare(`http://127.0.0.1:${port}/`)).text()).toBe('plain');
  });

  test('goes to another address of the name when the first does not answer', async () => {
    const port = await serveTls((_, response) => response.end('second'));
    const { resolve } = names({ 'hooks.example.com': ['127.0.0.9', '10.0.0.7', '127.0.0.1'] });
    const answer = await outbound('127.0.0.0/8', { resolve })(`https://hooks.example.com:${port}/`);
    expect(await answer.text()).toBe('second');
  });
});

describe('refused before any connection is made:', () => {
  test.each([
    ['a scheme of files', 'file:///etc/passwd', ''],
    ['no URL', 'hooks', ''],
    ['http to a public address', 'http://8.8.8.8/', '8.8.8.0/24'],
    ['http to a public name', 'http://hooks.example.com/', '127.0.0.1,hooks.example.com'],
    ['a password', 'https://ann:secret@hooks.example.com/', ''],
    ['a name of a loopback address', 'https://hooks.example.com/', ''],
    ['another port than the allowed', 'https://hooks.example.com:444/', 'hooks.example.com:443'],
    ['another name than the allowed', 'https://hooks.example.com/', 'a.hooks.example.com'],
    ['loopback', 'https://127.0.0.1/', ''],
    ['loopback, short', 'https://127.1/', ''],
    ['loopback as a number', 'https://2130706433/', ''],
    ['loopback in hexadecimal', 'https://0x7f.0.0.1/', ''],
    ['loopback, mapped', 'https://[::ffff:127.0.0.1]/', ''],
    ['loopback of IPv6', 'https://[::1]/', '127.0.0.0/8'],
    ['all addresses', 'https://0.0.0.0/', ''],
    ['the metadata service', 'https://169.254.169.254/latest/meta-data', '10.0.0.0/8'],
    ['the metadata service through NAT64', 'https://[64:ff9b::a9fe:a9fe]/', ''],
  ])('%s', async (_, url, allow) => {
    const hooks = url.startsWith('http://') ? ['8.8.8.8'] : ['127.0.0.1'];
    const { resolve } = names({ 'hooks.example.com': hooks });
    const error = await failure(outbound(allow, { resolve })(url));
    expect(error.reason).toBe('refused');
    expect(error.message).not.toMatch(/secret|meta-data|passwd/);
  });

  test('says what to do', async () => {
    const error = await failure(outbound('')('https://hooks.example.com/'));
    expect(error.message).toBe(
      'hooks.example.com leads to an address that is not public (loopback); if Usher may call it, ' +
        'name it in USHER_OUTBOUND_ALLOW',
    );
  });

  test('a name that leads elsewhere when it is looked up again is looked up once', async () => {
    const port = await serveTls((_, response) => response.end('inside'));
    const answers = [['203.0.113.9'], ['127.0.0.1']];
    const resolve = async () => answers.shift() ?? [];
    const fetch = outbound('203.0.113.0/24', { resolve, timeoutMs: 300 });
    const error = await failure(fetch(`https://hooks.example.com:${port}/`));
    expect(['time', 'connection']).toContain(error.reason);
    expect(answers).toEqual([['127.0.0.1']]);
  });
});

describe('fails with a reason:', () => {
  test('a name without an address', async () => {
    const error = await failure(outbound('')('https://missing.example.com/'));
    expect(error.reason).toBe('name');
    const { resolve } = names({ 'empty.example.com': [] });
    expect((await failure(outbound('', { resolve })('https://empty.example.com/'))).reason).toBe(
      'name',
    );
  });

  test('a look-up, a server and a body that hang', async () => {
    const stuck = outbound('', { resolve: () => new Promise(() => {}) });
    const silent = await listening(createTcp(() => {}));
    const half = await serveTls((_, response) => response.writeHead(200).write('a'));
    const fetch = outbound('127.0.0.1');
    const init: OutboundInit = { timeoutMs: 150 };
    const errors = [
      await failure(stuck('https://hooks.example.com/', init)),
      await failure(fetch(`https://hooks.example.com:${silent}/`, init)),
      await failure(fetch(`https://hooks.example.com:${half}/`, init)),
    ];
    expect(errors.map(({ reason }) => reason)).toEqual(['time', 'time', 'time']);
  });

  test('a longer body, which can be cut instead', async () => {
    const port = await serveTls((_, response) => response.end('x'.repeat(200_000)));
    const fetch = outbound('127.0.0.1');
    const url = `https://hooks.example.com:${port}/`;
    expect((await failure(fetch(url))).reason).toBe('answer');
    const cut = await fetch(url, { bytesMax: 10, cutsBody: true });
    expect(await cut.text()).toBe('x'.repeat(10));
  });

  test('a certificate of another name, and one of another authority', async () => {
    const other = await serveTls((_, response) => response.end(), 'server');
    const named = await failure(outbound('127.0.0.1')(`https://hooks.example.com:${other}/`));
    expect(named.message).toMatch(/has a certificate for other names/);
    const port = await serveTls((_, response) => response.end());
    const untrusting = outbound('127.0.0.1', { caFile: undefined });
    const unknown = await failure(untrusting(`https://hooks.example.com:${port}/`));
    expect(unknown.message).toMatch(/authority that is not trusted.*USHER_OUTBOUND_CA_FILE/);
  });

  test('a server that is gone, closes, speaks no HTTP, no TLS, or another protocol', async () => {
    const gone = createTcp();
    const port = await listening(gone);
    await new Promise(resolve => gone.close(resolve));
    const closing = await serveTls(request => request.socket.destroy());
    const noTls = await listening(createPlain());
    const noHttp = await listening(createTcp(socket => socket.end('SSH-2.0-x\r\n')));
    const upgrading = await serveTls((_, response) => {
      response.writeHead(101, { connection: 'upgrade', upgrade: 'other' }).end();
    });
    const fetch = outbound('127.0.0.1,localhost', names({ 'hooks.example.com': ['127.0.0.1'] }));
    const secure = (port: number) => failure(fetch(`https://hooks.example.com:${port}/`));
    expect((await secure(port)).message).toMatch(/refuses connections \(ECONNREFUSED\)/);
    expect((await secure(closing)).reason).toBe('connection');
    expect((await secure(noTls)).message).toMatch(/does not speak TLS at this port/);
    expect((await failure(fetch(`http://127.0.0.1:${noHttp}/`))).reason).toBe('answer');
    expect((await secure(upgrading)).reason).toBe('connection');
  });

  test('a file of authorities that is gone', async () => {
    const fetch = outbound('127.0.0.1', { caFile: '/nowhere/ca.pem' });
    const error = await failure(fetch('https://hooks.example.com/'));
    expect(error.message).toMatch(/^USHER_OUTBOUND_CA_FILE names a file that cannot be read/);
  });

  test('a request that its caller gives up', async () => {
    const port = await listening(createTcp(() => {}));
    const given = new AbortController();
    const fetch = outbound('127.0.0.1');
    const sent = fetch(`https://127.0.0.1:${port}/`, { signal: given.signal });
    given.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    const before = fetch(`https://127.0.0.1:${port}/`, { signal: AbortSignal.abort('early') });
    await expect(before).rejects.toBe('early');
  });
});

test('the proxies of the environment are not used', async () => {
  const port = await serveTls((_, response) => response.end('direct'));
  process.env.HTTPS_PROXY = 'http://127.0.0.1:1';
  process.env.NODE_USE_ENV_PROXY = '1';
  onTestFinished(() => {
    delete process.env.HTTPS_PROXY;
    delete process.env.NODE_USE_ENV_PROXY;
  });
  const answer = await outbound('127.0.0.1')(`https://hooks.example.com:${port}/`);
  expect(await answer.text()).toBe('direct');
});
