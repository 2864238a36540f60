/**
 * The SDK against real servers: revocations take effect, and without the feed the cache expires.
 */

import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { connectByGrpc } from '../../src/client/grpc-link.ts';
import { createUsher, UsherUnavailable } from '../../src/client/node.ts';
import { createUsherOn, type Usher } from '../../src/client/usher.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { startRedis } from '../store/redis/server.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';
import { startUsherProcess } from './usher-process.ts';

const started: (() => unknown)[] = [];
const ending = <T>(thing: T, end: (thing: T) => unknown): T => {
  started.push(() => end(thing));
  return thing;
};
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

const soon = <T>(look: () => T | Promise<T>) => vi.waitFor(look, { interval: 5, timeout: 20_000 });
const closing = (usher: Usher) => ending(usher, ({ close }) => close());
const makeToken = async (server: Pick<TestServer, 'manager' | 'adminToken'>) => {
  const made = await adminOf(server).create({ kind: Kind.STATIC, name: 'a', owner: 'shop' });
  return { token: made.token, id: made.accessToken?.id ?? '' };
};
/** Verifies until the verdict is cached, which needs a watch. */
const keep = (usher: Usher, token: string) =>
  soon(async () => {
    expect(await usher.verify(token)).toMatchObject({ valid: true, identity: { owner: 'shop' } });
    expect(usher.cached(token)).toBeDefined();
  });

describe.each(['grpc', 'connect'] as const)('over %s', transport => {
  test('a revocation takes effect in the cache as soon as it arrives', async () => {
    const server = ending(await runServer(), each => each.stop());
    const address = transport === 'grpc' ? server.grpc : server.http;
    const usher = closing(createUsher({ addresses: [address], transport }));
    const { token, id } = await makeToken(server);
    await usher.ready();
    await keep(usher, token);
    await adminOf(server).revoke({ id });
    await soon(() => expect(usher.cached(token)).toBeUndefined());
    expect(usher.isWatching()).toBe(true);
    expect(await usher.verify(token)).toMatchObject({ valid: false, reason: 'REVOKED' });
    expect(usher.cached(token)).toMatchObject({ reason: 'REVOKED' });
  });

  test('the SDK gives the same verdicts as the server', async () => {
    const server = ending(await runServer(), each => each.stop());
    const address = transport === 'grpc' ? server.grpc : server.http;
    const usher = closing(createUsher({ addresses: [address], transport }));
    const { token } = await makeToken(server);
    expect(await usher.verify(undefined)).toMatchObject({
      reason: 'MISSING_CREDENTIALS',
      message: 'authorization header is missing',
      httpStatus: 401,
    });
    expect(await usher.verify('Basic abc')).toMatchObject({ reason: 'MALFORMED_CREDENTIALS' });
    expect(await usher.verify('garbage')).toMatchObject({ reason: 'INVALID_TOKEN' });
    expect(await usher.verify(token, { scopes: ['orders.read'] })).toMatchObject({
      reason: 'INSUFFICIENT_SCOPE',
      httpStatus: 403,
      identity: { owner: 'shop' },
    });
  });
});

describe.each(['kill', 'pause'] as const)('a server that is gone by %s', how => {
  test('still gives cached verdicts until the lease expires, then none', async () => {
    const server = ending(await startUsherProcess({ USHER_LEASE_MS: '60000' }), each =>
      each.remove(),
    );
    let aheadMs = 0;
    const usher = closing(
      createUsherOn({
        addresses: [server.grpc],
        connect: connectByGrpc,
        deadlineMs: 300,
        clock: () => performance.now() + aheadMs,
      }),
    );
    const { token } = await makeToken(server);
    await usher.ready();
    await keep(usher, token);
    await server[how]();
    expect(await usher.verify(token)).toMatchObject({ valid: true });
    aheadMs += 60_000;
    expect(usher.cached(token)).toBeUndefined();
    await expect(usher.verify(token)).rejects.toBeInstanceOf(UsherUnavailable);
  });
});

test.each(['stop', 'kill'] as const)(
  'two servers on one Redis: after the %s of one, the SDK uses and watches the other',
  async how => {
    const redis = ending(await startRedis(), each => each.stop());
    const env = { USHER_STORE: `redis://127.0.0.1:${redis.port}` };
    const start = () => (how === 'stop' ? runServer(env) : startUsherProcess(env));
    const first = await start();
    started.push(() => ('remove' in first ? first.remove() : first.stop()));
    const second = ending(await runServer(env), each => each.stop());
    const usher = closing(createUsher({ addresses: [first.grpc, second.grpc], deadlineMs: 5000 }));
    const { token, id } = await makeToken(second);
    await usher.ready();
    await keep(usher, token);
    if ('kill' in first) await first.kill();
    else await first.stop();
    // No call is refused meanwhile, and no call waits for more than one retry.
    expect(await usher.verify(`Bearer ${token}`)).toMatchObject({ valid: true });
    await keep(usher, token);
    const requestId = randomUUID();
    // Retried until it is acknowledged, as every client should do.
    await soon(() => adminOf(second).revoke({ id, requestId }));
    await soon(() => expect(usher.cached(token)).toBeUndefined());
    await soon(async () => {
      expect(await usher.verify(token)).toMatchObject({ valid: false, reason: 'REVOKED' });
    });
  },
);
