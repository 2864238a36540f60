/** The Redis store passes the suite. */

import { openStore } from '../../src/store/open.ts';
import { describeStore } from './contract.ts';
import { startRedis } from './redis-server.ts';

describeStore('redis', async () => {
  const server = await startRedis();
  return {
    clear: async () => void (await server.send('FLUSHALL')),
    open: () => openStore(`redis://127.0.0.1:${server.port}`, { now: Date.now }),
    stop: () => server.stop(),
  };
});
