/** Starts the keeper of the master keys with what this server has. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { headLeasesMax } from '../store/continuity/head-keeper.ts';
import { awakeMs } from '../timing/awake.ts';
import type { MasterKey } from '../verify/master-keys.ts';
import type { Core } from './core.ts';
import { createKeyKeeper, type RunningKeyKeeper } from './key-keeper.ts';
import type { Metrics } from './metrics/metrics.ts';

/** How often a key that is needed and not given is looked at, in milliseconds: it counts all records. */
const reviewMs = 3_600_000;

/** Starts it. `tellWorkers` has the workers, if there are any, use keys. */
export function startKeyKeeper(
  { store: address, leaseMs, masterKeysReloadMs: reloadMs }: Config,
  { keySource: source, masterKeys: listed }: ServerSecrets,
  { keyRing: ring, store, audit, countKeyUse: countUse }: Core,
  metrics: Pick<Metrics, 'masterKeys'>,
  log: Logger,
  tellWorkers: (keys: readonly MasterKey[]) => Promise<string[]> = async () => [],
): RunningKeyKeeper {
  const isShared = address.kind === 'redis';
  return createKeyKeeper({
    ...{ ring, source, listed, store, audit, countUse, tellWorkers, log },
    limits: {
      ...{ reloadMs, lookMs: Math.ceil(leaseMs / 4), reviewMs },
      // A replica that lives has shown itself by then, also after a failover lost what it wrote.
      settleMs: isShared ? headLeasesMax * leaseMs : 0,
    },
    monotonicMs: awakeMs,
    show: metrics.masterKeys,
  });
}
