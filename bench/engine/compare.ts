/** The rows of the table of engines: what each program needed, and how Usher compares. */

import { type Column, median, type Row } from '../row.ts';

/** What was measured, by program and round. */
export type Rounds = ReadonlyMap<Column, readonly number[]>;

/** A comparison of Usher with something that was measured in the same rounds. */
export interface Versus {
  /** What it is compared with. */
  name: string;
  ours: readonly number[];
  base: readonly number[];
  /** The highest ratio that is good enough; absent if any is. */
  most?: number;
}

/** What is shown where only the new engine is to be compared, and there is none yet. */
const needsH2 = 'needs the h2 engine';

/** The values of the engine that counts: h2 where there is one. */
function oursOf<V>(of: ReadonlyMap<Column, V>): V | undefined {
  return of.get('h2') ?? of.get('grpc-js');
}

/** A row with its comparisons. Those without values wait for the h2 engine. */
export function compare(
  what: string,
  { unit, rounds }: { unit: string; rounds: Rounds },
  comparisons: readonly Versus[],
): Row {
  const row: Row = {
    what,
    measured: comparisons.map(ratioText).join(', '),
    programs: { unit, rounds: Object.fromEntries(rounds) },
  };
  const bounded = comparisons.filter(({ most }) => most !== undefined);
  if (bounded.length === 0) return row;
  const limits = bounded.map(({ most, name }) => `${most?.toFixed(2)} x ${name}`);
  row.bound = `at most ${limits.join(' and ')}`;
  if (bounded.every(({ ours, base }) => ours.length > 0 && base.length > 0)) {
    row.pass = bounded.every(versus => median(ratiosOf(versus)) <= (versus.most ?? 0));
  }
  return row;
}

/** The ratio in each round. */
function ratiosOf({ ours, base }: Versus): number[] {
  return ours.map((value, round) => value / (base[round] ?? Number.NaN));
}

function ratioText(versus: Versus): string {
  const ratios = ratiosOf(versus);
  if (ratios.length === 0) return needsH2;
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return `${median(ratios).toFixed(2)} x ${versus.name} (${least.toFixed(2)}–${most.toFixed(2)})`;
}

/** Picks a number of each outcome. */
export function pick<V>(
  outcomes: ReadonlyMap<Column, readonly V[]>,
  number: (outcome: V) => number,
): Rounds {
  return new Map([...outcomes].map(([column, values]) => [column, values.map(number)]));
}

/** What was measured of a program, and what it is compared with, in the same round. */
export interface Pair {
  value: number;
  base: number;
}

/** A row of pairs: the base is another load of the same program. */
export function compareWithBase(
  what: string,
  unit: string,
  outcomes: ReadonlyMap<Column, readonly Pair[]>,
  bound: { name: string; most: number },
): Row {
  const pairs = oursOf(outcomes) ?? [];
  const [ours, base] = [pairs.map(({ value }) => value), pairs.map(pair => pair.base)];
  const rounds = pick(outcomes, ({ value }) => value);
  return compare(what, { unit, rounds }, [{ ...bound, ours, base }]);
}

/** Comparisons with the peers, as far as they have bounds. */
export function withPeers(
  rounds: Rounds,
  bounds: Partial<Record<'grpc-go' | 'tonic', number | undefined>>,
): Versus[] {
  return (['grpc-go', 'tonic'] as const)
    .filter(name => Object.hasOwn(bounds, name))
    .map(name => {
      const most = bounds[name];
      const versus = { name, ours: oursOf(rounds) ?? [], base: rounds.get(name) ?? [] };
      return most === undefined ? versus : { ...versus, most };
    });
}
