/** The metrics of memory: what each part of a running core holds, its limit, and the documentation. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createFairCache } from '../../../src/caching/fair-cache.ts';
import { limitsOf } from '../../../src/server/limits.ts';
import { divideMemory } from '../../../src/server/memory.ts';
import { createMetrics } from '../../../src/server/metrics/metrics.ts';
import { readConfig } from '../../../src/settings/config.ts';
import { createReadCache } from '../../../src/store/cache/read-cache.ts';

const shown = async (metrics: ReturnType<typeof createMetrics>, name: string, what: string) => {
  const line = String((await metrics.answer(undefined)).body)
    .split('\n')
    .find(each => each.startsWith(`${name}{what="${what}"}`));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
};

test('a cache shows what it holds, and its limit', async () => {
  const metrics = createMetrics(10);
  const limits = limitsOf(readConfig({}), metrics.memory);
  const proofs = createFairCache<string, string>(limits.proofs);
  const records = createReadCache<string>(
    limits.store.cache.records,
    value => value.length,
    { kind: 'tracking' },
    () => 0,
    1000,
  );
  expect(await shown(metrics, 'usher_memory_bytes', 'proven_headers')).toBe(0);
  proofs.set('key', { value: 'value', bytes: 1000 }, 'owner', { value: 'shared', bytes: 10 });
  records.set('key', 'value');
  const { provenHeaders, records: recordsMax } = divideMemory(128);
  expect(await shown(metrics, 'usher_memory_bytes', 'proven_headers')).toBe(proofs.bytes);
  expect(await shown(metrics, 'usher_memory_limit_bytes', 'proven_headers')).toBe(provenHeaders);
  expect(await shown(metrics, 'usher_memory_bytes', 'records')).toBeGreaterThan(5);
  expect(await shown(metrics, 'usher_memory_limit_bytes', 'records')).toBe(recordsMax);
});

test('the documentation names every part', () => {
  const page = readFileSync(new URL('../../../docs/running.md', import.meta.url), 'utf8');
  const line = page.split('\n').find(each => each.includes('`usher_memory_bytes{what}`')) ?? '';
  const named = [...line.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  const parts = [...Object.keys(divideMemory(1)), 'unreadAnswers'];
  const labels = parts.map(each => each.replaceAll(/[A-Z]/g, upper => `_${upper.toLowerCase()}`));
  expect(named.sort()).toEqual(labels.sort());
});
