/** What a gateway requires, in the query of /forward-auth and in headers: nothing of it may get lost. */

import assert from 'node:assert/strict';
import { validateHeaderValue } from 'node:http';
import { forwardAuthRoute } from '../../../src/transport/doors/forward-auth.ts';
import type { HttpRequest, HttpResponse } from '../../../src/transport/http/message.ts';
import { admitAnyone } from '../../../src/transport/rpc/admission.ts';
import type { Question } from '../../../src/verify/verify.ts';
import { granted } from '../../transport/fakes.ts';
import type { Target } from '../target.ts';

let asked: Question | undefined;
const route = forwardAuthRoute({
  verify: question => {
    asked = question;
    return granted;
  },
  admit: admitAnyone,
  sourceOf: () => '',
});

/** A line with the query, one with the audience and one with the scopes in headers. */
async function play(input: Buffer): Promise<void> {
  const lines = input
    .toString('latin1')
    .replaceAll(/[\0\r]/g, '')
    .split('\n');
  const [query = '', audience = '', scopes = ''] = lines;
  asked = undefined;
  const status = await answerTo(query, audience, scopes);
  const parameters = [...new URLSearchParams(query)];
  const valuesOf = (name: string) =>
    parameters.filter(([each]) => each === name).map(([, value]) => value);
  if (asked === undefined) return assert.equal(status, 403, 'refused in another way');
  assert.equal(status, 200);
  const unknown = parameters.find(([name]) => !['scopes', 'audience', 'flavour'].includes(name));
  assert.equal(unknown, undefined, 'an unknown parameter is ignored');
  const audiences = [...valuesOf('audience'), ...audience.split(', ')].filter(each => each !== '');
  assert(
    audiences.every(each => each === asked?.audience),
    'an audience is lost',
  );
  const wanted = [...valuesOf('scopes'), ...scopes.split(', ')].join(' ').split(' ');
  const lost = wanted.find(each => each !== '' && asked?.requiredScopes?.includes(each) === false);
  assert.equal(lost, undefined, 'a scope is lost');
}

async function answerTo(query: string, audience: string, scopes: string): Promise<number> {
  let status = 0;
  const req = {
    url: `/forward-auth?${query}`,
    headers: {
      ...(audience === '' ? {} : { 'x-usher-audience': audience }),
      ...(scopes === '' ? {} : { 'x-usher-required-scopes': scopes }),
    },
  } as unknown as HttpRequest;
  const res = {
    req,
    writeHead(code: number, headers: string[]) {
      status = code;
      headers.forEach((value, n) => {
        // As node:http does: what is in an answer must be what a header can hold.
        if (n % 2 === 1) validateHeaderValue('x', String(value));
      });
      return this;
    },
    end: () => undefined,
  } as unknown as HttpResponse;
  await route.handle(req, res);
  return status;
}

/** The requirements. */
export const requirementsTarget: Target = {
  name: 'requirements',
  share: 1,
  bytesMax: 3000,
  seeds: [
    'scopes=a+b&audience=api&flavour=nginx',
    'scopes=a&scopes=b%20c\napi\nd, e',
    'scope=a',
    'audience=a&audience=b',
    'flavour=apache',
    '%73copes=a&audience=&',
    `scopes=${'a+'.repeat(70)}`,
    'scopes=%22',
    `audience=${'a'.repeat(600)}`,
    '__proto__=1\n\n,',
    '%f0%9f%98%80=1',
  ].map(text => Buffer.from(text)),
  words: ['scopes=', 'audience=', 'flavour=nginx', '&', '+', '%20', '%', ', ', '\n', 'é', '='].map(
    text => Buffer.from(text),
  ),
  play,
};
