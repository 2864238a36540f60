/** Where a token is used from, as every real gateway tells it by the printed configuration. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import { required } from './cases.ts';
import { type Gateway, gatewayNames, startGateway } from './gateway.ts';
import { send } from './request.ts';
import { makeStatic } from './tokens.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const [friend, stranger, balancer] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
const behind = '198.51.100.7';

const wrong = [403, 'token may not be used from this address'];

let usher: TestServer;
let upstream: Upstream;
let token: string;

beforeAll(async () => {
  usher = await runServer({ USHER_TRUSTED_PROXIES: `127.0.0.1,${balancer}` });
  upstream = await startUpstream();
  const scopes = [required.scope];
  ({ token } = await makeStatic(usher, { scopes, allowedSources: [friend, `${behind}/32`] }));
});
afterAll(async () => {
  await usher.stop();
  await upstream.stop();
});

describe.each(gatewayNames)('%s', name => {
  let gateway: Gateway;
  beforeAll(async () => {
    const { grpc, http } = usher;
    gateway = await startGateway(name, { grpc, http, upstream: upstream.address, ...required });
  });
  afterAll(() => gateway.stop());

  const ask = async (from: string, forwarded: string[] = []) => {
    const lines = forwarded.map(line => ['X-Forwarded-For', line] as const);
    const headers = [['Authorization', `Bearer ${token}`] as const, ...lines];
    const { status, body } = await send(gateway.port, { from, headers });
    return [status, status === 200 ? '' : JSON.parse(body).error];
  };

  // Traefik and Caddy believe a balancer only if their own settings name it.
  const isChain = !['traefik', 'caddy'].includes(name);
  test('a client behind a trusted balancer', async () => {
    expect(await ask(balancer, [behind])).toEqual(isChain ? [200, ''] : wrong);
    expect(await ask(balancer, [`${behind}, 203.0.113.5`])).toEqual(wrong);
  });

  test('a client with an allowed address, and one without', async () => {
    expect(await ask(friend)).toEqual([200, '']);
    expect(await ask(stranger)).toEqual(wrong);
  });

  test.each([
    ['an allowed address', [friend]],
    ['a chain of trusted ones', [`${friend}, 127.0.0.1`]],
    ['several lines', [friend, behind]],
    ['brackets and ports', [`${friend}:80`, `[::ffff:${friend}]:80`]],
    ['"unknown"', [friend, 'unknown']],
    ['an empty one', [friend, '']],
  ])('X-Forwarded-For forged with %s', async (_, forwarded) => {
    expect(await ask(stranger, forwarded)).toEqual(wrong);
  });
});
