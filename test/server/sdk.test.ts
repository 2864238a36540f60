/**
 * The SDK against real servers: revocations take effect, and without the feed the cache expires.
 */

import { describe, expect, test } from 'vitest';
import { connectByGrpc } from '../../src/client/grpc-link.ts';
import { createUsher, UsherUnavailable } from '../../src/client/node.ts';
import { createUsherOn } from '../../src/client/usher.ts';
import { adminOf } from './api.ts';
import { runServer } from './run-server.ts';
import { closing, ending, keep, makeToken, soon } from './sdk-setup.ts';
import { startUsherProcess } from './usher-process.ts';

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
