import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runServer, type TestServer } from '../../server/run-server.ts';
import { type RedisServer, startRedis } from '../../store/redis/server.ts';
import type { World } from './case.ts';
import { parityCases } from './cases.ts';
import { type ParityDoor, parityDoors } from './doors.ts';
import { makeWorld } from './world.ts';

describe.each(['LMDB', 'Redis'])('every door gives the same verdict, on %s', store => {
  let redis: RedisServer | undefined;
  let server: TestServer;
  let world: World;
  let doors: ParityDoor[];

  beforeAll(async () => {
    redis = store === 'Redis' ? await startRedis() : undefined;
    const env = redis && { USHER_STORE: `redis://127.0.0.1:${redis.port}` };
    server = await runServer(env);
    world = await makeWorld(server);
    doors = parityDoors(server);
  });
  afterAll(async () => {
    await server.stop();
    await redis?.stop();
  });

  test.each(parityCases.map(each => [each.name, each] as const))('%s', async (_, each) => {
    const { audience = '', scopes = [] } = each;
    const asksMore = audience !== '' || scopes.length > 0;
    const outcomes: Record<string, string> = {};
    // Twice: the second verdict comes from the cache.
    for (const round of ['first', 'again']) {
      for (const door of doors) {
        if (asksMore && !door.asksMore) continue;
        outcomes[`${door.name}, ${round}`] = await door.ask(each.headers(world), audience, scopes);
      }
    }
    const expected = Object.keys(outcomes).map(name => [name, each.expected]);
    expect(outcomes).toEqual(Object.fromEntries(expected));
  });

  test('no token, secret or claim is in the log', () => {
    const log = server.logged.join('');
    expect(log).not.toContain(world.good);
    expect(log).not.toContain(world.imported.plain);
    expect(log).not.toContain(world.jwt.secret);
    expect(log).not.toContain('lost-phone');
    expect(log).not.toContain('mallory');
  });
});
