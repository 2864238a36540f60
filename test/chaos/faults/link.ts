/** Faults of the network between one Usher and its Redis, made by a proxy. */

import type { RedisWorld } from '../world.ts';
import type { Fault } from './fault.ts';

const again = (task: () => void) => {
  task();
  const timer = setInterval(task, 50);
  return () => clearInterval(timer);
};

/** Faults of the link of one replica; the others are whole. */
export const linkFaults: Fault<RedisWorld>[] = [
  {
    name: 'feed-cut',
    what: "one Usher's feed connection is closed 20 times a second",
    begin({ proxies }, random) {
      const proxy = random.pick(proxies);
      return again(() => proxy.cut('feed'));
    },
  },
  {
    name: 'data-cut',
    what: "one Usher's other connections are closed 20 times a second",
    begin({ proxies }, random) {
      const proxy = random.pick(proxies);
      return again(() => proxy.cut('other'));
    },
  },
  {
    name: 'feed-silent',
    what: "one Usher's feed connection is half-open: nothing passes, nothing is closed",
    isShort: true,
    begin({ proxies }, random) {
      const proxy = random.pick(proxies);
      proxy.silence('feed', true);
      return () => proxy.silence('feed', false);
    },
  },
  {
    name: 'data-silent',
    what: "one Usher's other connections are half-open",
    begin({ proxies }, random) {
      const proxy = random.pick(proxies);
      proxy.silence('other', true);
      return () => proxy.silence('other', false);
    },
  },
  {
    name: 'partition',
    what: 'all connections of one Usher to Redis are half-open',
    begin({ proxies }, random) {
      const proxy = random.pick(proxies);
      for (const use of ['feed', 'other'] as const) proxy.silence(use, true);
      return () => {
        for (const use of ['feed', 'other'] as const) proxy.silence(use, false);
      };
    },
  },
  ...[50, 500].map(
    (delayMs): Fault<RedisWorld> => ({
      name: `slow-${delayMs}`,
      what: `all data between one Usher and Redis takes ${delayMs} ms each way`,
      begin({ proxies }, random) {
        const proxy = random.pick(proxies);
        proxy.slow(delayMs);
        return () => proxy.slow(0);
      },
    }),
  ),
];
