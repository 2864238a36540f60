/** The division of USHER_MEMORY_MB. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { divideMemory } from '../../src/server/memory.ts';
import { limitsWith } from '../limits.ts';

const sum = (memoryMb: number) =>
  Object.values(divideMemory(memoryMb)).reduce((total, bytes) => total + bytes, 0);

test('the parts are no more than the whole, and most of it', () => {
  for (const memoryMb of [16, 128, 65_536]) {
    const bytes = memoryMb * 1024 * 1024;
    expect(sum(memoryMb)).toBeLessThanOrEqual(bytes);
    expect(sum(memoryMb)).toBeGreaterThan(bytes * 0.9);
  }
});

test('the documentation shows the division', () => {
  const page = readFileSync(new URL('../../docs/caching.md', import.meta.url), 'utf8');
  const sixtyFourths = Object.values(divideMemory(64)).map(bytes => bytes / 1024 / 1024);
  const shown = [...page.matchAll(/^\| .* \| (\d+)\/64 \| /gm)].map(([, part]) => Number(part));
  expect(shown).toEqual(sixtyFourths);
});

test('what is counted follows the memory', () => {
  const small = limitsWith({ USHER_MEMORY_MB: '16' });
  const large = limitsWith({ USHER_MEMORY_MB: '160' });
  expect(small.watch.changesBacklogMax).toBeGreaterThan(1000);
  expect(large.watch.changesBacklogMax).toBe(10 * small.watch.changesBacklogMax + 6);
  expect(small.usage.pendingMax).toBeGreaterThan(1000);
  expect(large.usage.pendingMax).toBe(10 * small.usage.pendingMax);
});
