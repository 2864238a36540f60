/** The model of docs/scaling.md: hits of caches, what grows with what, and what bends first. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Constants, firstBend, predict, zipfHitShare } from '../../bench/scale/model.ts';
import { withTables } from '../../bench/scale/page.ts';
import { tables } from '../../bench/scale/tables.ts';
import { hitShareOf, zipf } from '../../bench/store/zipf-draws.ts';

const constants: Constants = {
  ...{ grpcUs: 10, httpUs: 40, missUs: 200, missRedisUs: 10, recordBytes: 700 },
  ...{ processBytes: 1e8, cachedTokenBytes: 4000, recordWeightBytes: 900 },
  ...{ tokenRedisBytes: 700, changeRedisBytes: 900 },
  ...{ idleCommands: 40, idleRedisUs: 600, idleUs: 5000, idleBytes: 1600 },
  ...{ changeCommands: 22, changeRedisUs: 300 },
  ...{ toldRedisUs: 3, toldBytes: 100, toldUs: 50 },
  ...{ watcherBytes: 20_000, messageUs: 20, messageBytes: 60, heartbeats: 4 },
};
const small = { verdicts: 1000, tokens: 1000, changes: 1, sdks: 0, memoryMb: 128 };

test('hits are those of an LRU cache that is played', () => {
  for (const [count, entries] of [
    [2000, 100],
    [20_000, 1000],
    [5000, 4000],
  ] as const) {
    const draw = zipf(count);
    const draws = (many: number) => Array.from({ length: many }, draw);
    const played = hitShareOf(draws(60_000), draws(60_000), entries);
    expect(Math.abs(zipfHitShare(count, entries) - played)).toBeLessThan(0.02);
  }
  expect(zipfHitShare(100, 100)).toBe(1);
});

test('a small deployment needs one process, and nothing is near its end', () => {
  const needs = predict(constants, small);
  expect(needs).toMatchObject({ processes: 1, hitShare: 1, messages: 0 });
  expect(firstBend(needs).share).toBeLessThan(0.05);
});

test('more verdicts need more processes, and as much of Redis for each', () => {
  const needs = predict(constants, { ...small, verdicts: 1_000_000 });
  expect(needs.processes).toBeGreaterThan(10);
  expect(needs.cores).toBeGreaterThan(10);
  expect(needs.cores / needs.processes).toBeLessThan(0.61);
});

test('what bends is named', () => {
  const bendOf = (more: object) => firstBend(predict(constants, { ...small, ...more }));
  expect(bendOf({ processes: 2000 })).toMatchObject({ what: 'CPU of Redis' });
  expect(bendOf({ processes: 2000 }).share).toBeGreaterThan(1);
  expect(bendOf({ tokens: 1e8 })).toMatchObject({ what: 'memory of Redis' });
  const told = { ...constants, toldRedisUs: 0, toldBytes: 10_000 };
  const loud = firstBend(predict(told, { ...small, processes: 100, changes: 100 }));
  expect(loud.what).toBe('network of Redis');
});

test('the page has a place for each table', () => {
  const page = readFileSync('docs/scaling.md', 'utf8');
  const checks = [{ what: 'x', unit: 'MB', predicted: 11, measured: 10 }];
  const texts = { ...tables(constants, checks), measured: 'Measured now.' };
  const text = withTables(page, texts);
  expect(text).toContain('| x | 11 MB | 10 MB | +10 % |');
  expect(text).toContain('Measured now.');
  expect(withTables(text, texts)).toBe(text);
  expect(() => withTables(page, { other: '' })).toThrow(/lacks the place "scale: other"/);
});
