/** The benchmark's table of engines: what is compared, and when a bound is met. */

import { expect, test } from 'vitest';
import { compare, compareWithBase, withPeers } from '../../bench/engine/compare.ts';
import { inTurns } from '../../bench/engine/turns.ts';
import { table, withSection } from '../../bench/report.ts';
import type { Column } from '../../bench/row.ts';

const today = new Map<Column, number[]>([
  ['grpc-js', [20, 22, 60]],
  ['grpc-go', [10, 11, 12]],
  ['tonic', [5, 5, 6]],
]);
const later = new Map<Column, number[]>([...today, ['h2', [3, 3, 12]]]);
const bounds = { 'grpc-go': 0.4, tonic: 0.75 };

test('the h2 engine is compared where there is one, by the median of the ratios per round', () => {
  const rowOf = (rounds: Map<Column, number[]>) =>
    compare('Verify', { unit: 'µs', rounds }, withPeers(rounds, bounds));
  expect(rowOf(today)).toMatchObject({
    measured: '2.00 x grpc-go (2.00–5.00), 4.40 x tonic (4.00–10.00)',
    bound: 'at most 0.40 x grpc-go and 0.75 x tonic',
    pass: false,
  });
  expect(rowOf(later)).toMatchObject({
    measured: '0.30 x grpc-go (0.27–1.00), 0.60 x tonic (0.60–2.00)',
    pass: true,
  });
});

test('all bounds of a row must be met', () => {
  const strict = withPeers(later, { 'grpc-go': 0.4, tonic: 0.5 });
  expect(compare('Verify', { unit: 'µs', rounds: later }, strict).pass).toBe(false);
});

test('a row that compares the engines waits for the second', () => {
  const versus = { name: 'grpc-js', ours: [], base: [1, 2], most: 0.5 };
  const row = compare('garbage', { unit: 'µs', rounds: today }, [versus]);
  expect(row).toMatchObject({ measured: 'needs the h2 engine', bound: 'at most 0.50 x grpc-js' });
  expect(row.pass).toBeUndefined();
});

test('a load is compared with the base of the same round', () => {
  const outcomes = new Map<Column, { value: number; base: number }[]>([
    ['grpc-js', [{ value: 3, base: 2 }]],
  ]);
  const row = compareWithBase('TLS', 'µs', outcomes, { name: 'plain text', most: 1.3 });
  expect(row).toMatchObject({ measured: '1.50 x plain text (1.50–1.50)', pass: false });
});

test('the table has a column for each program', () => {
  const rounds = withPeers(today, bounds);
  const text = table([compare('Verify', { unit: 'µs', rounds: today }, rounds)]);
  expect(text.split('\n')[0]).toBe(
    '| load | Usher, grpc-js | Usher, h2 | grpc-go | tonic | ratio | must | met |',
  );
  expect(text).toContain('| Verify | 22.0 µs (20.0–60.0) |  | 11.0 µs (10.0–12.0) | 5.00 µs');
  expect(text).toContain('| **no** |');
});

test('programs take turns, and the first round does not count', async () => {
  const played: string[] = [];
  const task = (name: string) => async () => played.push(name);
  const tasks = new Map([
    ['a', task('a')],
    ['b', task('b')],
  ]);
  const outcomes = await inTurns({ rounds: 2, share: 1 }, tasks);
  expect(played.join('')).toBe('ababab');
  expect(outcomes.get('b')).toEqual([4, 6]);
});

test('one section of a page is replaced, and a new one comes last', () => {
  const old = '# Benchmarks\n\nhead\n\n## The engine\n\nold\n\n## Workers\n\nkept\n';
  const rows = [{ what: 'a', measured: 'b' }];
  const page = withSection(old, { title: 'The engine', note: 'new', rows });
  expect(page).toMatch(/^# Benchmarks\n\nhead\n\n## The engine\n\nnew\n\n\| what/);
  expect(page).toMatch(/\n\n## Workers\n\nkept\n$/);
  expect(page).not.toContain('old');
  const last = withSection(old, { title: 'Last', rows });
  expect(last).toMatch(/kept\n\n## Last\n\nMeasured on [\d-]{10}\.\n\n\| what[^#]*\n$/);
});

test('its bounds are summed up with the others', () => {
  const old = '# Benchmarks\n\n1 of 1 bounds are kept.\n\n## A\n\n| a | 1 | 1 | pass |\n';
  const row = { what: 'b', measured: '2', bound: 'at most 1' };
  const short = withSection(old, { title: 'B', rows: [{ ...row, pass: false }] });
  expect(short).toContain('1 of 2 bounds are kept.');
  expect(withSection(short, { title: 'B', rows: [{ ...row, pass: true }] })).toContain('2 of 2');
});
