/** Finds out why no node of a Cluster answers, since the client of a Cluster does not say. */

import type { RedisAddress } from '../address.ts';
import { nodeClient } from './client.ts';
import type { RedisLimits } from './limits.ts';
import { followLoss } from './loss.ts';

/** Why a connection to the first node of a Cluster fails; undefined when it does not. */
export async function nodeFault(
  target: RedisAddress,
  limits: RedisLimits,
): Promise<Error | undefined> {
  const [node] = target.nodes;
  if (target.topology !== 'cluster' || node === undefined) return undefined;
  const client = nodeClient(target, node, 'usher-probe', limits);
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
