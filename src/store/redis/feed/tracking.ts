/**
 * Hears the invalidations of one Redis master (CLIENT TRACKING, broadcasting) on a connection that is
 * redirected to itself: a redirect to another connection can break without a sign.
 */

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { importedKey, tokenKey } from '../keys.ts';
import { type FeedConnection, isRefusal, Refused, runIdOf, stateOf } from './connection.ts';

const channel = '__redis__:invalidate';
const probePrefix = tokenKey('probe:');
/** A key of a random name is on a given master of a Cluster at the first try or one soon after. */
const probeAttemptsMax = 200;

/** Hears until the connection is lost. Throws Refused where Redis does not offer it. */
export async function followTracking(ear: FeedConnection): Promise<never> {
  const { client, server, events, limits } = ear;
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
  await ear.orLost(client.connect());
  const runId = await ear.orLost(runIdOf(client));
  // Without it there is no telling whether the reads come from the server that is heard.
  if (runId === '') throw new Refused('INFO is refused');
  await ear.orLost(arm(client).catch(refuse));
  await ear.orLost(
    probe(ear, listener => {
      onProbe = listener;
    }),
  );
  events.changedAll();
  for (;;) {
    const askedAtMs = ear.monotonicMs();
    const [seen] = await ear.orLost(Promise.all([stateOf(server), client.ping()]));
    // Reads must come from the master that is heard, and from nobody who was one.
    if (seen.role !== 'master' || seen.runId !== runId) throw new Error('not the same master');
    events.heard(askedAtMs);
    await ear.orLost(ear.pause(limits.feedPingMs));
  }
}

async function arm(client: Redis): Promise<void> {
  const id = await client.client('ID');
  const prefixes = [tokenKey(''), importedKey('')].flatMap(prefix => ['PREFIX', prefix]);
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...prefixes);
  await client.subscribe(channel);
}

/** Proves the feed by a write that must be heard. A server that answers and tells nothing refuses. */
async function probe(
  ear: FeedConnection,
  listen: (onProbe: (key: string) => void) => void,
): Promise<void> {
  const { server, limits } = ear;
  for (let attempt = 1; attempt <= limits.probesMax; attempt++) {
    const heard = new Promise<boolean>(resolve => {
      const timer = setTimeout(resolve, limits.connectTimeoutMs, false);
      listen(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    await writeProbe(server).catch(refuse);
    if (await heard) return;
    await server.ping();
  }
  throw new Refused('changes are not told');
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

function refuse(error: unknown): never {
  if (isRefusal(error)) throw new Refused(error.message.slice(0, 100));
  throw error;
}
