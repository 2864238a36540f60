/** The metric of what depends on which master key. */

import { Gauge, type Registry } from 'prom-client';
import type { KeyUse } from '../../tokens/key-use.ts';

/** Adds the metric to a registry. What is set stays until the next count, or for good without one. */
export function createKeyUseMetric(registry: Registry): (uses: readonly KeyUse[]) => void {
  const gauge = new Gauge({
    name: 'usher_master_key_records',
    help: 'What depends on each master key, as it was last counted; absent before the first count.',
    labelNames: ['key', 'what'] as const,
    aggregator: 'max',
    registers: [registry],
  });
  return uses => {
    gauge.reset();
    for (const { masterKeyId: key, records, entries, documents, ...secrets } of uses) {
      gauge.set({ key, what: 'records' }, records);
      gauge.set({ key, what: 'imported' }, entries);
      gauge.set({ key, what: 'documents' }, documents);
      gauge.set({ key, what: 'static_tokens' }, secrets.staticTokens);
      gauge.set({ key, what: 'jwt_secrets' }, secrets.jwtSecrets);
      gauge.set({ key, what: 'revocation_keys' }, secrets.revocationKeys);
    }
  };
}
