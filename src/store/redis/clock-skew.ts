/** Measures how far this machine's clock is from that of Redis, and warns when it is too far. */

import type { Redis } from 'ioredis';

/** A difference above this is told, in milliseconds. */
const skewMsMax = 1000;

/** The difference of the clocks. */
export interface ClockSkew {
  /** The last difference in milliseconds: positive when this machine's clock is behind. */
  ms(): number;
  /** Measures it. Never rejects: a Redis that does not answer changes nothing. */
  measure(servers: readonly Redis[]): Promise<void>;
}

/** Makes it. `now` is in milliseconds since 1970. */
export function clockSkew(now: () => number, onWarning: (message: string) => void): ClockSkew {
  let skewMs = 0;
  let isTold = false;
  return {
    ms: () => skewMs,
    async measure(servers) {
      const all = await Promise.all(servers.map(server => skewOf(server, now)));
      const known = all.filter(each => each !== undefined);
      if (known.length === 0) return;
      skewMs = known.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most));
      const isFar = Math.abs(skewMs) > skewMsMax;
      if (isFar && !isTold) onWarning(warning(skewMs));
      if (!isFar && isTold) onWarning('the clocks of this machine and of Redis agree again');
      isTold = isFar;
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

function warning(skewMs: number): string {
  const [direction, seconds] = [skewMs > 0 ? 'behind' : 'ahead of', Math.abs(skewMs) / 1000];
  return (
    `the clock of this machine is ${seconds.toFixed(1)} s ${direction} that of Redis; expiry is ` +
    'judged by this machine: synchronise the clocks (NTP)'
  );
}
