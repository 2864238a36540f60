/** A gateway that Usher does not know gets nothing through, whatever its client says that it is. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import { required } from './cases.ts';
import { type Gateway, type GatewayName, gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let token: string;
let caller: string;
const gateways = new Map<GatewayName, Gateway>();

beforeAll(async () => {
  [usher, upstream] = await Promise.all([
    runServer({ USHER_VERIFY_ACCESS: 'token' }),
    startUpstream(),
  ]);
  ({ token } = await makeStatic(usher, { scopes: ['orders.read'] }));
  caller = (await makeStatic(usher, { scopes: ['usher.verify'] })).token;
  const { grpc, http } = usher;
  // What fails open passes errors, and this is none.
  const change = (text: string) =>
    text.replace('failure_mode_allow: false', 'failure_mode_allow: true');
  const options = { grpc, http, upstream: upstream.address, ...required, change };
  for (const name of gatewayNames) gateways.set(name, await startGateway(name, options));
  upstream.take();
});

afterAll(async () => {
  await Promise.all([...gateways.values()].map(gateway => gateway.stop()));
  await Promise.all([usher.stop(), upstream.stop()]);
});

const names = ['X-Usher-Caller', 'x-usher-caller', 'X_Usher_Caller', 'X-Usher_Caller'];

describe.each(gatewayNames)('%s', name => {
  test.each(names)('passes no %s of its client on to Usher', async header => {
    const headers = [['Authorization', token] as const, [header, caller] as const];
    const port = gateways.get(name)?.port ?? 0;
    const { status, body } = await send(port, { headers });
    expect(upstream.take()).toEqual([]);
    // Envoy refuses underscores itself.
    if (name.startsWith('envoy') && header.includes('_')) return expect(status).toBe(400);
    expect({ status, body }).toEqual({
      status: 403,
      body: '{"error":"this gateway is not known to Usher"}',
    });
  });
});
