/** The parity cases of all doors, through every real gateway in front of a service. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import type { World } from '../transport/parity/case.ts';
import { parityCases } from '../transport/parity/cases.ts';
import { refusalOfBody } from '../transport/parity/gateway-doors.ts';
import { makeWorld } from '../transport/parity/world.ts';
import { type Gateway, gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { startUpstream, type Upstream } from './upstream.ts';

let usher: TestServer;
let upstream: Upstream;
let world: World;

beforeAll(async () => {
  [usher, upstream] = await Promise.all([runServer(), startUpstream()]);
  world = await makeWorld(usher);
});
afterAll(() => Promise.all([usher.stop(), upstream.stop()]));

/** Without requirements: a gateway has the same for all requests, and other cases test that. */
const cases = parityCases.filter(({ audience, scopes }) => !audience && !scopes);

describe.each(gatewayNames)('%s', name => {
  let gateway: Gateway;

  beforeAll(async () => {
    const { grpc, http } = usher;
    gateway = await startGateway(name, { grpc, http, upstream: upstream.address });
    upstream.take();
  });
  afterAll(() => gateway.stop());

  test(`gives the expected verdict in ${cases.length} cases`, async () => {
    const outcomes: Record<string, string> = {};
    for (const each of cases) {
      const headers = each.headers(world).map(value => ['Authorization', value] as const);
      const { status, body } = await send(gateway.port, { headers });
      const passed = upstream.take().length === 1;
      if (passed !== (status === 200)) throw new Error(`${each.name}: ${status}`);
      if (passed) outcomes[each.name] = 'valid';
      // The gateway itself refuses a malformed header before it asks Usher.
      else if (status === 400 && each.expected === 'MALFORMED_CREDENTIALS') continue;
      else outcomes[each.name] = refusalOfBody(body);
    }
    const expected = cases.filter(each => each.name in outcomes);
    expect(expected.length).toBeGreaterThan(cases.length - 10);
    expect(outcomes).toEqual(Object.fromEntries(expected.map(each => [each.name, each.expected])));
  });
});
