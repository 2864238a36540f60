/** The metrics of what depends on master keys and of reported leaks. */

import { expect, test } from 'vitest';
import { createMetrics } from '../../../src/server/metrics/metrics.ts';
import { showKeyUse } from '../../../src/server/show-key-use.ts';
import type { KeyUse } from '../../../src/tokens/key-use.ts';

const use = (masterKeyId: string, records: number): KeyUse => ({
  ...{ masterKeyId, records, entries: 0, documents: 1, staticTokens: 0, jwtSecrets: 2 },
  ...{ revocationKeys: 0, over: 9 },
});
const pages = [
  { examined: 2, uses: [use('k1', 2)], next: 'records:b' },
  { examined: 3, uses: [use('k1', 1), use('k2', 2)], next: 'entries:' },
  { examined: 0, uses: [] },
] as const;

function counting() {
  const metrics = createMetrics(10);
  let place = 0;
  const count = showKeyUse(async () => pages[place++ % 3] as never, metrics.keyUse);
  const lines = async () =>
    String((await metrics.answer('text/plain')).body)
      .split('\n')
      .filter(line => /^usher_master_key_records\{.*what="records"/.test(line));
  return { count, lines };
}

test('a count that came to its end is shown, key by key', async () => {
  const { count, lines } = counting();
  for (const place of ['', 'records:b']) await count(place);
  expect(await lines()).toEqual([]);
  await count('entries:');
  expect(await lines()).toEqual([
    'usher_master_key_records{key="k1",what="records"} 3',
    'usher_master_key_records{key="k2",what="records"} 2',
  ]);
});

test('a count that did not begin at the beginning is not shown', async () => {
  const { count, lines } = counting();
  for (const place of ['records:a', 'records:b', 'entries:']) await count(place);
  expect(await lines()).toEqual([]);
});

test('reported leaks are there from the start, and counted by outcome', async () => {
  const metrics = createMetrics(10);
  metrics.leakReport('github', 'failed');
  const text = String((await metrics.answer('text/plain')).body);
  expect(text).toContain('usher_leak_reports_total{by="github",outcome="failed"} 1');
  expect(text).toContain('usher_leak_reports_total{by="report",outcome="revoked"} 0');
});
