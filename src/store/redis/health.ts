/** Watches Redis: whether verdicts can be read from it, and whether it is set not to lose data. */

import { Cluster, type Redis } from 'ioredis';
import { type HealthSwitch, healthSwitch } from '../health.ts';
import { masters, type RedisClient } from './client.ts';
import type { ClockSkew } from './clock-skew.ts';
import { faultText, lostText } from './faults.ts';
import { intentsKey, tokenKey } from './keys.ts';
import { followLoss } from './loss.ts';
import { repeat } from './repeat.ts';

/** A running health check. */
export interface RedisHealth {
  /** Its result. */
  readonly health: HealthSwitch;
  /** Why a client must not be read from, because its server is no longer a master; or undefined. */
  unfit(client: RedisClient): string | undefined;
  /**
   * Age in milliseconds of the last check that found a client's present connection to be a
   * master's; Infinity when there is none.
   */
  masterMsAgo(client: RedisClient): number;
  /** How many masters answered the last check. */
  mastersAnswering(): number;
  /** Checks now whether verdicts can be read. Never rejects. */
  ping(): Promise<void>;
  /** Redis did not answer a read. In a Cluster this says nothing of the other masters. */
  failed(error: unknown): void;
  /** What is read must not be used, until a check finds otherwise. */
  refused(reason: string): void;
  /** Ends the checks; the store is down afterwards. */
  stop(): void;
}

/** Bounds of the check. */
export interface RedisHealthLimits {
  /** Its interval, in milliseconds. */
  pingIntervalMs: number;
  /** How long verdicts may rest on records read before a loss, in milliseconds. */
  staleMaxMs: number;
}

/**
 * Checks all clients at an interval, which also detects a connection that went silent. Verdicts are
 * read through the first client. The store is up while a master answers there and `whyNot` has no
 * reason against it; so in a Cluster it is up while some tokens can be verified. Changes need the
 * other clients; verdicts do not. `whyAway` finds out why no server is known, where the client does not say.
 */
export function redisHealth(
  clients: readonly [reader: RedisClient, ...others: RedisClient[]],
  { pingIntervalMs, staleMaxMs }: RedisHealthLimits,
  monotonicMs: () => number,
  whyNot: () => Promise<string | undefined>,
  skew: Pick<ClockSkew, 'measure'>,
  whyAway: () => Promise<Error | undefined> = async () => undefined,
): RedisHealth {
  const [reader] = clients;
  const isCluster = reader instanceof Cluster;
  const health = healthSwitch('Redis has not answered yet');
  const lost = followLoss(reader);
  const masterAtMs = new WeakMap<RedisClient, number>();
  const demoted = new WeakSet<RedisClient>();
  let answeredMs = Number.NEGATIVE_INFINITY;
  let answering = 0;
  let stopped = false;

  const look = async (client: RedisClient): Promise<Answer[]> => {
    const askedAtMs = monotonicMs();
    const answers = await Promise.all(
      masters(client).map(server => (isCluster ? roleInCluster(server) : roleAlone(server))),
    );
    if (answers.includes('replica')) {
      demoted.add(client);
      masterAtMs.delete(client);
    } else if (answers.includes('master')) {
      demoted.delete(client);
      masterAtMs.set(client, askedAtMs);
    }
    return answers;
  };
  /** A dead master of a Cluster may keep `whyNot` from an answer; the others give verdicts. */
  const whyNotNow = () =>
    whyNot().catch(error => (isCluster ? undefined : faultText(error, lost())));
  const show = (shown: string | undefined) => {
    if (stopped) return;
    // The connection to a Redis replica is closed each time, in the hope of a master.
    const fault = shown === lostText && demoted.has(reader) ? replicaText : shown;
    if (fault === undefined) answeredMs = monotonicMs();
    const isStale =
      fault !== undefined && staleMaxMs > 0 && monotonicMs() - answeredMs <= staleMaxMs;
    health.degrade('stale', isStale ? staleText(fault) : undefined);
    health.setFault(isStale ? undefined : fault);
  };
  const ping = async () => {
    const answers = await look(reader);
    void skew.measure(masters(reader));
    answering = answers.filter(answer => answer === 'master').length;
    if (answering > 0) return show(await whyNotNow());
    const isSilent = answers.every(answer => answer instanceof Error);
    const away = isSilent ? await whyAway() : undefined;
    show(away === undefined ? faultOf(answers, lost()) : faultText(away, lost()));
  };

  const checks = new Map(
    clients.map(client => [
      client,
      client === reader ? ping : async () => void (await look(client)),
    ]),
  );
  const stops = [...checks].map(([client, check]) => {
    client.on('ready', check);
    client.on('close', () => masterAtMs.delete(client));
    return repeat(async () => {
      await check();
      // Reconnecting by host name or through Sentinels may find the new master.
      if (!stopped && demoted.has(client)) client.disconnect(true);
    }, pingIntervalMs);
  });

  return {
    health,
    unfit: client =>
      demoted.has(client) ? 'the connected Redis is no longer the master' : undefined,
    masterMsAgo: client => monotonicMs() - (masterAtMs.get(client) ?? Number.NEGATIVE_INFINITY),
    mastersAnswering: () => answering,
    ping,
    failed(error) {
      if (!isCluster) show(faultText(error, lost()));
    },
    refused: show,
    stop() {
      for (const stop of stops) stop();
      for (const [client, check] of checks) client.off('ready', check);
      health.degrade('stale', undefined);
      health.setFault('the store is closed');
      stopped = true;
    },
  };
}

function staleText(fault: string): string {
  return `${fault}; verdicts rest on records that were read before`;
}

const replicaText = faultText(new Error('READONLY'));

/** A server's role, or why it did not answer. */
type Answer = 'master' | 'replica' | Error;

/** Why no master answered. */
function faultOf(answers: readonly Answer[], lost: Error | undefined): string {
  if (answers.includes('replica')) return replicaText;
  return faultText(answers.find(answer => answer instanceof Error) ?? lost, lost);
}

/**
 * The role of a master of a Cluster. PING is answered even while the Cluster is down, so a key is
 * read; MOVED shows that the node answers reads.
 */
async function roleInCluster(server: Redis): Promise<Answer> {
  const answer = await roleFor(server, [intentsKey]);
  return answer instanceof Error && answer.message.startsWith('MOVED') ? 'master' : answer;
}

/** The role of the only server. With keys of two slots, a node of a Cluster refuses to answer. */
function roleAlone(server: Redis): Promise<Answer> {
  return roleFor(server, [intentsKey, tokenKey('')]);
}

/** Reads keys, and the role, since a Redis replica answers with data that may be old. */
async function roleFor(server: Redis, keys: string[]): Promise<Answer> {
  try {
    const [role] = await Promise.all([roleOf(server), server.exists(...keys)]);
    return role;
  } catch (error) {
    if (!(error instanceof Error)) return new Error('no answer', { cause: error });
    return await withLoading(server, error);
  }
}

/** The client is not ready while Redis loads its data, and only INFO says so. */
async function withLoading(server: Redis, error: Error): Promise<Error> {
  if (server.status !== 'connect') return error;
  const info = await server.info('persistence').catch(() => '');
  return /^loading:1/m.test(info) ? new Error('LOADING', { cause: error }) : error;
}

/** The role that a server reports. Without the right to ROLE it is taken for a master. */
export async function roleOf(server: RedisClient): Promise<'master' | 'replica'> {
  try {
    const reply = (await server.call('ROLE')) as [role: string];
    return reply[0] === 'slave' ? 'replica' : 'master';
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return 'master';
    throw error;
  }
}
