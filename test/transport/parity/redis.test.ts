/** Every door comes to the same verdict on Redis. */

import { startRedis } from '../../store/redis/server.ts';
import { describeParity } from './describe-parity.ts';

describeParity('Redis', async () => {
  const redis = await startRedis();
  const env = { USHER_STORE: `redis://127.0.0.1:${redis.port}` };
  return { env, stop: redis.stop };
});
