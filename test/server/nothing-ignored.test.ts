/**
 * Nothing that a caller asks for is ignored: every member of every rpc, read from the descriptors, and every
 * route's query. A new rpc or route is checked here by itself.
 */

import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { afterAll, expect, test, vi } from 'vitest';
import type { HttpDeps } from '../../src/transport/http/listener.ts';

/** The routes of each listener, in the order in which the server makes them. */
const served: HttpDeps['routes'][] = [];
// Test files share their modules, so the ones of other files must not be used here, nor these there.
vi.resetModules();
vi.doMock(import('../../src/transport/http/listener.ts'), async original => {
  const { createHttpListener } = await original();
  return {
    createHttpListener: deps => {
      served.push(deps.routes);
      return createHttpListener(deps);
    },
  };
});
const { runServer } = await import('./run-server.ts');
const server = await runServer();
afterAll(async () => {
  await server.stop();
  vi.doUnmock('../../src/transport/http/listener.ts');
  vi.resetModules();
  expect(server.logged.filter(line => line.includes('internal error'))).toEqual([]);
});

const strange = 'zzz_unknown';

/** JSON that has one strange member, and the place that the refusal must name. */
interface Wrong {
  json: unknown;
  place: string;
}

/** A wrong JSON for each message that a message holds, itself included, and for each enum. */
function wrongsOf(desc: DescMessage): Wrong[] {
  const wrongs: Wrong[] = [{ json: { [strange]: 1 }, place: strange }];
  for (const field of desc.fields) {
    const isList = field.fieldKind === 'list';
    const inner: Wrong[] = [];
    const { message } = field;
    if (message !== undefined && !message.typeName.startsWith('google.protobuf.')) {
      inner.push(...wrongsOf(message).map(({ json, place }) => ({ json, place: `.${place}` })));
    }
    if (field.enum !== undefined) inner.push({ json: strange, place: '' });
    wrongs.push(
      ...inner.map(({ json, place }) => ({
        json: { [field.jsonName]: isList ? [json] : json },
        place: `${field.jsonName}${isList ? '[0]' : ''}${place}`,
      })),
    );
  }
  return wrongs;
}

const prefixed = (message: Buffer, flags: number) => {
  const prefix = Buffer.from([flags, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const plain = (json: string) => Buffer.from(json);

/** The ways in which JSON arrives: the headers, and how a message is written. */
const unaryWays: [Record<string, string>, (json: string) => Buffer][] = [
  [{ 'content-type': 'application/json' }, plain],
  [{ 'content-type': 'application/json', 'content-encoding': 'gzip' }, gzipSync],
];
const prefixedWays = (type: string, encoding: string): typeof unaryWays => [
  [{ 'content-type': type }, json => prefixed(plain(json), 0)],
  [{ 'content-type': type, [encoding]: 'gzip' }, json => prefixed(gzipSync(json), 1)],
];
const grpcWebWays = prefixedWays('application/grpc-web+json', 'grpc-encoding');
const streamWays = prefixedWays('application/connect+json', 'connect-content-encoding');

/** All services of Usher, from the generated code. */
const generated = globSync('src/gen/usher/v1/*_pb.ts').map(path => resolve(path));
const services = (await Promise.all(generated.map(path => import(path))))
  .flatMap(module => Object.values(module as Record<string, Partial<DescService>>))
  .filter((each): each is DescService => each.kind === 'service');
const methods = services.flatMap(service => service.methods);
const pathOf = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;

/** The rpcs of both listeners, which came up in this order. */
const rpcs = (['http', 'manager'] as const).flatMap((listener, at) => {
  const paths = (served[at] ?? []).map(({ path }) => path);
  const there = methods.filter(method => paths.includes(pathOf(method)));
  return there.map(method => [listener, method.name, method] as const);
});

test('every rpc is served', () => {
  expect(services.length).toBeGreaterThan(2);
  const missing = methods.filter(method => !rpcs.some(([, , each]) => each === method));
  expect(missing.map(pathOf)).toEqual([]);
});

function urlOf(listener: 'http' | 'manager', method: DescMethod): string {
  return `http://${server[listener]}${pathOf(method)}`;
}

test.each(rpcs)(
  'on the %s listener %s names the member that it does not know',
  async (listener, _, method) => {
    const url = urlOf(listener, method);
    if (method.methodKind === 'bidi_streaming') {
      const { status } = await fetch(url, { method: 'POST', headers: unaryWays[0]?.[0] ?? {} });
      return expect(status).toBe(505);
    }
    const ways = method.methodKind === 'unary' ? unaryWays : streamWays;
    for (const { json, place } of wrongsOf(method.input)) {
      for (const [headers, write] of [...ways, ...grpcWebWays]) {
        const body = new Uint8Array(write(JSON.stringify(json)));
        const answer = await fetch(url, { method: 'POST', headers, body });
        const told = `${answer.headers.get('grpc-message') ?? ''}${await answer.text()}`;
        expect(decodeURIComponent(told)).toMatch(`${place}: is not `);
      }
    }
  },
);

test.each(rpcs)(
  'on the %s listener %s takes no query, and no message from one',
  async (listener, _, method) => {
    const url = urlOf(listener, method);
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(`${url}?${strange}=1`, { method: 'POST', headers, body: '{}' });
    expect(posted.status).toBe(400);
    expect(await posted.json()).toEqual({
      code: 'invalid_argument',
      message: `query parameter "${strange}" is not known`,
    });
    const got = await fetch(`${url}?encoding=json&message=${encodeURIComponent('{"zzz":1}')}`);
    expect(got.status).toBe(405);
  },
);

/** The query behind these prefixes is not Usher's: a client's own, and that of a page. */
const others = ['/ext-authz/', '/'];

test('no route ignores a query', async () => {
  const [http = [], manager = []] = served;
  const all = [
    ...http.map(route => ({ route, at: server.http })),
    ...manager.map(route => ({ route, at: server.manager })),
  ];
  expect(all.length).toBeGreaterThan(30);
  expect(all.filter(({ route }) => route.prefix).map(({ route }) => route.path)).toEqual(others);
  for (const { route, at } of all) {
    if (route.prefix) continue;
    const method = route.methods === 'any' ? 'GET' : route.methods[0];
    const known =
      route.query === 'any' ? '' : (route.query ?? []).map(name => `${name}=&`).join('');
    const url = `http://${at}${route.path}?${known}${strange}=1`;
    const answer = await fetch(url, { method: method ?? 'GET' });
    expect([route.path, answer.status, await answer.text()]).toEqual([
      route.path,
      route.path === '/forward-auth' ? 403 : 400,
      expect.stringContaining(strange),
    ]);
  }
});

test.each(['/session', '/status'])('%s takes no query', async path => {
  const answer = await fetch(`http://${server.manager}${path}?${strange}=1`);
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { error: `query parameter "${strange}" is not known` },
  ]);
});

test.each([
  ['{"token":"a","tokn":"b"}', 'tokn: is not known; '],
  ['{"token":"a","token":"b"}', 'send {"token":"…"} or {"code":"…"}'],
])('a sign-in with %s is refused', async (body, words) => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://${server.manager}/session`, { method: 'POST', headers, body });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining(JSON.stringify(words).slice(1, -1)),
  ]);
});
