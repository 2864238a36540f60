/** Envoy without a verdict: only then, the operator's setting decides whether a request passes. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../server/run-server.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { until } from '../until.ts';
import { refusalBody, required } from './cases.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type Sent, send } from './request.ts';
import { makeJwt, makeStatic } from './tokens.ts';
import { startUpstream, type Upstream, valuesOf } from './upstream.ts';

let redis: RedisServer;
let usher: TestServer;
let upstream: Upstream;
const authorized = (value: string): Sent => ({ headers: [['Authorization', value]] });

beforeAll(async () => {
  redis = await startRedis({ persistent: true });
  upstream = await startUpstream();
  usher = await runServer({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    // Cached verdicts must not hide that the store is down.
    USHER_STALE_MAX_MS: '0',
  });
});

afterAll(async () => {
  await usher.stop();
  await Promise.all([redis.stop(), upstream.stop()]);
});

const doors = ['envoy', 'envoy-http'] as const;
const choices = doors.flatMap(door => [false, true].map(open => ({ door, open })));

describe.each(choices)('$door with failure_mode_allow: $open', ({ door, open }) => {
  let gateway: Gateway;
  let token: string;
  /** Tokens that were never used before, so that no cache can answer. */
  let unseen: string[];
  let withoutKid: string;

  beforeAll(async () => {
    const { grpc, http } = usher;
    const change = (text: string) =>
      text.replace('failure_mode_allow: false', `failure_mode_allow: ${open}`);
    const options = { grpc, http, upstream: upstream.address, ...required, change };
    gateway = await startGateway(door, options);
    const made = [1, 2, 3].map(() => makeStatic(usher, { scopes: ['orders.read'] }));
    [token = '', ...unseen] = (await Promise.all(made)).map(each => each.token);
    withoutKid = `Bearer ${await (await makeJwt(usher)).sign({ exp: 4_102_444_800 }, {})}`;
  });
  afterAll(() => gateway.stop());

  const ask = (sent: Sent) => {
    upstream.take();
    return send(gateway.port, sent);
  };
  const isGood = async () => {
    await ask(authorized(token));
    return upstream.take().some(request => valuesOf(request, 'x-usher-token-id').length > 0);
  };
  const unknown = async () => {
    const sent = [
      ['Authorization', unseen.pop() ?? ''] as const,
      ['X-Usher-Token-Id', 'evil'] as const,
    ];
    const { status } = await ask({ headers: sent });
    const received = upstream.take();
    if (open) {
      // Let in by the operator's setting, without an identity.
      expect(status).toBe(200);
      expect(received.map(each => valuesOf(each, 'x-usher-token-id'))).toEqual([[]]);
    } else {
      expect([status, received]).toEqual([503, []]);
    }
  };
  const refused = async () => {
    // No token of this form was ever imported, so no read of the store is needed.
    const { status, body } = await ask(authorized('ush_nonsense'));
    expect([status, body]).toEqual([401, refusalBody('INVALID_TOKEN')]);
    expect(upstream.take()).toEqual([]);
  };

  test('a store that dies and comes back', async () => {
    expect(await isGood()).toBe(true);
    await redis.kill();
    await unknown();
    // Refusals that need no store are still refusals.
    await refused();
    await redis.restart();
    await until(isGood);
  });

  test('a store slower than the timeout of Envoy', async () => {
    expect(await isGood()).toBe(true);
    redis.pause();
    await unknown();
    await refused();
    redis.resume();
    await until(isGood);
  });

  test('a JWT without kid is a refusal, not an error', async () => {
    const { status, body } = await ask(authorized(withoutKid));
    expect([status, body]).toEqual([door === 'envoy' ? 500 : 401, refusalBody('JWT_MISSING_KID')]);
    expect(upstream.take()).toEqual([]);
  });
});
