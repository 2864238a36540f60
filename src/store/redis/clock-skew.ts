/** Measures how far this machine's clock is from that of Redis. */

import type { Redis } from 'ioredis';

/** The difference of the clocks. */
export interface ClockSkew {
  /** The last difference in milliseconds: positive when this machine's clock is behind. */
  ms(): number;
  /** Measures it. Never rejects: a Redis that does not answer changes nothing. */
  measure(servers: readonly Redis[]): Promise<void>;
}

/** Makes it. `now` is in milliseconds since 1970. */
export function clockSkew(now: () => number): ClockSkew {
  let skewMs = 0;
  return {
    ms: () => skewMs,
    async measure(servers) {
      const all = await Promise.all(servers.map(server => skewOf(server, now)));
      const known = all.filter(each => each !== undefined);
      if (known.length === 0) return;
      skewMs = known.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most));
    },
  };
}

/** The answer was made at some moment between the question and its arrival; the doubt is no skew. */
async function skewOf(server: Redis, now: () => number): Promise<number | undefined> {
  try {
    const askedAt = now();
    const [seconds, microseconds] = await server.time();
    const halfMs = (now() - askedAt) / 2;
    const difference = Number(seconds) * 1000 + Number(microseconds) / 1000 - (askedAt + halfMs);
    const certainMs = Math.abs(difference) - halfMs;
    return certainMs > 0 ? Math.round(Math.sign(difference) * certainMs) : 0;
  } catch {
    return undefined;
  }
}
