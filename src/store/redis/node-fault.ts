/** Finds out why no server of a Cluster, or no Sentinel, answers, since their clients do not say. */

import type { Redis } from 'ioredis';
import { tlsFault } from '../../tls/fault.ts';
import type { RedisAddress } from '../address.ts';
import { nodeClient, sentinelProbe } from './client.ts';
import type { RedisLimits } from './limits.ts';
import { followLoss } from './loss.ts';

/**
 * Why a connection to the first node of a Cluster fails, or, as far as TLS is the reason, one to the
 * first Sentinel; undefined when it does not.
 */
export async function nodeFault(
  target: RedisAddress,
  limits: RedisLimits,
): Promise<Error | undefined> {
  const [node] = target.nodes;
  if (target.topology === 'single' || node === undefined) return undefined;
  if (target.topology === 'cluster') {
    return await faultOf(nodeClient(target, node, 'usher-probe', limits));
  }
  if (!target.tls) return undefined;
  const fault = await faultOf(sentinelProbe(target, node, limits));
  // Another Sentinel may answer, and what it says of the master is then the reason.
  return tlsFault(fault) === undefined ? undefined : fault;
}

async function faultOf(client: Redis): Promise<Error | undefined> {
  const loss = followLoss(client);
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return loss() ?? (error as Error);
  } finally {
    client.disconnect();
  }
}
