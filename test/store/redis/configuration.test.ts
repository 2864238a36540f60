/** At the start, Usher warns of a Redis that may lose data, and says what to set. */

import { afterEach, expect, test } from 'vitest';
import { until } from '../../until.ts';
import { openStores } from './open-store.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from './server.ts';

const stores = openStores();
let server: RedisServer | undefined;
afterEach(async () => {
  await stores.close();
  await server?.stop();
});

test.each<[string, RedisServerOptions, RegExp[]]>([
  ['without an append-only file', {}, [/no append-only file.*appendonly yes/]],
  [
    'that flushes once a second',
    { config: ['appendonly yes', 'appendfsync everysec'] },
    [/appendfsync everysec: a crash can lose the changes of the last second/],
  ],
  [
    'that never flushes, and evicts',
    { config: ['appendonly yes', 'appendfsync no', 'maxmemory-policy allkeys-lru'] },
    [/maxmemory-policy of Redis is allkeys-lru/, /appendfsync no: a crash can lose recent changes/],
  ],
  ['that keeps everything', { persistent: true }, []],
])('a Redis %s', async (_, options, expected) => {
  server = await startRedis(options);
  const { warnings } = await stores.openUp(`redis://127.0.0.1:${server.port}`);
  await until(() => warnings.length >= expected.length);
  expect(warnings).toEqual(expected.map(pattern => expect.stringMatching(pattern)));
});
