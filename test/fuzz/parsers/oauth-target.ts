/** Introspection: the form, and the client's credentials in it or in the header. */

import assert from 'node:assert/strict';
import type { Authenticate } from '../../../src/tokens/caller.ts';
import { oauthRoute } from '../../../src/transport/doors/oauth.ts';
import type { HttpRequest, HttpResponse } from '../../../src/transport/http/message.ts';
import { defaultLimits } from '../../limits.ts';
import type { Target } from '../target.ts';

const formBytesMax = defaultLimits.http.formBytesMax;
const id = '0199a0de-0000-7000-8000-00000000000b';
const secret = 'a+token/with%signs';

/** What the route saw of the last request. */
const seen: { header?: string; form?: ReadonlyMap<string, string> } = {};
const authenticate: Authenticate = async header => {
  seen.header = header;
  if (header === '') return { reason: 'MISSING_CREDENTIALS' };
  if (header !== `Bearer ${secret}`) return { reason: 'INVALID_TOKEN' };
  return { actor: id, name: '', peer: '', scopes: ['usher.introspect'] };
};
const route = oauthRoute(
  {
    path: '/oauth2/introspect',
    scope: 'usher.introspect',
    async handle(_token, form) {
      seen.form = form;
      return { active: true };
    },
  },
  {
    authenticate,
    sums: { refused: async () => undefined },
    addressOf: () => '203.0.113.9',
    limits: { formBytesMax },
    guard: { requests: { add() {}, end() {} } as never, requestRefused() {} },
  },
);

/** A line with the Authorization header, then the body. */
async function play(input: Buffer): Promise<void> {
  const end = input.indexOf('\n');
  const header = input
    .subarray(0, Math.max(0, end))
    .toString('latin1')
    .replaceAll(/[\0\r]/g, '');
  const body = input.subarray(end + 1);
  delete seen.header;
  delete seen.form;
  const { status, answer } = await ask(header, body);
  assert([200, 400, 401, 403].includes(status), `status ${status}`);
  if (status !== 200) return assert.match(String(answer.error), /^[a-z_]+$/);
  checkClient(header.replace(/^[ \t]+|[ \t]+$/g, ''));
  checkForm(body.toString('latin1'));
}

/** Whoever gets an answer has given the token, alone or behind its own id. */
function checkClient(header: string): void {
  if (header === `Bearer ${secret}`) return;
  assert.match(header, /^basic /i, 'no credentials');
  const text = atob(header.replace(/^basic +/i, '').replace(/=+$/, ''));
  const given = text.slice(text.indexOf(':') + 1);
  assert([given, percentDecoded(given)].includes(secret), 'another secret');
  const name = text.slice(0, text.indexOf(':'));
  assert(
    [name, percentDecoded(name)].some(each => each.toLowerCase() === id),
    'another client',
  );
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A form that is taken is read as the standard of URLs reads it, and repeats nothing. */
function checkForm(body: string): void {
  // A first "?" would be left out.
  const pairs = [...new URLSearchParams(`?${body}`)];
  assert.equal(new Set(pairs.map(([name]) => name)).size, pairs.length, 'a repeated parameter');
  // Empty pairs between two "&" are none by that standard.
  const read = [...(seen.form ?? [])].filter(([name, value]) => name !== '' || value !== '');
  assert.deepEqual(
    read,
    pairs.filter(([name, value]) => name !== '' || value !== ''),
    'read differently',
  );
}

async function ask(header: string, body: Buffer) {
  const result = { status: 0, answer: {} as Record<string, unknown> };
  const req = {
    method: 'POST',
    httpVersion: '1.1',
    headers: {
      ...(header === '' ? {} : { authorization: header }),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    },
    socket: {},
    complete: true,
    readableEnded: false,
    async *iterator() {
      yield body.subarray(0, 3);
      yield body.subarray(3);
    },
  } as unknown as HttpRequest;
  const res = {
    req,
    once: () => undefined,
    writeHead(status: number) {
      result.status = status;
      return this;
    },
    end(text: string | Uint8Array = '{}') {
      result.answer = JSON.parse(String(text));
    },
  } as unknown as HttpResponse;
  await route.handle(req, res);
  return result;
}

const basic = (name: string, token: string) =>
  `Basic ${Buffer.from(`${name}:${token}`).toString('base64')}`;
const seed = (header: string, body: string) => Buffer.from(`${header}\n${body}`, 'latin1');

/** The requests. */
export const oauthTarget: Target = {
  name: 'oauth',
  share: 1,
  bytesMax: formBytesMax + 200,
  seeds: [
    seed(`Bearer ${secret}`, 'token=x&token_type_hint=access_token'),
    seed(basic(id, secret), 'token=a%2Bb+c'),
    seed(basic(encodeURIComponent(id), encodeURIComponent(secret)), 'token=x&scope=a+b'),
    seed(basic('other', secret), 'token=x'),
    seed(basic(id, ''), 'token=x'),
    seed('', 'token=x'),
    seed(`Bearer ${secret}`, 'token=%ff&token=2'),
    seed(`Bearer ${secret}`, 'tokn=x&token=y&scopes=z'),
    seed(`Bearer ${secret}`, 'token=%f0%9f%98%80&a=b&&c'),
    seed(`Bearer ${secret}`, 'a=1&a=2&token=x'),
  ],
  words: [
    ...['token=', 'scope=', '&', '=', '+', '%', '%2B', '%26', '%c3%a9', 'token', '\n'],
    ...['Basic ', 'Bearer ', secret, basic(id, secret), basic(id.toUpperCase(), secret)],
  ].map(text => Buffer.from(text)),
  play,
};
