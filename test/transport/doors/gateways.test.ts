/** /ext-authz and /forward-auth on a real listener: what a gateway receives. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { extAuthzHttpRoute } from '../../../src/transport/doors/envoy-http.ts';
import { forwardAuthRoute } from '../../../src/transport/doors/forward-auth.ts';
import { createHttpListener } from '../../../src/transport/http/listener.ts';
import { admitAnyone } from '../../../src/transport/rpc/admission.ts';
import type { Listener } from '../../../src/transport/rpc/listener.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import type { Question } from '../../../src/verify/verify.ts';
import { type Sent, send } from '../../gateways/request.ts';
import { defaultLimits } from '../../limits.ts';
import { granted, verify } from '../fakes.ts';

let listener: Listener;
let port: number;
let asked: Question | undefined;
const bugs: unknown[] = [];

beforeAll(async () => {
  const deps = {
    verify: (question: Question) => {
      asked = question;
      return verify(question);
    },
    sourceOf: () => '',
    admit: admitAnyone,
  };
  listener = createHttpListener({
    routes: [extAuthzHttpRoute(deps), forwardAuthRoute(deps)],
    limits: defaultLimits.http,
    corsOrigins: [],
    onBug: error => bugs.push(error),
  });
  ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(() => listener.stop(0));

const ask = (path: string, authorization: string, headers: Sent['headers'] = [], method = 'GET') =>
  send(port, { path, method, headers: [['Authorization', authorization], ...headers] });

const doors = ['/ext-authz/orders?day=1', '/forward-auth', '/forward-auth?flavour=nginx'] as const;

test.each(doors)('%s answers every refusal, with its real status in a header', async path => {
  for (const reason of Object.keys(reasons) as Reason[]) {
    const { http, text } = reasons[reason];
    const { status, body, headers } = await ask(path, reason);
    expect(body).toBe(JSON.stringify({ error: text }));
    expect(headers['x-usher-status']).toBe(String(http));
    expect(headers['x-usher-error']).toBe(text);
    const fit = { '/forward-auth': 500, '/forward-auth?flavour=nginx': 403 }[path as string] ?? 401;
    const isForNginx = path.endsWith('nginx');
    expect(status).toBe(http === 500 ? fit : http === 429 && isForNginx ? 403 : http);
    expect(headers['www-authenticate'] !== undefined).toBe(http < 429);
  }
});

test.each(doors)('%s answers an outage and a bug with errors', async path => {
  const { status, headers } = await ask(path, 'down');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect((await ask(path, 'bug')).status).toBe(500);
  expect(bugs.splice(0)).toHaveLength(1);
});

test('the challenge of a missing scope names it', async () => {
  const { headers } = await ask('/forward-auth?scopes=a%20b', 'INSUFFICIENT_SCOPE');
  expect(headers['www-authenticate']).toContain('error="insufficient_scope"');
  expect(headers['www-authenticate']).toContain('scope="a b"');
});

test('/forward-auth answers with every identity header, empty ones too', async () => {
  const { status, headers } = await ask('/forward-auth', 'good');
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'x-usher-token-id': granted.identity.tokenId,
    'x-usher-kind': 'jwt',
    'x-usher-owner': 'shop',
    'x-usher-subject': 'u1',
    'x-usher-scopes': 'orders.read',
    'x-usher-revision': '7',
  });
});

test('/ext-authz accepts every method and path, and names the headers for Envoy to remove', async () => {
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'PURGE']) {
    const remove = [['x-usher-credential', 'remove']] as const;
    const { status, headers } = await ask('/ext-authz/../a?b', 'good', remove, method);
    expect([status, headers['x-envoy-auth-headers-to-remove']]).toEqual([200, 'authorization']);
  }
  const { headers } = await ask('/ext-authz/a', 'good');
  expect(headers['x-envoy-auth-headers-to-remove']).toBeUndefined();
});

test('requirements of query and headers add up', async () => {
  await ask('/forward-auth?scopes=a+b&audience=x', 'good', [
    ['X-Usher-Required-Scopes', 'c'],
    ['X-Usher-Required-Scopes', 'd e'],
    ['X-Usher-Audience', 'x'],
  ]);
  expect(asked).toEqual({
    header: 'good',
    audience: 'x',
    requiredScopes: ['a', 'b', 'c', 'd', 'e'],
    source: '',
  });
});

test("/ext-authz reads nothing of the client's own query", async () => {
  await ask('/ext-authz/orders?scopes=a&audience=x', 'good', [['X-Usher-Audience', 'y']]);
  expect(asked).toEqual({ header: 'good', audience: 'y', requiredScopes: [], source: '' });
});

test.each([
  ['/forward-auth?scope=a'],
  ['/forward-auth?flavour=apache'],
  ['/forward-auth?scopes=a%22b'],
  ['/forward-auth?audience=x&audience=y'],
  [`/forward-auth?audience=${'x'.repeat(257)}`],
  [`/forward-auth?scopes=${'a+'.repeat(65)}`],
])('what cannot be read as a requirement refuses: %s', async path => {
  const { status, body } = await ask(path, 'good');
  expect(status).toBe(403);
  expect(body).toContain("the gateway's configuration is wrong");
});

test.each([
  ['/forward-auth?scope=a', 'query parameter "scope" is not known; did you mean scopes?'],
  ['/forward-auth?flavor=nginx', 'query parameter "flavor" is not known; did you mean flavour?'],
  ['/forward-auth?zzz=hunter2', 'query parameter "zzz" is not known"'],
  [`/forward-auth?ush_${'a'.repeat(72)}`, 'wrong: a query parameter is not known"'],
])('a parameter that is not known is named, and its value is not: %s', async (path, words) => {
  const { body } = await ask(path, 'good');
  expect(JSON.stringify(body).replaceAll('\\', '')).toContain(words);
  expect(body).not.toContain('hunter2');
});

test.each(['%E2%82%AC', '%7F', 'sc%C3%B6pe', '%F0%9F%92%A9', '%0D%0Ax', '%00', '%ED%A0%80'])(
  'a parameter with a character that no header holds is refused, too: %s',
  async name => {
    const { status, body, headers } = await ask(`/forward-auth?${name}=1`, 'good');
    expect(status).toBe(403);
    const told = String(headers['x-usher-error']);
    expect(told).toMatch(/^[ -~]+$/);
    expect(JSON.parse(`"${told}"`)).toBe(JSON.parse(String(body)).error);
  },
);

test('/ext-authz refuses a credential that is neither kept nor removed', async () => {
  const { status, body } = await ask('/ext-authz/a', 'good', [['x-usher-credential', 'removed']]);
  expect([status, body]).toEqual([403, expect.stringContaining('neither keep nor remove')]);
});

test('two audiences, by query and header, refuse', async () => {
  const { status } = await ask('/forward-auth?audience=x', 'good', [['X-Usher-Audience', 'y']]);
  expect(status).toBe(403);
});
