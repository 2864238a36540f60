/** Reports records that cannot be used. */

import type { Logger } from '../log.ts';
import type { OnBrokenRecord } from '../store/seal.ts';
import type { Metrics } from './metrics/metrics.ts';

/** Records whose report is remembered; after that many, each is reported once more. */
const rememberedMax = 1000;

/** Creates the function that counts each read of such a record, and logs each record once. */
export function reportBrokenRecords(
  metrics: Pick<Metrics, 'brokenRecord'>,
  log: Pick<Logger, 'error'>,
): OnBrokenRecord {
  const reported = new Set<string>();
  return (tokenId, why, advice = 'restore the store from a backup') => {
    metrics.brokenRecord();
    if (reported.has(tokenId)) return;
    if (reported.size >= rememberedMax) reported.clear();
    reported.add(tokenId);
    log.error({ tokenId }, `${why}: ${advice}`);
  };
}
