/** No gateway lets a request reach the service without a verdict or with a forged identity. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { refusalBody, required } from './cases.ts';
import { type Gateway, type GatewayName, gatewayNames, startGateway } from './gateway.ts';
import { type Sent, send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { type Received, startUpstream, type Upstream } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let token: { id: string; token: string };
const gateways = new Map<GatewayName, Gateway>();

beforeAll(async () => {
  [usher, upstream] = await Promise.all([runServer(), startUpstream()]);
  token = await makeStatic(usher, { scopes: ['orders.read'] });
  const { grpc, http } = usher;
  const options = { grpc, http, upstream: upstream.address, ...required };
  for (const name of gatewayNames) gateways.set(name, await startGateway(name, options));
  upstream.take();
});

afterAll(async () => {
  await Promise.all([...gateways.values()].map(gateway => gateway.stop()));
  await Promise.all([usher.stop(), upstream.stop()]);
});

function portOf(name: GatewayName): number {
  const gateway = gateways.get(name);
  if (!gateway) throw new Error(`${name} does not run`);
  return gateway.port;
}

/** Sends a request: the status, and what arrived. A closed connection counts as a refusal. */
async function probe(name: GatewayName, sent: Sent) {
  const status = await send(portOf(name), sent).then(
    answer => answer.status,
    () => 0,
  );
  return { status, received: upstream.take() };
}

/** Unusual requests. */
const odd: Readonly<Record<string, Sent>> = {
  'dots in the path': { path: '/public/../orders' },
  'escaped dots in the path': { path: '/public/%2e%2e/orders' },
  'an escaped slash': { path: '/public%2f..%2forders' },
  'two slashes': { path: '//orders' },
  "the door's own path": { path: '/forward-auth' },
  "nginx's inner path": { path: '/_usher' },
  "the door's query": { path: '/orders?scopes=&audience=&flavour=nginx' },
  'an absolute target': { path: 'http://127.0.0.1:1/orders' },
  'no Host': { noHost: true },
  'a method of its own': { method: 'PURGE' },
  OPTIONS: { method: 'OPTIONS' },
  'a long header': { headers: [['X-Long', 'a'.repeat(20_000)]] },
  'headers that loosen what is required': {
    headers: [
      ['X-Usher-Required-Scopes', ''],
      ['X-Usher-Audience', ''],
      ['X-Usher-Credential', 'keep'],
      ['X-Forwarded-Uri', '/public'],
      ['X-Original-Uri', '/public'],
      ['X-Forwarded-For', '127.0.0.1'],
    ],
  },
};

describe.each(gatewayNames)('%s', name => {
  test.each(Object.entries(odd))('refuses without a token: %s', async (_, sent) => {
    const { status, received } = await probe(name, sent);
    expect(received).toEqual([]);
    expect(status).not.toBe(200);
  });

  test.each(Object.entries(odd))('identifies the caller, if it passes: %s', async (_, sent) => {
    const headers = [['Authorization', token.token] as const, ...(sent.headers ?? []), ...spoofed];
    const { received } = await probe(name, { ...sent, headers });
    for (const request of received) expect(identityIn(request)).toEqual(own());
  });

  test('passes a plain request with its own identity, whatever its client calls itself', async () => {
    const headers = [['Authorization', token.token] as const, ...spoofed];
    const { status, received } = await probe(name, { headers });
    expect([status, received.map(identityIn)]).toEqual([200, [own()]]);
  });

  test('keeps the identity headers when the client lists them in Connection', async () => {
    const headers = [
      ['Authorization', token.token],
      ['Connection', 'X-Usher-Token-Id, X-Usher-Scopes'],
    ] as const;
    const { received } = await probe(name, { headers });
    expect(received).toHaveLength(1);
    for (const request of received) {
      const names = identityIn(request).map(([identity]) => identity);
      expect(names).toContain('x-usher-token-id');
      expect(names).toContain('x-usher-scopes');
    }
  });

  test('refuses a token from the next request after its revocation', async () => {
    const made = await makeStatic(usher, { scopes: ['orders.read'] });
    const sent: Sent = { headers: [['Authorization', made.token]] };
    expect((await send(portOf(name), sent)).status).toBe(200);
    await adminOf(usher).revoke({ id: made.id, reason: 'test' });
    upstream.take();
    const { status, body } = await send(portOf(name), sent);
    expect({ status, body }).toEqual({ status: 401, body: refusalBody('REVOKED') });
    expect(upstream.take()).toEqual([]);
  });
});

/** What the service may learn of the token of these tests. */
const own = (): [string, string][] => [
  ['x-usher-kind', 'static'],
  ['x-usher-revision', '1'],
  ['x-usher-scopes', 'orders.read'],
  ['x-usher-token-id', token.id],
];

const spoofed: [string, string][] = ['Owner', 'Subject', 'Token-Id'].flatMap(name => [
  [`X-Usher-${name}`, 'evil'],
  [`x-USHER-${name}`, 'evil'],
]);

/**
 * All headers that a service could take for an identity: those with a value, in any letter case.
 */
function identityIn({ rawHeaders }: Received): [string, string][] {
  const pairs = rawHeaders.flatMap((name, at): [string, string][] =>
    at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? '']] : [],
  );
  const names = /^x-usher-(token-id|kind|owner|subject|scopes|revision)$/;
  return pairs.filter(([name, value]) => names.test(name) && value !== '').sort();
}

describe.each(gatewayNames)('%s', name => {
  test.each([
    ...['X_Usher_Owner', 'X-Usher_Owner', 'x_usher-owner', 'X_USHER_TOKEN-ID'],
    ...['X-Usher-Caller', 'x-usher-caller', 'X_Usher_Caller', 'X-Usher_Caller'],
  ])('drops %s', async header => {
    const headers = [
      ['Authorization', token.token],
      [header, 'evil'],
    ] as const;
    const { received } = await probe(name, { headers });
    expect(received.flatMap(({ rawHeaders }) => rawHeaders)).not.toContain('evil');
  });
});

describe('with Usher gone', () => {
  beforeAll(() => usher.stop());

  test.each(gatewayNames)('%s refuses', async name => {
    const { status, received } = await probe(name, { headers: [['Authorization', token.token]] });
    expect(received).toEqual([]);
    // Traefik has no other answer when Usher cannot be reached.
    expect(status).toBe(name === 'traefik' ? 500 : 503);
  });
});
