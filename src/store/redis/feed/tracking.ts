/**
 * Receives the invalidations of one Redis master (CLIENT TRACKING, broadcasting) on a connection
 * that redirects to itself: a redirect to another connection can break unnoticed.
 */

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { awakeTimeout } from '../../../timing/awake.ts';
import { importedKey, tokenKey } from '../keys.ts';
import {
  answerOf,
  type FeedConnection,
  isRefusal,
  Refused,
  runIdOf,
  stateOf,
} from './connection.ts';

const channel = '__redis__:invalidate';
const probePrefix = tokenKey('probe:');
/**
 * How many random keys to try for one in a given master's slots; a few suffice in any real Cluster.
 */
const probeAttemptsMax = 200;

/**
 * Receives until the connection is lost, then rejects. Throws Refused when Redis refuses tracking.
 */
export async function followTracking(connection: FeedConnection): Promise<never> {
  const { client, server, events, limits } = connection;
  let onProbe = (_key: string) => {};
  client.on('messageBuffer', (_channel: Buffer, payload: unknown) => {
    // FLUSHALL and FLUSHDB name no keys.
    if (!Array.isArray(payload)) return events.changedAll();
    for (const key of payload as Buffer[]) {
      const name = key.toString('utf8');
      if (name.startsWith(probePrefix)) onProbe(name);
      else events.changed(name);
    }
  });
  await connection.orLost(client.connect());
  const runId = await connection.orLost(runIdOf(client));
  // Without the run id, reads might come from another server than the invalidations.
  if (runId === '') throw new Refused('INFO is refused');
  await connection.orLost(arm(client).catch(refuse));
  await connection.orLost(
    probe(connection, listener => {
      onProbe = listener;
    }),
  );
  events.changedAll();
  for (;;) {
    const askedAtMs = connection.monotonicMs();
    const [seen] = await connection.orLost(Promise.all([stateOf(server), answerOf(client)]));
    // Reads must come from the master that sends the invalidations, and it must still be one.
    if (seen.role !== 'master' || seen.runId !== runId) throw new Error('not the same master');
    events.confirmed(askedAtMs);
    await connection.orLost(connection.pause(limits.feedPingMs));
  }
}

async function arm(client: Redis): Promise<void> {
  const id = await client.client('ID');
  const prefixes = [tokenKey(''), importedKey('')].flatMap(prefix => ['PREFIX', prefix]);
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefixes);
  await client.subscribe(channel);
}

/** Tests tracking by a write that must be announced. Throws Refused when it is not. */
async function probe(
  connection: FeedConnection,
  listen: (onProbe: (key: string) => void) => void,
): Promise<void> {
  const { server, limits } = connection;
  for (let attempt = 1; attempt <= limits.probesMax; attempt++) {
    const arrived = new Promise<boolean>(resolve => {
      const timer = awakeTimeout(() => resolve(false), limits.connectTimeoutMs);
      listen(() => {
        timer.clear();
        resolve(true);
      });
    });
    await writeProbe(server).catch(refuse);
    if (await arrived) return;
    await answerOf(server);
  }
  throw new Refused('invalidations do not arrive');
}

/** Writes a short-lived key in this master's slots; a key of other slots is answered with MOVED. */
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

function refuse(error: unknown): never {
  if (isRefusal(error)) throw new Refused(error.message.slice(0, 100));
  throw error;
}
