/** The Redis store passes the suite. */

import { describeStore } from '../contract.ts';
import { startRedis } from './server.ts';

describeStore('redis', async () => {
  const server = await startRedis();
  return {
    clear: async () => void (await server.send('FLUSHALL')),
    url: `redis://127.0.0.1:${server.port}`,
    stop: () => server.stop(),
  };
});
