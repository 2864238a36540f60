/**
 * Hears the invalidations of one Redis master on a connection of its own: RESP2, since the client
 * drops the pushes of RESP3, and redirected to itself, since a redirect to another connection can
 * break without a sign.
 */

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { feedClient } from './redis-client.ts';
import { foreignKey, tokenKey } from './redis-keys.ts';
import type { RedisLimits } from './redis-limits.ts';
import type { RedisTarget } from './redis-url.ts';

/** What a followed master tells. */
export interface MasterEvents {
  /** All that was acknowledged before this time, on the monotonic clock, has been told. */
  heard(askedAtMs: number): void;
  lost(): void;
  changed(key: string): void;
  changedAll(): void;
}

/** A master that is followed until it is closed. */
export interface MasterFeed {
  close(): void;
}

const channel = '__redis__:invalidate';
const probePrefix = tokenKey('probe:');
/** A key of a random name is on a given master of a Cluster at the first try or one soon after. */
const probeAttemptsMax = 200;

/** Follows; after every loss it connects anew, and tells what it heard only once it was probed. */
export function followMaster(
  target: RedisTarget,
  server: Redis,
  limits: RedisLimits,
  monotonicMs: () => number,
  events: MasterEvents,
): MasterFeed {
  let closed = false;
  let wake = () => {};
  let client: Redis | undefined;

  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms).unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const hear = async () => {
    client = feedClient(target, server, limits);
    const lost = new Promise<never>((_, reject) => {
      client?.once('end', () => reject(new Error('the feed ended')));
    });
    lost.catch(wake);
    const probe = await Promise.race([arm(client, events), lost]);
    const runId = await Promise.race([probe(server, limits), lost]);
    events.changedAll();
    for (;;) {
      const askedAtMs = monotonicMs();
      const [seen] = await Promise.race([Promise.all([stateOf(server), client.ping()]), lost]);
      // Reads must come from the master that is heard, and from nobody who was one.
      if (seen.role !== 'master' || seen.runId !== runId) throw new Error('not the same master');
      events.heard(askedAtMs);
      await Promise.race([pause(limits.feedPingMs), lost]);
    }
  };

  const run = async () => {
    for (let attempt = 0; !closed; attempt++) {
      const startedMs = monotonicMs();
      await hear().catch(() => undefined);
      client?.disconnect();
      if (closed) return;
      events.lost();
      if (monotonicMs() - startedMs > limits.reconnectDelayMsMax) attempt = 0;
      await pause(Math.min(50 * 2 ** attempt, limits.reconnectDelayMsMax) + Math.random() * 50);
    }
  };
  void run();

  return {
    close() {
      closed = true;
      client?.disconnect();
      wake();
    },
  };
}

/** Starts the feed; the returned function proves it by a write that must be heard. */
async function arm(client: Redis, events: MasterEvents) {
  let onProbe = (_key: string) => {};
  client.on('messageBuffer', (_channel: Buffer, payload: unknown) => {
    // FLUSHALL and FLUSHDB have no keys to tell.
    if (!Array.isArray(payload)) return events.changedAll();
    for (const key of payload as Buffer[]) {
      const name = key.toString('utf8');
      if (name.startsWith(probePrefix)) onProbe(name);
      else events.changed(name);
    }
  });
  await client.connect();
  const id = await client.client('ID');
  const runId = runIdOf(await client.info('server'));
  const prefixes = [tokenKey(''), foreignKey('')].flatMap(prefix => ['PREFIX', prefix]);
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefixes);
  await client.subscribe(channel);

  return async (server: Redis, limits: RedisLimits): Promise<string> => {
    const heard = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('the feed is silent')),
        limits.connectTimeoutMs,
      );
      onProbe = key => {
        clearTimeout(timer);
        resolve(key);
      };
    });
    heard.catch(() => undefined);
    await writeProbe(server);
    await heard;
    return runId;
  };
}

/** Writes a key that expires at once, on this very master: others of a Cluster answer MOVED. */
async function writeProbe(server: Redis): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await server.set(`${probePrefix}${randomUUID()}`, '', 'PX', 1000);
      return;
    } catch (error) {
      const moved = error instanceof Error && error.message.startsWith('MOVED');
      if (!moved || attempt === probeAttemptsMax) throw error;
    }
  }
}

async function stateOf(server: Redis): Promise<{ role: string; runId: string }> {
  const [role, info] = await Promise.all([server.role(), server.info('server')]);
  return { role: String((role as unknown[])[0]), runId: runIdOf(info) };
}

function runIdOf(info: string): string {
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
}
