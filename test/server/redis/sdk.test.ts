/** The SDK with two servers on one Redis. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createUsher } from '../../../src/client/node.ts';
import { adminOf } from '../api.ts';
import { runServer } from '../run-server.ts';
import { closing, ending, keep, makeToken, soon } from '../sdk-setup.ts';
import { startUsherProcess } from '../usher-process.ts';
import { redisPlace } from './place.ts';

test.each(['stop', 'kill'] as const)(
  'two servers on one Redis: after the %s of one, the other is asked and watched',
  async how => {
    const place = ending(await redisPlace(), each => each.end());
    const env = { USHER_STORE: place.url };
    const start = () => (how === 'stop' ? runServer(env) : startUsherProcess(env));
    const first = ending(await start(), each => ('remove' in each ? each.remove() : each.stop()));
    const second = ending(await runServer(env), each => each.stop());
    const usher = closing(createUsher({ addresses: [first.grpc, second.grpc], deadlineMs: 5000 }));
    const { token, id } = await makeToken(second);
    await usher.ready();
    await keep(usher, token);
    if ('kill' in first) await first.kill();
    else await first.stop();
    // No call is refused meanwhile, and none waits for more than one further attempt.
    expect(await usher.verify(`Bearer ${token}`)).toMatchObject({ valid: true });
    await keep(usher, token);
    const requestId = randomUUID();
    // Repeated until it is acknowledged, as everyone should who revokes.
    await soon(() => adminOf(second).revoke({ id, requestId }));
    await soon(() => expect(usher.cached(token)).toBeUndefined());
    await soon(async () => {
      expect(await usher.verify(token)).toMatchObject({ valid: false, reason: 'REVOKED' });
    });
  },
);
