/** A stop ends in order within its time, whatever hangs at that moment. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { startRedis } from '../store/redis/server.ts';
import { adminOf } from './api.ts';
import { startUsherProcess } from './usher-process.ts';

test('Redis frozen, a change under way, callers that do not read', {
  timeout: 60_000,
}, async () => {
  const redis = await startRedis();
  const usher = await startUsherProcess({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    USHER_GRACE_MS: '500',
  });
  const silent = connect(`http://${usher.grpc}`, { settings: { initialWindowSize: 0 } });
  silent.on('error', () => {});
  try {
    const admin = adminOf(usher);
    const { accessToken } = await admin.create({ kind: Kind.STATIC, name: 'frozen' });
    for (const method of ['WatchInvalidations', 'Verify']) {
      const stream = silent.request({
        ':method': 'POST',
        ':path': `/usher.v1.VerifierService/${method}`,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => {});
      stream.end(Buffer.alloc(5));
      await once(stream, 'response');
    }
    const idle = connectTcp(Number(usher.http.split(':').at(-1)), '127.0.0.1').resume();
    idle.on('error', () => {});
    await once(idle, 'connect');
    redis.pause();
    const change = admin.revoke({ id: accessToken?.id ?? '' }).catch(() => undefined);
    const code = await usher.stop();
    expect([code, usher.log.filter(({ level }) => level === 'fatal')]).toEqual([0, []]);
    await change;
  } finally {
    silent.destroy();
    redis.resume();
    await usher.remove();
    await redis.stop();
  }
});
