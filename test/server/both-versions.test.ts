/** The doors of the HTTP port: a request has the same answer over HTTP/1.1 and over HTTP/2. */

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { ownEngine } from '../engine.ts';
import { askH2 } from '../transport/http/http2.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let token = '';
beforeAll(async () => {
  server = await runServer(ownEngine);
  const scopes = ['a', 'usher.introspect'];
  token = (await adminOf(server).create({ kind: Kind.STATIC, name: 'both', scopes })).token;
});
afterAll(() => server.stop());

type Headers = (readonly [name: string, value: string])[];
interface Sent {
  method?: string;
  headers: Headers;
  body?: string;
}

async function overHttp1(path: string, { method = 'GET', headers, body = '' }: Sent) {
  const [host = '', port] = server.http.split(':');
  const socket = connect(Number(port), host);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
  socket.write(`${head}${length}${lines.join('')}\r\n${body}`, 'latin1');
  const [top = '', content] = (await text(socket)).split('\r\n\r\n');
  const [first = '', ...rest] = top.split('\r\n');
  const own = rest.filter(line => /^x-usher|^www-auth/i.test(line)).map(line => line.toLowerCase());
  return [Number(first.split(' ')[1]), own.sort(), content];
}

async function overHttp2(path: string, { body, ...sent }: Sent) {
  const port = Number(server.http.split(':')[1]);
  const answer = await askH2(port, path, { ...sent, ...(body === undefined ? {} : { body }) });
  const own = Object.entries(answer.headers)
    .filter(([name]) => /^x-usher|^www-auth/.test(name))
    .map(([name, value]) => `${name}: ${value}`.toLowerCase());
  return [answer.status, own.sort(), answer.body];
}

const form = 'application/x-www-form-urlencoded';
const cases: [name: string, path: string, sent: () => Sent, status: number][] = [
  ['a token', '/forward-auth', () => ({ headers: [auth()] }), 200],
  ['blanks around it', '/forward-auth', () => ({ headers: [auth(' \t', '\t ')] }), 200],
  ['two of them', '/forward-auth', () => ({ headers: [auth(), auth()] }), 401],
  [
    'one and an empty one',
    '/forward-auth',
    () => ({ headers: [auth(), ['authorization', '']] }),
    401,
  ],
  [
    'a blank requirement',
    '/ext-authz/x',
    () => ({ headers: [auth(), ['x-usher-audience', ' ']] }),
    200,
  ],
  [
    'a requirement in two fields',
    '/ext-authz/x',
    () => ({
      headers: [auth(), ['x-usher-required-scopes', 'a'], ['x-usher-required-scopes', 'b']],
    }),
    403,
  ],
  [
    'blanks around a word',
    '/ext-authz/x',
    () => ({ headers: [auth(), ['x-usher-credential', ' remove ']] }),
    200,
  ],
  [
    'blanks around a content type',
    '/oauth2/introspect',
    () => ({
      method: 'POST',
      headers: [auth(), ['content-type', ` ${form} `]],
      body: `token=${token}`,
    }),
    200,
  ],
  [
    'two content types',
    '/oauth2/introspect',
    () => ({
      method: 'POST',
      headers: [auth(), ['content-type', form], ['content-type', form]],
      body: 'token=x',
    }),
    400,
  ],
];

function auth(before = '', after = ''): readonly [string, string] {
  return ['authorization', `${before}Bearer ${token}${after}`];
}

test.each(cases)('%s at %s', async (_, path, sent, status) => {
  const http1 = await overHttp1(path, sent());
  expect(http1[0]).toBe(status);
  expect(await overHttp2(path, sent())).toEqual(http1);
});
