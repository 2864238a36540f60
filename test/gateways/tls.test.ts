/** Every gateway asks Usher over TLS: with a token of its own, with a certificate, and with neither. */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import type { World } from '../transport/parity/case.ts';
import { parityCases } from '../transport/parity/cases.ts';
import { refusalOfBody } from '../transport/parity/gateway-doors.ts';
import { makeWorld } from '../transport/parity/world.ts';
import { refusalBody } from './cases.ts';
import { type Gateway, type GatewayName, gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream, valuesOf } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let own: Certificates;
let other: Certificates;
let token: string;
let callerToken: string;
let world: World;
const gateways: Gateway[] = [];

beforeAll(async () => {
  [own, other, upstream] = await Promise.all([
    makeCertificates(),
    makeCertificates(),
    startUpstream(),
  ]);
  usher = await runServer({
    USHER_TLS_CERT_FILE: own.path('server.pem'),
    USHER_TLS_KEY_FILE: own.path('server-key.pem'),
    USHER_TLS_CLIENT_CA_FILE: own.path('ca.pem'),
    USHER_VERIFY_ACCESS: 'token,mtls',
    USHER_TLS_CLIENT_SANS: 'client.test',
  });
  ({ token } = await makeStatic(usher));
  ({ token: callerToken } = await makeStatic(usher, { scopes: ['usher.verify'] }));
  world = await makeWorld(usher);
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
});
afterAll(async () => {
  await Promise.all([usher.stop(), upstream.stop()]);
  own.remove();
  other.remove();
});

const pem = (name: string, from = own) => readFileSync(from.path(name), 'utf8');

async function start(
  name: GatewayName,
  more: readonly string[],
  files: Record<string, string> = {},
): Promise<Gateway> {
  const { grpc, http } = usher;
  const all = { 'ca.pem': pem('ca.pem'), ...files };
  const gateway = await startGateway(name, {
    ...{ grpc, http, upstream: upstream.address, files: all },
    more: ['--tls-ca', 'ca.pem', ...more],
    // A first handshake can take longer on a busy machine.
    change: text => text.replaceAll('timeout: 0.2s', 'timeout: 5s'),
  });
  gateways.push(gateway);
  upstream.take();
  return gateway;
}

/** What a client gets, and what its service received of the headers that nobody may pass on. */
async function ask({ port }: Gateway, authorization: string, forged?: string) {
  const headers = [
    ['Authorization', authorization],
    ...(forged === undefined ? [] : [['X-Usher-Caller', forged] as const]),
  ] as const;
  const { status, body } = await send(port, { headers });
  const received = upstream.take();
  expect(received.flatMap(each => valuesOf(each, 'x-usher-caller')).join('')).toBe('');
  return { status, body, passed: received.length };
}

const good = { status: 200, body: '{"upstream":true}', passed: 1 };
const bad = { status: 401, body: refusalBody('INVALID_TOKEN'), passed: 0 };
const unknown = { status: 403, body: '{"error":"this gateway is not known to Usher"}', passed: 0 };

/** The file with the gateway's own token, as each gateway reads it. */
const callerFile = (name: GatewayName) =>
  name === 'nginx' ? `proxy_set_header X-Usher-Caller "${callerToken}";\n` : callerToken;

/** One parity case for each kind of verdict; test/gateways/parity.test.ts has all of them, without TLS. */
const cases = [
  'a JWT',
  'exp now',
  'no exp',
  'exp text',
  'nbf in an hour',
  'no header',
  'the scheme alone',
  'a token after Bearer',
  'a word',
  'a revoked token',
  'from another address',
  'no kid',
  'an imported token',
].map(name => parityCases.find(each => each.name === name));

/** Plays them, and returns those with another verdict than expected. */
async function wrongOf({ port }: Gateway): Promise<string[]> {
  const wrong: string[] = [];
  for (const each of cases) {
    if (each === undefined) throw new Error('a parity case has another name now');
    const headers = each.headers(world).map(value => ['Authorization', value] as const);
    const { status, body } = await send(port, { headers });
    const passed = upstream.take().length === 1;
    const outcome = passed && status === 200 ? 'valid' : refusalOfBody(body);
    if (outcome !== each.expected) wrong.push(`${each.name}: ${outcome}`);
  }
  return wrong;
}

const withToken = gatewayNames.filter(name => name !== 'traefik');

describe.each(withToken)('%s with a token of its own', name => {
  test('asks, and a client can neither send nor see the token', async () => {
    const files = { 'caller-token': callerFile(name) };
    const gateway = await start(name, ['--caller-token', 'caller-token'], files);
    expect(await ask(gateway, token)).toEqual(good);
    expect(await ask(gateway, token, 'forged')).toEqual(good);
    expect(await ask(gateway, 'nonsense')).toEqual(bad);
    expect(await ask(gateway, 'nonsense', callerToken)).toEqual(bad);
    expect(await wrongOf(gateway)).toEqual([]);
  });
});

describe.each(gatewayNames)('%s', name => {
  test('shows its certificate', async () => {
    const pair = pem('client.pem') + pem('client-key.pem');
    const key = name === 'haproxy' ? [] : ['--tls-key', 'key.pem'];
    const files = { 'own.pem': pair, 'key.pem': pem('client-key.pem') };
    const gateway = await start(name, ['--tls-cert', 'own.pem', ...key], files);
    expect(await ask(gateway, token)).toEqual(good);
    expect(await ask(gateway, 'nonsense', 'forged')).toEqual(bad);
    expect(await wrongOf(gateway)).toEqual([]);
  });

  test('is not known without either, whatever its client sends', async () => {
    const gateway = await start(name, []);
    expect(await ask(gateway, token)).toEqual(unknown);
    expect(await ask(gateway, token, callerToken)).toEqual(unknown);
    expect(await ask(gateway, callerToken, callerToken)).toEqual(unknown);
  });

  test('asks no server with a certificate of another authority, or for another name', async () => {
    const noVerdict = name === 'traefik' ? 500 : 503;
    const wrong = await start(name, [], { 'ca.pem': pem('ca.pem', other) });
    expect(await ask(wrong, token)).toMatchObject({ status: noVerdict, passed: 0 });
    if (name === 'traefik') return;
    const misnamed = await start(name, ['--tls-name', 'other.test']);
    expect(await ask(misnamed, token)).toMatchObject({ status: noVerdict, passed: 0 });
  });
});
