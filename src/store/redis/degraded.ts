/** Shows what verdicts do not need and does not work: changes, the feed, a master of a Cluster. */

import { Cluster } from 'ioredis';
import type { StoreHealth } from '../store.ts';
import { masters, type RedisClient } from './client.ts';
import { faultText } from './faults.ts';
import type { RedisFeed } from './feed/feed.ts';
import { writeProbeKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';
import { followLoss } from './loss.ts';
import { repeat } from './repeat.ts';

/** What is watched. */
export interface Watched {
  /** The client that verdicts are read through. */
  reader: RedisClient;
  /** The client that makes changes. */
  administrator: RedisClient;
  feed: Pick<RedisFeed, 'isLive' | 'fault'>;
  /** How many masters of the reader answer. */
  mastersAnswering(): number;
}

/** Shows it in `health` at the interval of the health check. Returns the function that ends it. */
export function watchDegraded(
  { reader, administrator, feed, mastersAnswering }: Watched,
  health: StoreHealth,
  limits: RedisLimits,
): () => void {
  const lost = followLoss(administrator);
  // Each has a loop of its own, since one that gets no answer must not hold up the others.
  const stops = [
    async () => health.degrade('changes', await whyNoChanges(administrator, lost, limits)),
    async () => health.degrade('feed', feed.isLive() ? undefined : feedText(feed.fault())),
    async () => health.degrade('masters', await whichMasters(reader, mastersAnswering)),
  ].map(check => repeat(check, limits.pingIntervalMs));
  return () => {
    for (const stop of stops) stop();
  };
}

/**
 * Why Redis would not acknowledge a change; undefined when it would. SET with XX on a key that does
 * not exist is refused whenever a write would be, and writes nothing.
 */
async function whyNoChanges(
  client: RedisClient,
  lost: () => Error | undefined,
  { ackReplicas, ackTimeoutMs }: RedisLimits,
): Promise<string | undefined> {
  const probe = client.pipeline().set(writeProbeKey, '', 'XX');
  if (ackReplicas > 0) probe.call('WAIT', String(ackReplicas), String(ackTimeoutMs));
  try {
    const [[refused] = [], [, replicas] = []] = (await probe.exec()) ?? [];
    if (refused) return refusedText(faultText(refused, lost()));
    const isEnough = ackReplicas === 0 || Number(replicas) >= ackReplicas;
    return isEnough ? undefined : tooFewText(Number(replicas), ackReplicas);
  } catch (error) {
    return refusedText(faultText(error, lost()));
  }
}

function refusedText(fault: string): string {
  // A revocation needs no memory.
  if (fault.includes('(OOM)')) return `only revoking works: ${fault}`;
  return `access tokens cannot be changed: ${fault}`;
}

function tooFewText(replicas: number, needed: number): string {
  return (
    `access tokens cannot be changed: ${replicas} of the ${needed} Redis replicas of ` +
    'USHER_STORE_ACK_REPLICAS acknowledge'
  );
}

function feedText(fault: string | undefined): string {
  const why = fault === undefined ? '' : `: ${fault}`;
  return `each verdict reads from Redis, since no feed of invalidations is live${why}`;
}

/** How many masters of a Cluster answer, when not all do; undefined otherwise. */
async function whichMasters(
  reader: RedisClient,
  answering: () => number,
): Promise<string | undefined> {
  if (!(reader instanceof Cluster)) return undefined;
  // ioredis drops a master that does not answer, so the Cluster itself says how many there are.
  const slots = await Promise.any(masters(reader).map(server => server.cluster('SLOTS')));
  const total = new Set(slots.map(([, , master]) => String(master))).size;
  const count = answering();
  if (count >= total) return undefined;
  return `${count} of ${total} masters answer; the access tokens on the others are unavailable`;
}
